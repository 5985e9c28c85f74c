"""Rules of the network: what is open to the world, and what is written down about traffic."""

from collections.abc import Iterator, Sequence

from infra.policy.resources import UNKNOWN, Resource, mappings
from infra.policy.rule import Rule, StackCheck, StackRule, must_be, must_have, must_not_be_true
from infra.ports import HTTP_PORT, HTTPS_PORT

WORLD = frozenset({"0.0.0.0/0", "::/0"})
PUBLIC_PORTS = frozenset({HTTP_PORT, HTTPS_PORT})
"""Ports that the world may reach: those of the load balancer."""

_INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
_RULE = "aws:ec2/securityGroupRule:SecurityGroupRule"
_GROUP = "aws:ec2/securityGroup:SecurityGroup"
_DEFAULT_GROUP = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
_ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_VPC = "aws:ec2/vpc:Vpc"


def world_ports(resource: Resource) -> Iterator[str]:
    """What a security group or a rule of one opens to every address, beyond the load balancer's ports."""
    for entry in _ingress(resource):
        cidrs = {entry.get("cidrIpv4"), entry.get("cidrIpv6")}
        for key in ("cidrBlocks", "ipv6CidrBlocks"):
            listed = entry.get(key)
            cidrs |= set(listed) if isinstance(listed, list) else set()
        ports = (entry.get("fromPort"), entry.get("toPort"))
        protocol = entry.get("ipProtocol", entry.get("protocol"))
        if UNKNOWN in (*ports, protocol):
            continue
        one_public_port = ports[0] == ports[1] and ports[0] in PUBLIC_PORTS
        if cidrs & WORLD and not (one_public_port and protocol == "tcp"):
            yield "every address may reach " + ("all ports" if ports[0] is None else f"ports {ports[0]} to {ports[1]}")


def _ingress(resource: Resource) -> Iterator[dict[str, object]]:
    if resource.type in (_GROUP, _DEFAULT_GROUP):
        for entry in mappings(resource.items("ingress")):
            yield dict(entry)
    elif resource.type == _INGRESS_RULE or resource.get("type") == "ingress":
        yield dict(resource.inputs)


def has_endpoint(service: str) -> StackCheck:
    """A VPC with an endpoint for a service."""

    def check(resource: Resource, stack: Sequence[Resource]) -> Iterator[str]:
        own = [other for other in stack if other.type == _ENDPOINT and other.refers_to("vpcId", resource)]
        names = [other.get("serviceName") for other in own]
        if UNKNOWN not in names and not any(str(name).endswith(f".{service}") for name in names):
            yield f"no VpcEndpoint for {service} is in it"

    return check


RULES: tuple[Rule | StackRule, ...] = (
    StackRule(
        "EC2.2",
        "The default security group of a VPC allows nothing.",
        "Add an aws.ec2.DefaultSecurityGroup for the VPC without ingress and egress.",
        (_VPC,),
        must_have(_DEFAULT_GROUP, "vpcId", must_be("ingress", None, []), must_be("egress", None, [])),
    ),
    StackRule(
        "EC2.6",
        "The flow of traffic in a VPC is logged.",
        "Add an aws.ec2.FlowLog for the VPC with the traffic type REJECT or ALL.",
        (_VPC,),
        must_have("aws:ec2/flowLog:FlowLog", "vpcId", must_be("trafficType", "REJECT", "ALL")),
    ),
    Rule(
        "EC2.8",
        "The metadata service of an instance answers requests with a token alone (IMDSv2).",
        "Set metadataOptions.httpTokens to required.",
        ("aws:ec2/instance:Instance", "aws:ec2/launchTemplate:LaunchTemplate"),
        must_be("metadataOptions.httpTokens", "required"),
    ),
    Rule(
        "EC2.15",
        "A subnet gives no public addresses by itself.",
        "Set mapPublicIpOnLaunch to false.",
        ("aws:ec2/subnet:Subnet",),
        must_not_be_true("mapPublicIpOnLaunch"),
    ),
    Rule(
        "EC2.18",
        "The world reaches the load balancer's ports 80 and 443 and no others.",
        "Name the addresses or the security group that may, or leave the rule out.",
        (_INGRESS_RULE, _RULE, _GROUP),
        world_ports,
    ),
    *(
        StackRule(
            control,
            f"The {what} is reached without the internet.",
            f"Add an aws.ec2.VpcEndpoint for {service} in the VPC.",
            (_VPC,),
            has_endpoint(service),
        )
        for control, what, service in (("EC2.55", "registry's API", "ecr.api"), ("EC2.56", "registry", "ecr.dkr"))
    ),
)
