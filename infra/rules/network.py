"""Address ranges, and what tasks may reach."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Network
from itertools import combinations

from infra.ports import HTTPS_PORT
from infra.problems import Problem
from infra.rules.rule import Rule, problem

_PREFIX_LENGTHS = (16, 27)
"""The widest range of a VPC, and the narrowest that a load balancer takes ("Application Load Balancers": subnets)."""

_NEEDED_TO_START = ("ecr.api", "ecr.dkr", "logs", "secretsmanager")
"""What a Fargate task calls to start: registry, logs, secrets ("Amazon ECS interface VPC endpoints")."""


def _subnets(
    vpc: IPv4Network,
    zones: int,
    public: Sequence[IPv4Network],
    private: Sequence[IPv4Network],
    data: Sequence[IPv4Network],
) -> Iterator[Problem]:
    tiers = {"publicSubnetCidrs": public, "privateSubnetCidrs": private, "dataSubnetCidrs": data}
    for key, cidrs in tiers.items():
        if len(cidrs) < zones:
            wanted = f"must have a range for each of the {zones} availabilityZones"
            yield problem(key, f"a list of {len(cidrs)}", wanted)
    placed = [(key, cidr) for key, cidrs in tiers.items() for cidr in cidrs]
    yield from _block_sizes([("vpcCidr", vpc), *placed])
    for key, cidr in placed:
        if not cidr.subnet_of(vpc):
            yield problem(key, cidr, f"must lie inside vpcCidr {vpc}")
    for (key, cidr), (other_key, other) in combinations(placed, 2):
        if cidr.overlaps(other):
            yield problem(other_key, other, f"must not overlap {cidr} of {key}")


def _block_sizes(cidrs: Sequence[tuple[str, IPv4Network]]) -> Iterator[Problem]:
    widest, narrowest = _PREFIX_LENGTHS
    for key, cidr in cidrs:
        if not widest <= cidr.prefixlen <= narrowest:
            yield problem(key, cidr, f"must be a range between /{widest} and /{narrowest}")


def _egress(ports: Sequence[int]) -> Iterator[Problem]:
    if HTTPS_PORT not in ports:
        yield problem("taskEgressPorts", list(ports), "must contain 443, the port of the AWS APIs")
    if len(set(ports)) < len(ports):
        yield problem("taskEgressPorts", list(ports), "must name each port once")


def _endpoints(nat: str, services: Sequence[str]) -> Iterator[Problem]:
    found = f"[{', '.join(services)}]"
    missing = [service for service in _NEEDED_TO_START if service not in services]
    if nat == "none" and missing:
        wanted = f"must contain {', '.join(missing)}, which tasks call to start, where natGateways is none"
        yield problem("interfaceEndpoints", found, wanted)
    if len(set(services)) < len(services):
        yield problem("interfaceEndpoints", found, "must name each service once")
    if "s3" in services:
        yield problem("interfaceEndpoints", found, "must not contain s3, which has a gateway endpoint in any case")


def _endpoints_of_options(
    nat: str,
    services: Sequence[str],
    execute_command: bool,  # noqa: FBT001 the value of a key
    collector: str,
) -> Iterator[Problem]:
    wanted = {
        "executeCommand": ("ssmmessages", execute_command),
        "metricsCollectorImage": ("aps-workspaces", collector),
    }
    for key, (service, asked) in wanted.items():
        if nat == "none" and asked and service not in services:
            found = f"[{', '.join(services)}]"
            yield problem("interfaceEndpoints", found, f"must contain {service}, which {key} needs without NAT")


RULES = (
    Rule(("vpcCidr", "availabilityZones", "publicSubnetCidrs", "privateSubnetCidrs", "dataSubnetCidrs"), _subnets),
    Rule(("taskEgressPorts",), _egress),
    Rule(("natGateways", "interfaceEndpoints"), _endpoints),
    Rule(("natGateways", "interfaceEndpoints", "executeCommand", "metricsCollectorImage"), _endpoints_of_options),
)
