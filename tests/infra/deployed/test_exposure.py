"""Nothing is reachable that shouldn't be: read from the account, not from what the program says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import pytest

from infra.policy.statements import statements
from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import STACKS, Deployed

pytestmark = pytest.mark.parametrize("name", STACKS)

WORLD = {"0.0.0.0/0", "::/0"}
Groups = Mapping[str, Mapping[str, Any]]


def groups(stack: Deployed) -> Groups:
    """The security groups of the stack's VPC by their IDs."""
    of_vpc = [{"Name": "vpc-id", "Values": [stack.outputs["vpcId"]]}]
    return {
        group["GroupId"]: group
        for group in stack.client("ec2").describe_security_groups(Filters=of_vpc)["SecurityGroups"]
    }


def ranges(permission: Mapping[str, Any]) -> set[str]:
    v4 = {entry["CidrIp"] for entry in permission.get("IpRanges", [])}
    return v4 | {entry["CidrIpv6"] for entry in permission.get("Ipv6Ranges", [])}


def public_balancers(stack: Deployed) -> list[Mapping[str, Any]]:
    found = stack.client("elbv2").describe_load_balancers()["LoadBalancers"]
    own = [balancer for balancer in found if balancer["VpcId"] == stack.outputs["vpcId"]]
    return [balancer for balancer in own if balancer["Scheme"] == "internet-facing"]


def task_groups(stack: Deployed) -> set[str]:
    """The security groups of the service's tasks."""
    names = {"cluster": stack.outputs["clusterName"], "services": [stack.outputs["serviceName"]]}
    [service] = stack.client("ecs").describe_services(**names)["services"]
    return set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])


def data_stores(stack: Deployed) -> Iterator[tuple[set[str], set[str], int]]:
    """Of each data store the security groups, the subnets and the port."""
    for database in stack.client("rds").describe_db_instances()["DBInstances"]:
        if stack.owns(database["DBInstanceIdentifier"]):
            assert database["PubliclyAccessible"] is False
            subnets = {subnet["SubnetIdentifier"] for subnet in database["DBSubnetGroup"]["Subnets"]}
            yield {group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]}, subnets, 5432
    client = stack.client("elasticache")
    for cluster in client.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]:
        if stack.owns(cluster["CacheClusterId"]):
            name = cluster["CacheSubnetGroupName"]
            [group] = client.describe_cache_subnet_groups(CacheSubnetGroupName=name)["CacheSubnetGroups"]
            subnets = {subnet["SubnetIdentifier"] for subnet in group["Subnets"]}
            yield {entry["SecurityGroupId"] for entry in cluster["SecurityGroups"]}, subnets, 6379


def routes(stack: Deployed, subnet: str) -> list[Mapping[str, Any]]:
    """The routes of a subnet: those of its own table, or of the VPC's main one."""
    tables = stack.client("ec2").describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [stack.outputs["vpcId"]]}]
    )["RouteTables"]
    own = [table for table in tables if any(link.get("SubnetId") == subnet for link in table["Associations"])]
    main = [table for table in tables if any(link.get("Main") for link in table["Associations"])]
    found: list[Mapping[str, Any]] = (own or main)[0]["Routes"]
    return found


def leaves_the_vpc(route: Mapping[str, Any]) -> bool:
    return route.get("DestinationCidrBlock") in WORLD or route.get("DestinationIpv6CidrBlock") in WORLD


def test_the_world_reaches_the_public_load_balancer_and_nothing_else(stack: Stack, name: str) -> None:
    deployed = stack(name)
    [balancer] = public_balancers(deployed)

    opened = {
        (identity, permission.get("IpProtocol"), permission.get("FromPort"), permission.get("ToPort"))
        for identity, group in groups(deployed).items()
        for permission in group["IpPermissions"]
        if ranges(permission) & WORLD
    }

    ports = (8080,) if name == "local" else (80, 443)
    [group] = balancer["SecurityGroups"]
    assert opened == {(group, "tcp", port, port) for port in ports}


def test_the_world_finds_what_listens_there(stack: Stack, name: str) -> None:
    deployed = stack(name)
    [balancer] = public_balancers(deployed)

    listeners = deployed.client("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]

    found = {(entry["Port"], entry["Protocol"], entry["DefaultActions"][0]["Type"]) for entry in listeners}
    secure = {(80, "HTTP", "redirect"), (443, "HTTPS", "forward")}
    assert found == ({(8080, "HTTP", "forward")} if name == "local" else secure)


def test_data_stores_are_reached_from_the_tasks_alone(stack: Stack, name: str) -> None:
    deployed = stack(name)
    known, tasks = groups(deployed), task_groups(deployed)

    for own, _, port in data_stores(deployed):
        for permission in [entry for identity in own for entry in known[identity]["IpPermissions"]]:
            assert (permission["FromPort"], permission["ToPort"]) == (port, port)
            assert not ranges(permission)
            assert not permission.get("PrefixListIds")
            assert {pair["GroupId"] for pair in permission["UserIdGroupPairs"]} == tasks
    assert {port for _, _, port in data_stores(deployed)} == {5432, 6379}


def test_data_stores_stand_where_no_route_leaves_the_vpc(stack: Stack, name: str) -> None:
    deployed = stack(name)

    for _, subnets, _ in data_stores(deployed):
        assert subnets
        assert not [route for subnet in subnets for route in routes(deployed, subnet) if leaves_the_vpc(route)]


def test_an_internet_gateway_is_the_way_of_load_balancers_alone(stack: Stack, name: str) -> None:
    deployed = stack(name)
    [balancer] = public_balancers(deployed)
    of_vpc = [{"Name": "vpc-id", "Values": [deployed.outputs["vpcId"]]}]
    subnets = deployed.client("ec2").describe_subnets(Filters=of_vpc)["Subnets"]

    public = {
        subnet["SubnetId"]
        for subnet in subnets
        if any(str(route.get("GatewayId")).startswith("igw-") for route in routes(deployed, subnet["SubnetId"]))
    }

    assert public == {zone["SubnetId"] for zone in balancer["AvailabilityZones"]}
    assert not [subnet for subnet in subnets if subnet["MapPublicIpOnLaunch"]]
    names = {"cluster": deployed.outputs["clusterName"], "services": [deployed.outputs["serviceName"]]}
    [service] = deployed.client("ecs").describe_services(**names)["services"]
    placed = service["networkConfiguration"]["awsvpcConfiguration"]
    assert placed["assignPublicIp"] == "DISABLED"
    assert not public & set(placed["subnets"])


def test_the_default_security_group_allows_nothing(stack: Stack, name: str) -> None:
    [default] = [group for group in groups(stack(name)).values() if group["GroupName"] == "default"]

    assert default["IpPermissions"] == default["IpPermissionsEgress"] == []


def test_buckets_are_closed_to_the_public(stack: Stack, name: str) -> None:
    deployed = stack(name)
    s3 = deployed.client("s3")
    own = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if deployed.owns(bucket["Name"])]

    for bucket in own:
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert set(block.values()) == {True}
        text = s3.get_bucket_policy(Bucket=bucket)["Policy"]
        found = list(statements(msgspec.json.decode(text)))
        assert not [statement for statement in found if statement.allows and statement.is_for_everyone]
        assert [statement for statement in found if "aws:SecureTransport" in str(statement.conditions)]
    assert bool(own) == (name != "local")
