"""Nothing is reachable that shouldn't be: read from the account, not from what the program says."""

from __future__ import annotations

import pytest

from tests.infra.deployed import walk
from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import STACKS, WITH_OPTIONS

pytestmark = pytest.mark.parametrize("name", STACKS)


def test_the_world_reaches_the_public_load_balancer_and_nothing_else(stack: Stack, name: str) -> None:
    deployed = stack(name)

    [group] = walk.public_balancer(deployed)["SecurityGroups"]

    ports = (8080,) if name == "local" else (80, 443)
    assert walk.opened(deployed) == {(group, "tcp", port, port) for port in ports}


def test_the_world_finds_what_listens_there(stack: Stack, name: str) -> None:
    deployed = stack(name)
    arn = walk.public_balancer(deployed)["LoadBalancerArn"]

    listeners = deployed.client("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]

    found = {(entry["Port"], entry["Protocol"], entry["DefaultActions"][0]["Type"]) for entry in listeners}
    secure = {(80, "HTTP", "redirect"), (443, "HTTPS", "forward")}
    assert found == ({(8080, "HTTP", "forward")} if name == "local" else secure)


def test_data_stores_are_reached_from_the_tasks_alone(stack: Stack, name: str) -> None:
    deployed = stack(name)

    assert list(walk.strangers_at_data_stores(deployed)) == []
    brokers = {9098} if name == WITH_OPTIONS else set()
    assert {store.port for store in walk.data_stores(deployed)} == {5432, 6379} | brokers


def test_data_stores_stand_where_no_route_leaves_the_vpc(stack: Stack, name: str) -> None:
    deployed = stack(name)

    assert list(walk.ways_out_of_data_subnets(deployed)) == []
    assert all(store.subnets for store in walk.data_stores(deployed))


def test_an_internet_gateway_is_the_way_of_load_balancers_alone(stack: Stack, name: str) -> None:
    deployed = stack(name)

    public, placed = walk.public_subnets(deployed), walk.placement(deployed)

    assert public == {zone["SubnetId"] for zone in walk.public_balancer(deployed)["AvailabilityZones"]}
    assert placed["assignPublicIp"] == "DISABLED"
    assert not public & set(placed["subnets"])


def test_the_default_security_group_allows_nothing(stack: Stack, name: str) -> None:
    [default] = [group for group in walk.groups(stack(name)).values() if group["GroupName"] == "default"]

    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []


def test_buckets_are_closed_to_the_public(stack: Stack, name: str) -> None:
    deployed = stack(name)

    assert list(walk.open_buckets(deployed)) == []
    assert bool(walk.buckets(deployed)) == (name != "local")
