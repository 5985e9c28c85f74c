"""Estimates of a month: each priced resource, and the stacks as their files are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.policy.resources import Resource
from operations import cost, prices
from operations.errors import RefusedError
from operations.prices import Line
from operations.pulumi import PulumiStack
from tests.infra.stacks import deployed

PRICES = prices.read()
PAGE = Path(__file__).resolve().parents[2] / "docs" / "operations.md"
SERVICE, DEFINITION = "aws:ecs/service:Service", "aws:ecs/taskDefinition:TaskDefinition"
TASK = {"cpu": "1024", "memory": "2048"}


def resource(kind: str, **inputs: object) -> Resource:
    return Resource(f"urn:pulumi:dev::workflow::{kind}::it", kind, inputs)


def month(*resources: Resource) -> dict[str, float | None]:
    lines = prices.estimate(resources, PRICES)
    return {line.what: None if line.dollars is None else round(line.dollars, 2) for line in lines}


def test_a_database_costs_its_class_and_its_storage_in_each_zone() -> None:
    instance = {"instanceClass": "db.r7g.large", "allocatedStorage": 100}
    assert month(resource("aws:rds/instance:Instance", **instance, multiAz=True)) == {
        "db.r7g.large in two zones": 348.94,
        "100 GB of storage in two zones": 23.0,
    }
    assert month(resource("aws:rds/instance:Instance", **instance))["db.r7g.large in one zone"] == 174.47


def test_tasks_cost_cpu_and_memory() -> None:
    made = month(resource(DEFINITION, **TASK), resource(SERVICE, desiredCount=2))
    assert made == {"2 tasks of 1024 CPU units, 2048 MiB, X86_64": 72.08}


def test_graviton_and_spot_cost_less() -> None:
    arm = resource(DEFINITION, **TASK, runtimePlatform={"cpuArchitecture": "ARM64"})
    assert month(arm, resource(SERVICE, desiredCount=2)) == {"2 tasks of 1024 CPU units, 2048 MiB, ARM64": 57.67}
    shares = [{"capacityProvider": name, "weight": 1} for name in ("FARGATE", "FARGATE_SPOT")]
    mixed = resource(SERVICE, desiredCount=2, capacityProviderStrategies=shares)
    assert month(resource(DEFINITION, **TASK), mixed) == {
        "2 tasks of 1024 CPU units, 2048 MiB, X86_64, 50% of them Spot": 46.85
    }


@pytest.mark.parametrize(
    ("kind", "inputs", "dollars"),
    [
        ("elasticache/replicationGroup:ReplicationGroup", {"nodeType": "cache.t3.micro", "numCacheClusters": 2}, 24.82),
        ("lb/loadBalancer:LoadBalancer", {"subnets": ["a", "b"], "internal": False}, 29.57),
        ("lb/loadBalancer:LoadBalancer", {"subnets": ["a", "b"], "internal": True}, 22.27),
        ("ec2/vpcEndpoint:VpcEndpoint", {"vpcEndpointType": "Interface", "subnetIds": ["a", "b"]}, 14.6),
        ("cloudwatch/metricAlarm:MetricAlarm", {"metricName": "m"}, 0.1),
        ("cloudwatch/metricAlarm:MetricAlarm", {"metricQueries": [{"metric": {"a": 1}}, {"metric": {"b": 1}}]}, 0.2),
        ("wafv2/webAcl:WebAcl", {"rules": [{}, {}]}, 7.0),
        ("synthetics/canary:Canary", {"schedule": {"expression": "rate(5 minutes)"}}, 10.51),
        ("ec2/natGateway:NatGateway", {}, 32.85),
        ("kms/key:Key", {}, 1.0),
    ],
)
def test_what_costs_by_being_there(kind: str, inputs: dict[str, object], dollars: float) -> None:
    assert list(month(resource(f"aws:{kind}", **inputs)).values()) == [dollars]


def test_brokers_cost_their_class_and_their_storage() -> None:
    group = {"instanceType": "kafka.t3.small", "storageInfo": {"ebsStorageInfo": {"volumeSize": 100}}}
    brokers = resource("aws:msk/cluster:Cluster", numberOfBrokerNodes=3, brokerNodeGroupInfo=group)
    assert month(brokers) == {"3 of kafka.t3.small": 99.86, "300 GB of storage": 30.0}


def test_what_is_free_by_itself_has_no_line() -> None:
    gateway = resource("aws:ec2/vpcEndpoint:VpcEndpoint", vpcEndpointType="Gateway")
    assert month(gateway, resource("aws:ec2/vpc:Vpc"), resource(SERVICE, desiredCount=1)) == {}


def test_a_class_without_a_price_is_named_and_not_counted() -> None:
    lines = [Line("it", "db.x9.huge in one zone", None), Line("it", "Key", 1.0), Line("that", "Key", 1.0)]

    result = cost.summary("dev", lines, PRICES)

    assert result.data["unpriced"] == ["db.x9.huge in one zone (it)"]
    assert result.data["monthly"] == 2.0
    assert "2 of Key" in result.text
    assert "db.x9.huge in one zone (it): prices.toml has no price" in result.text


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_the_page_has_the_stacks_as_their_files_are(environment: str) -> None:
    account, _ = deployed(environment)
    made = [Resource(f"urn:pulumi:x::workflow::{each.type}::it", each.type, each.inputs) for each in account.resources]

    found = cost.summary(environment, prices.estimate(made, PRICES), PRICES).data

    assert found["unpriced"] == []
    assert re.search(rf"^\| {environment} \| {found['monthly']:,.0f} \|$", PAGE.read_text(), re.MULTILINE)


def test_the_state_is_read_or_the_plan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = {"urn": "urn:pulumi:dev::workflow::aws:kms/key:Key::k", "type": "aws:kms/key:Key", "inputs": {}}
    plan = json.dumps({"steps": [{"op": "create", "newState": key}]})
    stack = PulumiStack(tmp_path, "dev", {})
    monkeypatch.setattr(cost, "open_stack", lambda _root, _name: (stack, None))
    monkeypatch.setattr(PulumiStack, "exported", lambda _self: json.dumps({"deployment": {"resources": []}}))
    monkeypatch.setattr(PulumiStack, "previewed", lambda _self: plan)

    with pytest.raises(RefusedError, match="Stack dev has no resources yet"):
        cost.cost(tmp_path, "dev", planned=False)
    assert cost.cost(tmp_path, "dev", planned=True).data["monthly"] == 1.0
