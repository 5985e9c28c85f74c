"""A walk through the account along what lets packets and requests in: security groups, routes, bucket policies.

Each function says what it finds amiss, a line each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

import msgspec

from infra.policy.statements import statements
from tests.infra.deployed.stacks import Deployed

WORLD = {"0.0.0.0/0", "::/0"}
Groups = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class DataStore:
    """A data store by its name: its security groups, the subnets that it stands in, its port."""

    name: str
    groups: frozenset[str]
    subnets: frozenset[str]
    port: int


def of_vpc(stack: Deployed) -> list[dict[str, Any]]:
    """A filter for what is in the stack's VPC."""
    return [{"Name": "vpc-id", "Values": [stack.outputs["vpcId"]]}]


def groups(stack: Deployed) -> Groups:
    """The security groups of the stack's VPC by their IDs."""
    found = stack.client("ec2").describe_security_groups(Filters=of_vpc(stack))["SecurityGroups"]
    return {group["GroupId"]: group for group in found}


def public_balancer(stack: Deployed) -> Mapping[str, Any]:
    """The one load balancer of the stack with public addresses."""
    found = stack.client("elbv2").describe_load_balancers()["LoadBalancers"]
    own = [balancer for balancer in found if balancer["VpcId"] == stack.outputs["vpcId"]]
    [public] = [balancer for balancer in own if balancer["Scheme"] == "internet-facing"]
    return dict(public)


def placement(stack: Deployed) -> Mapping[str, Any]:
    """Where the service's tasks are: their subnets and security groups."""
    names = {"cluster": stack.outputs["clusterName"], "services": [stack.outputs["serviceName"]]}
    [service] = stack.client("ecs").describe_services(**names)["services"]
    return dict(service["networkConfiguration"]["awsvpcConfiguration"])


def opened(stack: Deployed) -> set[tuple[str, str, int | None, int | None]]:
    """Group, protocol and ports of each way in for addresses beyond the VPC."""
    [vpc] = stack.client("ec2").describe_vpcs(VpcIds=[stack.outputs["vpcId"]])["Vpcs"]
    return {
        (identity, permission["IpProtocol"], permission.get("FromPort"), permission.get("ToPort"))
        for identity, group in groups(stack).items()
        for permission in group["IpPermissions"]
        if any(not _inside(each, vpc["CidrBlock"]) for each in _ranges(permission)) or permission.get("PrefixListIds")
    }


def data_stores(stack: Deployed) -> Iterator[DataStore]:
    """The database and its replicas, the nodes of the cache, and the brokers."""
    for database in stack.client("rds").describe_db_instances()["DBInstances"]:
        if stack.owns(name := database["DBInstanceIdentifier"]):
            assert database["PubliclyAccessible"] is False
            own = {group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]}
            subnets = {subnet["SubnetIdentifier"] for subnet in database["DBSubnetGroup"]["Subnets"]}
            yield DataStore(name, frozenset(own), frozenset(subnets), 5432)
    cache = stack.client("elasticache")
    for cluster in cache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]:
        if stack.owns(name := cluster["CacheClusterId"]):
            [group] = cache.describe_cache_subnet_groups(CacheSubnetGroupName=cluster["CacheSubnetGroupName"])[
                "CacheSubnetGroups"
            ]
            own = {entry["SecurityGroupId"] for entry in cluster["SecurityGroups"]}
            yield DataStore(
                name, frozenset(own), frozenset(subnet["SubnetIdentifier"] for subnet in group["Subnets"]), 6379
            )
    for brokers in stack.client("kafka").list_clusters_v2()["ClusterInfoList"]:
        if stack.owns(name := brokers["ClusterName"]):
            nodes = brokers["Provisioned"]["BrokerNodeGroupInfo"]
            yield DataStore(name, frozenset(nodes["SecurityGroups"]), frozenset(nodes["ClientSubnets"]), 9098)


def strangers_at_data_stores(stack: Deployed) -> Iterator[str]:
    """Whoever else than a task, and whatever else than its port, a data store lets in."""
    known, tasks = groups(stack), set(placement(stack)["securityGroups"])
    for store in data_stores(stack):
        if not store.groups:
            yield f"{store.name} has no security group"
        for permission in [entry for identity in store.groups for entry in known[identity]["IpPermissions"]]:
            ports = permission.get("FromPort"), permission.get("ToPort")
            sources = {pair["GroupId"] for pair in permission["UserIdGroupPairs"]} - tasks
            if ports != (store.port, store.port):
                yield f"{store.name} is open at {ports}"
            if others := sources | _ranges(permission) | {each["PrefixListId"] for each in permission["PrefixListIds"]}:
                yield f"{store.name} is open to {', '.join(sorted(others))}"


def ways_out_of_data_subnets(stack: Deployed) -> Iterator[str]:
    """Routes by which a data store's subnet leaves the VPC."""
    for store in data_stores(stack):
        for subnet in store.subnets:
            for route in _routes(stack, subnet):
                if route.get("DestinationCidrBlock") in WORLD or route.get("DestinationIpv6CidrBlock") in WORLD:
                    yield f"{store.name} in {subnet} has a route out of the VPC"


def public_subnets(stack: Deployed) -> set[str]:
    """The subnets with a route to an internet gateway."""
    subnets = stack.client("ec2").describe_subnets(Filters=of_vpc(stack))["Subnets"]
    assert not [subnet for subnet in subnets if subnet["MapPublicIpOnLaunch"]]
    return {
        subnet["SubnetId"]
        for subnet in subnets
        if any(str(route.get("GatewayId")).startswith("igw-") for route in _routes(stack, subnet["SubnetId"]))
    }


def buckets(stack: Deployed) -> list[str]:
    """The names of the stack's buckets."""
    return [name for entry in stack.client("s3").list_buckets()["Buckets"] if stack.owns(name := entry["Name"])]


def open_buckets(stack: Deployed) -> Iterator[str]:
    """Buckets that the public could reach, or that take requests without TLS."""
    s3 = stack.client("s3")
    for bucket in buckets(stack):
        block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        if not all(block.values()):
            yield f"{bucket} doesn't block public access"
        found = list(statements(msgspec.json.decode(s3.get_bucket_policy(Bucket=bucket)["Policy"])))
        if any(statement.allows and statement.is_for_everyone for statement in found):
            yield f"{bucket} allows everyone something"
        if not any(not each.allows and "aws:SecureTransport" in str(each.conditions) for each in found):
            yield f"{bucket} takes requests without TLS"


def _ranges(permission: Mapping[str, Any]) -> set[str]:
    v4 = {entry["CidrIp"] for entry in permission.get("IpRanges", [])}
    return v4 | {entry["CidrIpv6"] for entry in permission.get("Ipv6Ranges", [])}


def _inside(cidr: str, vpc: str) -> bool:
    found, around = ip_network(cidr), ip_network(vpc)
    return found.version == around.version and found.subnet_of(around)  # type: ignore[arg-type]


def _routes(stack: Deployed, subnet: str) -> list[Mapping[str, Any]]:
    """The routes of a subnet: those of its own table, or of the VPC's main one."""
    tables = stack.client("ec2").describe_route_tables(Filters=of_vpc(stack))["RouteTables"]
    own = [table for table in tables if any(link.get("SubnetId") == subnet for link in table["Associations"])]
    main = [table for table in tables if any(link.get("Main") for link in table["Associations"])]
    return list((own or main)[0]["Routes"])
