"""The resource type of canaries, and what moto's Synthetics got of AWS's."""

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Account
from sandbox.aws.mapping import PropertyMap
from sandbox.aws.table import TYPES
from sandbox.aws.values import Properties
from tests.sandbox.aws.conftest import Manage

CANARY = "aws:synthetics/canary:Canary"
INPUTS: Properties = {
    "name": "app",
    "artifactS3Location": "s3://app-canary/runs",
    "executionRoleArn": "arn:aws:iam::123456789012:role/canary",
    "handler": "script.handler",
    "runtimeVersion": "syn-python-selenium-14.0",
    "s3Bucket": "app-canary",
    "s3Key": "code/1.zip",
    "schedule": {"expression": "rate(5 minutes)"},
    "runConfig": {"timeoutInSeconds": 55, "memoryInMb": 960, "environmentVariables": {"A": "b"}},
    "failureRetentionPeriod": 30,
    "successRetentionPeriod": 30,
    "startCanary": True,
    "deleteLambda": True,
    "tagsAll": {"stack": "dev"},
}


@pytest.mark.parametrize(("name", "updatable"), [("name", False), ("s3Key", True), ("schedule", True)])
def test_what_needs_a_new_canary(name: str, updatable: bool) -> None:
    assert PropertyMap(TYPES[CANARY]).updatable(name) is updatable


def test_canary_is_made_and_runs(account: Account, manage: Manage) -> None:
    identity, state = manage(CANARY).create(INPUTS)
    assert identity == "app"
    assert state["arn"] == "arn:aws:synthetics:us-east-1:123456789012:canary:app"
    assert str(state["engineArn"]).startswith("arn:aws:lambda:us-east-1:123456789012:function:cwsyn-app-")
    assert state["status"] == "RUNNING"
    assert state["tagsAll"] == {"stack": "dev"}
    found = account.client("synthetics").get_canary(Name="app")["Canary"]
    assert found["ArtifactS3Location"] == "app-canary/runs"
    assert found["RunConfig"] == {"TimeoutInSeconds": 55, "MemoryInMB": 960}
    assert manage(CANARY).read(identity, state, INPUTS) == (state, INPUTS)


def test_canary_is_changed_while_it_runs(account: Account, manage: Manage) -> None:
    life = manage(CANARY)
    identity, state = life.create(INPUTS)
    changed: Properties = {
        **INPUTS,
        "s3Key": "code/2.zip",
        "schedule": {"expression": "rate(1 minute)"},
        "tagsAll": {"stack": "dev", "owner": "me"},
    }
    state = life.update(identity, state, INPUTS, changed)
    found = account.client("synthetics").get_canary(Name="app")["Canary"]
    assert found["Schedule"]["Expression"] == "rate(1 minute)"
    assert found["Status"]["State"] == "RUNNING"
    assert state["tagsAll"] == {"stack": "dev", "owner": "me"}

    life.update(identity, state, changed, {**changed, "startCanary": False, "tagsAll": {"stack": "dev"}})
    assert account.client("synthetics").get_canary(Name="app")["Canary"]["Status"]["State"] == "STOPPED"
    arn = "arn:aws:synthetics:us-east-1:123456789012:canary:app"
    assert account.client("synthetics").list_tags_for_resource(ResourceArn=arn)["Tags"] == {"stack": "dev"}


def test_canary_is_stopped_and_deleted(account: Account, manage: Manage) -> None:
    life = manage(CANARY)
    identity, state = life.create(INPUTS)
    life.delete(identity, state)
    assert life.read(identity, state, INPUTS) is None
    assert account.client("synthetics").describe_canaries()["Canaries"] == []


def test_a_canary_that_runs_is_neither_deleted_nor_started(account: Account, manage: Manage) -> None:
    manage(CANARY).create(INPUTS)
    client = account.client("synthetics")
    for operation in (client.delete_canary, client.start_canary):
        with pytest.raises(ClientError, match="ConflictException"):
            operation(Name="app")
    client.stop_canary(Name="app")
    with pytest.raises(ClientError, match="ConflictException"):
        client.stop_canary(Name="app")


def test_a_canary_that_is_gone(account: Account) -> None:
    client = account.client("synthetics")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.get_canary(Name="none")
    with pytest.raises(ClientError, match="NotFoundException"):
        client.list_tags_for_resource(ResourceArn="arn:aws:synthetics:us-east-1:123456789012:canary:none")
