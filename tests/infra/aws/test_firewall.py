"""Who may talk to whom: the rules as a set of edges, and nothing beside them."""

from infra.aws.firewall import Firewall, FirewallArgs
from tests.infra.stacks import Account, build, settings_of

Edge = tuple[str, str, int]


def firewall(environment: str, **overrides: object) -> Account:
    settings = settings_of(environment, **overrides)
    return build(lambda: Firewall("fw", FirewallArgs("vpc", settings)))


def short(group: str) -> str:
    return group.removeprefix("fw-").removesuffix("-id")


def edges(account: Account, kind: str) -> set[Edge]:
    found = set()
    for rule in account.of(kind):
        inputs = rule.inputs
        assert inputs["ipProtocol"] == "tcp"
        assert inputs["fromPort"] == inputs["toPort"]
        assert inputs["description"]
        own = short(inputs["securityGroupId"])
        other = short(inputs.get("referencedSecurityGroupId") or inputs["cidrIpv4"])
        pair = (other, own) if kind == "SecurityGroupIngressRule" else (own, other)
        found.add((*pair, int(inputs["fromPort"])))
    return found


INSIDE = {
    ("load-balancer", "tasks", 8080),
    ("load-balancer", "tasks", 8081),
    ("tasks", "database", 5432),
    ("tasks", "cache", 6379),
}


def test_ways_in() -> None:
    assert edges(firewall("dev"), "SecurityGroupIngressRule") == {
        *INSIDE,
        ("0.0.0.0/0", "load-balancer", 80),
        ("0.0.0.0/0", "load-balancer", 443),
    }


def test_ways_out() -> None:
    assert edges(firewall("dev"), "SecurityGroupEgressRule") == {
        *INSIDE,
        ("tasks", "0.0.0.0/0", 80),
        ("tasks", "0.0.0.0/0", 443),
    }


def test_configured_clients_and_ports() -> None:
    clients = ["192.0.2.0/24", "198.51.100.0/24"]
    made = firewall("dev", allowedCidrs=clients, taskEgressPorts=[443, 8443], apiPort=3000, httpPort=8000)
    assert edges(made, "SecurityGroupIngressRule") >= {
        ("192.0.2.0/24", "load-balancer", 443),
        ("198.51.100.0/24", "load-balancer", 443),
        ("192.0.2.0/24", "load-balancer", 8000),
        ("load-balancer", "tasks", 3000),
    }
    assert edges(made, "SecurityGroupEgressRule") >= {("tasks", "0.0.0.0/0", 443), ("tasks", "0.0.0.0/0", 8443)}


def test_management_is_reached_from_inside_alone() -> None:
    made = firewall("local")
    management = {edge for edge in edges(made, "SecurityGroupIngressRule") if "management" in edge}
    assert management == {("10.0.0.0/16", "management", 8081), ("management", "tasks", 8081)}
    assert not [group for group in firewall("dev").of("SecurityGroup") if "management" in group.name]


def test_plain_http_where_there_is_no_certificate() -> None:
    world = {edge for edge in edges(firewall("local"), "SecurityGroupIngressRule") if edge[0] == "0.0.0.0/0"}
    assert world == {("0.0.0.0/0", "load-balancer", 8080)}


def test_groups_have_no_rules_of_their_own() -> None:
    for group in firewall("local").of("SecurityGroup"):
        assert not {"ingress", "egress"} & group.inputs.keys()


def test_rules_keep_their_names_when_another_range_goes() -> None:
    def rules(*cidrs: str) -> set[str]:
        return {rule.name for rule in firewall("dev", allowedCidrs=list(cidrs)).of("SecurityGroupIngressRule")}

    assert rules("198.51.100.0/24") < rules("192.0.2.0/24", "198.51.100.0/24")
