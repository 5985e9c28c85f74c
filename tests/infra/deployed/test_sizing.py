"""The sizing table of R1, number by number, read back from the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import Deployed


@dataclass(frozen=True)
class Sizes:
    """One column of the table; `bounds` are those of autoscaling, None where there is none."""

    task: tuple[str, str]
    desired: int
    bounds: tuple[int, int] | None
    database: tuple[str, bool]
    cache: tuple[int, str, str]
    log_days: int
    protected: bool


SIZES = {
    "dev": Sizes(
        ("256", "512"), 1, None, ("db.t3.micro", False), (1, "cache.t3.micro", "disabled"), 30, protected=False
    ),
    "staging": Sizes(
        ("512", "1024"), 2, None, ("db.t3.small", True), (1, "cache.t3.small", "disabled"), 30, protected=True
    ),
    "production": Sizes(
        ("2048", "4096"), 3, (3, 10), ("db.r7g.large", True), (2, "cache.r7g.large", "enabled"), 90, protected=True
    ),
}
TABLE = pytest.mark.parametrize("name", SIZES)


def service(stack: Deployed) -> Mapping[str, Any]:
    names = {"cluster": stack.outputs["clusterName"], "services": [stack.outputs["serviceName"]]}
    [found] = stack.client("ecs").describe_services(**names)["services"]
    return dict(found)


def scalable_targets(stack: Deployed) -> list[Mapping[str, Any]]:
    of_service = f"service/{stack.outputs['clusterName']}/{stack.outputs['serviceName']}"
    found = stack.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")
    return [target for target in found["ScalableTargets"] if target["ResourceId"] == of_service]


def database(stack: Deployed) -> Mapping[str, Any]:
    identifier = f"{stack.prefix}-database"
    [found] = stack.client("rds").describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    return dict(found)


def balancer_attributes(stack: Deployed) -> list[Mapping[str, str]]:
    """The attributes of each of the stack's load balancers."""
    elbv2 = stack.client("elbv2")
    found = elbv2.describe_load_balancers()["LoadBalancers"]
    own = [item["LoadBalancerArn"] for item in found if item["VpcId"] == stack.outputs["vpcId"]]
    listed = [elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"] for arn in own]
    return [{entry["Key"]: entry["Value"] for entry in attributes} for attributes in listed]


@TABLE
def test_cpu_and_memory_of_a_task(stack: Stack, name: str) -> None:
    deployed = stack(name)

    running = service(deployed)["taskDefinition"]
    found = deployed.client("ecs").describe_task_definition(taskDefinition=running)["taskDefinition"]

    assert (found["cpu"], found["memory"]) == SIZES[name].task
    assert found["requiresCompatibilities"] == ["FARGATE"]


@TABLE
def test_number_of_tasks_and_who_changes_it(stack: Stack, name: str) -> None:
    deployed = stack(name)

    bounds = [(target["MinCapacity"], target["MaxCapacity"]) for target in scalable_targets(deployed)]

    assert service(deployed)["desiredCount"] == SIZES[name].desired
    assert bounds == ([SIZES[name].bounds] if SIZES[name].bounds else [])


@TABLE
def test_class_of_the_database_and_its_second_zone(stack: Stack, name: str) -> None:
    found = database(stack(name))

    assert (found["DBInstanceClass"], found["MultiAZ"]) == SIZES[name].database


@TABLE
def test_nodes_of_the_cache_their_class_and_failover(stack: Stack, name: str) -> None:
    deployed = stack(name)

    groups = deployed.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    [found] = [group for group in groups if deployed.owns(group["ReplicationGroupId"])]

    assert (len(found["MemberClusters"]), found["CacheNodeType"], found["AutomaticFailover"]) == SIZES[name].cache


@TABLE
def test_days_that_logs_are_kept(stack: Stack, name: str) -> None:
    deployed = stack(name)

    pages = deployed.client("logs").get_paginator("describe_log_groups").paginate()
    groups = {group["logGroupName"]: group.get("retentionInDays") for page in pages for group in page["logGroups"]}
    own = {group: days for group, days in groups.items() if deployed.owns(group.rsplit("/", 1)[-1])}

    assert groups[deployed.outputs["logGroupName"]] == SIZES[name].log_days
    assert set(own.values()) == {SIZES[name].log_days}


@TABLE
def test_protection_from_deletion(stack: Stack, name: str) -> None:
    deployed = stack(name)

    balancers = {attributes["deletion_protection.enabled"] for attributes in balancer_attributes(deployed)}

    assert database(deployed)["DeletionProtection"] is SIZES[name].protected
    assert balancers == {str(SIZES[name].protected).lower()}
