"""Checks of inputs, names, default tags, and what a change is."""

import pytest
from pulumi.runtime.rpc import UNKNOWN

from sandbox.aws import checks
from sandbox.aws.differences import differences, root
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.table import TYPES
from sandbox.aws.values import Properties


@pytest.fixture(scope="module")
def balancer() -> PropertyMap:
    return PropertyMap(TYPES["aws:lb/loadBalancer:LoadBalancer"])


@pytest.fixture(scope="module")
def database() -> PropertyMap:
    return PropertyMap(TYPES["aws:rds/instance:Instance"])


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({}, "instanceClass", "is required"),
        ({"instanceClass": "db.t3.micro", "port": "many"}, "port", "must be of type int, is str"),
        ({"instanceClass": "db.t3.micro", "multiAz": "perhaps"}, "multiAz", "must be of type bool, is str"),
        ({"instanceClass": "db.t3.micro", "tags": ["a"]}, "tags", "must be a map, is list"),
        ({"instanceClass": "db.t3.micro", "vpcSecurityGroupIds": "sg-1"}, "vpcSecurityGroupIds", "must be a list"),
        ({"instanceClass": "db.t3.micro", "size": 1}, "size", "is no property of this type"),
        ({"instanceClass": "db.t3.micro", "warningEventCategories": ["a"]}, "warningEventCategories", "doesn't map"),
    ],
)
def test_failures(database: PropertyMap, inputs: Properties, path: str, reason: str) -> None:
    [failure] = checks.failures(database, inputs)
    assert failure.property == path
    assert reason in failure.reason


def test_all_failures_at_once(database: PropertyMap) -> None:
    failures = checks.failures(database, {"port": "many", "size": 1})
    assert {failure.property for failure in failures} == {"instanceClass", "port", "size"}


def test_unknown_values_pass(database: PropertyMap) -> None:
    assert (
        checks.failures(database, {"instanceClass": UNKNOWN, "port": UNKNOWN, "vpcSecurityGroupIds": [UNKNOWN]}) == []
    )


def test_name_is_chosen_once(balancer: PropertyMap) -> None:
    first = checks.completed(balancer, "web", b"one", {}, {}, {})
    again = checks.completed(balancer, "web", b"two", {}, first, {})
    assert str(first["name"]).startswith("web-")
    assert again["name"] == first["name"]
    assert checks.completed(balancer, "web", b"two", {}, {}, {})["name"] != first["name"]


def test_name_that_is_given(balancer: PropertyMap) -> None:
    old = checks.completed(balancer, "web", b"one", {}, {}, {})
    assert checks.completed(balancer, "web", b"one", {"name": "front"}, old, {})["name"] == "front"


def test_name_too_long(balancer: PropertyMap) -> None:
    [failure] = checks.too_long(balancer, {"name": "x" * 33})
    assert failure == checks.Failure("name", f"'{'x' * 33}' has 33 characters, at most 32 are allowed")


def test_default_tags(balancer: PropertyMap) -> None:
    made = checks.completed(balancer, "web", b"", {"tags": {"a": "own"}}, {}, {"a": "default", "b": "default"})
    assert made["tagsAll"] == {"a": "own", "b": "default"}
    assert checks.completed(balancer, "web", b"", {"tags": UNKNOWN}, {}, {"b": "c"})["tagsAll"] == UNKNOWN


def test_replacement_of_a_fixed_name(balancer: PropertyMap) -> None:
    chosen = checks.completed(balancer, "web", b"", {}, {}, {})
    assert not checks.name_stays(balancer, chosen, chosen)
    fixed = checks.completed(balancer, "web", b"", {"name": "web"}, {}, {})
    assert checks.name_stays(balancer, fixed, fixed)
    assert checks.name_stays(PropertyMap(TYPES["aws:ec2/route:Route"]), {}, {})


def test_differences() -> None:
    old: Properties = {"idleTimeout": 60, "subnets": ["a", "b"], "tags": {"x.y": "1", "z": "1"}, "internal": False}
    new: Properties = {"idleTimeout": 75, "subnets": ["a", "c", "d"], "tags": {"z": "2"}, "enableHttp2": True}
    assert differences(old, new) == {
        "enableHttp2": "add",
        "idleTimeout": "update",
        "internal": "delete",
        "subnets[1]": "update",
        "subnets[2]": "add",
        'tags["x.y"]': "delete",
        "tags.z": "update",
    }
    assert {root(path) for path in ('tags["x.y"]', "tags.z", "tags")} == {"tags"}


def test_json_is_compared_by_meaning() -> None:
    assert differences({"assumeRolePolicy": '{"a": 1, "b": 2}'}, {"assumeRolePolicy": '{"b":2,"a":1}'}) == {}


@pytest.mark.parametrize(
    ("token", "name", "updatable"),
    [
        ("aws:rds/instance:Instance", "instanceClass", True),
        ("aws:rds/instance:Instance", "password", True),
        ("aws:rds/instance:Instance", "skipFinalSnapshot", True),
        ("aws:rds/instance:Instance", "storageEncrypted", False),
        ("aws:rds/instance:Instance", "dbName", False),
        ("aws:lb/loadBalancer:LoadBalancer", "subnets", True),
        ("aws:lb/loadBalancer:LoadBalancer", "idleTimeout", True),
        ("aws:lb/loadBalancer:LoadBalancer", "internal", False),
        ("aws:ecs/service:Service", "taskDefinition", True),
        ("aws:ecs/service:Service", "deploymentCircuitBreaker", True),
        ("aws:ecs/service:Service", "launchType", False),
        ("aws:ecs/taskDefinition:TaskDefinition", "containerDefinitions", False),
        ("aws:ecs/taskDefinition:TaskDefinition", "tags", True),
        ("aws:ec2/vpc:Vpc", "cidrBlock", False),
        ("aws:ec2/internetGateway:InternetGateway", "vpcId", True),
        ("aws:secretsmanager/secretVersion:SecretVersion", "secretString", False),
        ("aws:elasticache/replicationGroup:ReplicationGroup", "nodeType", True),
        ("aws:elasticache/replicationGroup:ReplicationGroup", "transitEncryptionEnabled", False),
    ],
)
def test_what_needs_a_new_resource(token: str, name: str, updatable: bool) -> None:
    assert PropertyMap(TYPES[token]).updatable(name) is updatable
