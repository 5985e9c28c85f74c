"""A stack with brokers as the account has it: its tasks are told of them, and may do with their topics what they do."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pytest

from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import WITH_OPTIONS, Deployed
from tests.infra.stacks import CONTRACT


@pytest.fixture
def with_brokers(stack: Stack) -> Deployed:
    return stack(WITH_OPTIONS)


def cluster(stack: Deployed) -> Mapping[str, Any]:
    clusters = stack.client("kafka").list_clusters_v2()["ClusterInfoList"]
    [found] = [each for each in clusters if stack.owns(each["ClusterName"])]
    return dict(found)


def task(stack: Deployed) -> Mapping[str, Any]:
    arn = stack.outputs["taskDefinitionArn"]
    return dict(stack.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"])


def test_topics_come_before_the_engine(with_brokers: Deployed) -> None:
    containers = {each["name"]: each for each in task(with_brokers)["containerDefinitions"]}
    assert containers["topics"]["command"] == ["topics"]
    waits = {each["containerName"]: each["condition"] for each in containers["engine"]["dependsOn"]}
    assert (waits["migrate"], waits["topics"]) == ("SUCCESS", "COMPLETE")
    for name in ("topics", "engine"):
        told = {each["name"]: each["value"] for each in containers[name]["environment"]}
        assert told["KAFKA_BOOTSTRAP_SERVERS"] == with_brokers.outputs["kafkaBrokers"]
        assert (told["KAFKA_SECURITY_PROTOCOL"], told["KAFKA_SASL_MECHANISM"]) == ("sasl_ssl", "aws_msk_iam")


def test_the_role_names_the_cluster_and_each_topic(with_brokers: Deployed) -> None:
    iam = with_brokers.client("iam")
    role = task(with_brokers)["taskRoleArn"].rpartition("/")[2]
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    document = json.loads(document) if isinstance(document, str) else document
    allowed = defaultdict[str, set[str]](set)
    for each in document["Statement"]:
        for action in each["Action"]:
            allowed[action].update(each["Resource"])
    arn = cluster(with_brokers)["ClusterArn"]
    topics = arn.replace(":cluster/", ":topic/")
    assert allowed["kafka-cluster:Connect"] == allowed["kafka-cluster:WriteDataIdempotently"] == {arn}
    assert allowed["kafka-cluster:CreateTopic"] == {f"{topics}/{name}" for name in CONTRACT.topics({})}
    assert allowed["kafka-cluster:WriteData"] == {f"{topics}/workflow-events"}
