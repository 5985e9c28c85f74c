"""The walk sees what somebody opens in the account by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.infra.deployed import walk
from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import Deployed


@contextmanager
def ingress(stack: Deployed, group: str, port: int, **source: Any) -> Iterator[None]:  # noqa: ANN401 of boto3
    """Another way into a security group for the block."""
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **source}
    ec2 = stack.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    try:
        yield
    finally:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])


def store(stack: Deployed, port: int) -> walk.DataStore:
    return next(found for found in walk.data_stores(stack) if found.port == port)


@pytest.mark.parametrize(
    "source",
    [
        {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        {"IpRanges": [{"CidrIp": "128.0.0.0/1"}]},
        {"IpRanges": [{"CidrIp": "203.0.113.7/32"}]},
        {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
    ],
    ids=str,
)
def test_a_port_that_is_opened_to_addresses_beyond_the_vpc(stack: Stack, source: dict[str, Any]) -> None:
    deployed = stack("dev")
    before = walk.opened(deployed)
    [tasks] = walk.placement(deployed)["securityGroups"]

    with ingress(deployed, tasks, 22, **source):
        assert walk.opened(deployed) - before == {(tasks, "tcp", 22, 22)}
    assert walk.opened(deployed) == before


@pytest.mark.parametrize("port", [5432, 6379])
def test_a_data_store_that_lets_others_in(stack: Stack, port: int) -> None:
    deployed = stack("dev")
    found = store(deployed, port)
    [group] = found.groups

    with ingress(deployed, group, port, IpRanges=[{"CidrIp": "10.0.0.0/16"}]):
        assert f"{found.name} is open to 10.0.0.0/16" in list(walk.strangers_at_data_stores(deployed))
    [balancer] = walk.public_balancer(deployed)["SecurityGroups"]
    with ingress(deployed, group, port, UserIdGroupPairs=[{"GroupId": balancer}]):
        assert f"{found.name} is open to {balancer}" in list(walk.strangers_at_data_stores(deployed))
    [tasks] = walk.placement(deployed)["securityGroups"]
    with ingress(deployed, group, 22, UserIdGroupPairs=[{"GroupId": tasks}]):
        assert f"{found.name} is open at (22, 22)" in list(walk.strangers_at_data_stores(deployed))
    assert list(walk.strangers_at_data_stores(deployed)) == []


def test_a_data_subnet_that_becomes_public(stack: Stack) -> None:
    deployed = stack("dev")
    ec2 = deployed.client("ec2")
    of_store = [{"Name": "association.subnet-id", "Values": list(store(deployed, 5432).subnets)}]
    [table] = [found["RouteTableId"] for found in ec2.describe_route_tables(Filters=of_store)["RouteTables"]]
    [gateway] = [
        found["InternetGatewayId"]
        for found in ec2.describe_internet_gateways()["InternetGateways"]
        if any(link["VpcId"] == deployed.outputs["vpcId"] for link in found["Attachments"])
    ]
    before = walk.public_subnets(deployed)

    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    try:
        assert list(walk.ways_out_of_data_subnets(deployed))
        assert walk.public_subnets(deployed) - before == store(deployed, 5432).subnets
    finally:
        ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    assert list(walk.ways_out_of_data_subnets(deployed)) == []


def _allow_everyone(statements: list[object]) -> list[object]:
    return [*statements, {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]


def _allow_any_user(statements: list[object]) -> list[object]:
    return [*statements, {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": "*"}]


def _allow_plain_requests(statements: list[object]) -> list[object]:
    return [statement for statement in statements if "SecureTransport" not in str(statement)]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_allow_everyone, "allows everyone something"),
        (_allow_any_user, "allows everyone something"),
        (_allow_plain_requests, "takes requests without TLS"),
    ],
)
def test_a_bucket_that_is_opened(stack: Stack, change: Callable[[list[object]], list[object]], said: str) -> None:
    deployed = stack("dev")
    s3, bucket = deployed.client("s3"), walk.buckets(deployed)[0]
    before = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    document = json.loads(before)

    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({**document, "Statement": change(document["Statement"])}))
    try:
        assert list(walk.open_buckets(deployed)) == [f"{bucket} {said}"]
    finally:
        s3.put_bucket_policy(Bucket=bucket, Policy=before)


def test_a_bucket_that_no_longer_blocks_public_access(stack: Stack) -> None:
    deployed = stack("dev")
    s3, bucket = deployed.client("s3"), walk.buckets(deployed)[0]
    before = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]

    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={**before, "BlockPublicPolicy": False})
    try:
        assert list(walk.open_buckets(deployed)) == [f"{bucket} doesn't block public access"]
    finally:
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=before)
