"""Subnets over the zones, and the ways out that each tier has."""

import pytest

from infra.aws import provider
from infra.aws.network import Network, NetworkArgs
from tests.infra.stacks import Account, build, settings_of


def network(**overrides: object) -> Account:
    settings = settings_of("dev", **overrides).network
    zones = tuple(f"eu-west-1{letter}" for letter in "abcdef"[: settings.zone_count])
    account = provider.Account("123456789012", "aws", "eu-west-1", zones)
    return build(lambda: Network("net", NetworkArgs(settings, account)))


def test_vpc_resolves_names() -> None:
    vpc = network().one("Vpc")
    assert (vpc["cidrBlock"], vpc["enableDnsHostnames"], vpc["enableDnsSupport"]) == ("10.0.0.0/16", True, True)


def test_three_subnets_in_each_zone() -> None:
    subnets = network(availabilityZones=3).of("Subnet")
    assert {subnet.name: (subnet.inputs["availabilityZone"], subnet.inputs["cidrBlock"]) for subnet in subnets} == {
        "net-public-0": ("eu-west-1a", "10.0.0.0/22"),
        "net-public-1": ("eu-west-1b", "10.0.4.0/22"),
        "net-public-2": ("eu-west-1c", "10.0.8.0/22"),
        "net-private-0": ("eu-west-1a", "10.0.64.0/20"),
        "net-private-1": ("eu-west-1b", "10.0.80.0/20"),
        "net-private-2": ("eu-west-1c", "10.0.96.0/20"),
        "net-data-0": ("eu-west-1a", "10.0.128.0/22"),
        "net-data-1": ("eu-west-1b", "10.0.132.0/22"),
        "net-data-2": ("eu-west-1c", "10.0.136.0/22"),
    }
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in subnets)


def test_a_lost_zone_moves_no_subnet() -> None:
    made = network()
    for subnet in made.of("Subnet"):
        assert made.options[f"{subnet.type} {subnet.name}"].ignore_changes == ["availabilityZone"]


@pytest.mark.parametrize(("nat", "gateways"), [("none", 0), ("one", 1), ("per-zone", 3)])
def test_nat_gateways(nat: str, gateways: int) -> None:
    made = network(natGateways=nat, availabilityZones=3)
    assert len(made.of("NatGateway")) == len(made.of("Eip")) == gateways
    routes = [route.inputs for route in made.of("Route") if "private" in route.name]
    assert len(routes) == (3 if gateways else 0)
    assert len({route["natGatewayId"] for route in routes}) == gateways
    assert all(route["destinationCidrBlock"] == "0.0.0.0/0" for route in routes)


def test_public_subnets_alone_reach_the_internet_gateway() -> None:
    made = network()
    route = made.one("Route", "-public")
    assert (route["routeTableId"], route["gatewayId"]) == ("net-public-id", "net-id")
    tables = {link.inputs["subnetId"]: link.inputs["routeTableId"] for link in made.of("RouteTableAssociation")}
    assert tables == {
        "net-public-0-id": "net-public-id",
        "net-public-1-id": "net-public-id",
        "net-private-0-id": "net-private-0-id",
        "net-private-1-id": "net-private-1-id",
        "net-data-0-id": "net-data-id",
        "net-data-1-id": "net-data-id",
    }
    assert not [route for route in made.of("Route") if "data" in route.inputs["routeTableId"]]


def test_s3_has_a_gateway_endpoint() -> None:
    endpoint = network().one("VpcEndpoint")
    assert endpoint["serviceName"] == "com.amazonaws.eu-west-1.s3"
    assert endpoint["vpcEndpointType"] == "Gateway"
    assert endpoint["routeTableIds"] == ["net-private-0-id", "net-private-1-id"]


def test_without_nat_aws_is_reached_through_interface_endpoints() -> None:
    made = network(natGateways="none")
    endpoints = [endpoint.inputs for endpoint in made.of("VpcEndpoint")]
    interfaces = [endpoint for endpoint in endpoints if endpoint["vpcEndpointType"] == "Interface"]
    assert sorted(endpoint["serviceName"].removeprefix("com.amazonaws.eu-west-1.") for endpoint in interfaces) == [
        "ecr.api",
        "ecr.dkr",
        "logs",
        "secretsmanager",
    ]
    assert all(endpoint["privateDnsEnabled"] for endpoint in interfaces)
    assert all(endpoint["securityGroupIds"] == ["net-endpoints-id"] for endpoint in interfaces)
    rule = made.one("SecurityGroupIngressRule")
    assert (rule["cidrIpv4"], rule["fromPort"], rule["toPort"]) == ("10.0.0.0/16", 443, 443)
