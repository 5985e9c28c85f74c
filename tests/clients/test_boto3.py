"""boto3: every paginator of its model, the host prefix of two operations, and its errors as classes."""

from __future__ import annotations

import json
import uuid
from typing import Any, Literal

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from mypy_boto3_stepfunctions.client import SFNClient

from tests.clients.engines import KEY, PASS, ROLE, SECRET
from tests.engine.api.live import LiveEngine

MAP = json.dumps(
    {
        "StartAt": "Each",
        "States": {
            "Each": {
                "Type": "Map",
                "Label": "each",
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "A",
                    "States": {"A": {"Type": "Pass", "End": True}},
                },
                "End": True,
            }
        },
    }
)


@pytest.fixture(scope="module")
def client(engine: LiveEngine) -> SFNClient:
    return engine.client(KEY, SECRET)


def unique(name: str) -> str:
    return f"{name}-{uuid.uuid4().hex[:8]}"


def machine(client: SFNClient, definition: str = PASS, kind: Literal["STANDARD", "EXPRESS"] = "STANDARD") -> str:
    name = unique("machine")
    created = client.create_state_machine(name=name, definition=definition, roleArn=ROLE, type=kind)
    return created["stateMachineArn"]


def finished(client: SFNClient, arn: str) -> str:
    while (execution := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
        pass
    return execution["status"]


def pages(client: SFNClient, operation: str, key: str, **arguments: object) -> list[Any]:
    """What a paginator gives, two at a time."""
    paginator: Any = client.get_paginator(operation)  # type: ignore[call-overload]
    return [item for page in paginator.paginate(PaginationConfig={"PageSize": 2}, **arguments) for item in page[key]]


def test_there_are_no_waiters(client: SFNClient) -> None:
    assert client.waiter_names == []


def test_pages_of_machines_and_activities(client: SFNClient) -> None:
    arns = {machine(client) for _ in range(3)}
    assert arns <= {each["stateMachineArn"] for each in pages(client, "list_state_machines", "stateMachines")}
    activities = {client.create_activity(name=unique("activity"))["activityArn"] for _ in range(3)}
    assert activities <= {each["activityArn"] for each in pages(client, "list_activities", "activities")}


def test_pages_of_executions_and_their_history(client: SFNClient) -> None:
    arn = machine(client)
    runs = [client.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(3)]
    assert [finished(client, run) for run in runs] == ["SUCCEEDED"] * 3
    listed = pages(client, "list_executions", "executions", stateMachineArn=arn)
    assert [each["executionArn"] for each in listed] == runs[::-1]
    events = pages(client, "get_execution_history", "events", executionArn=runs[0])
    assert [event["id"] for event in events] == [1, 2, 3, 4]


def test_pages_of_map_runs(client: SFNClient) -> None:
    arn = machine(client, MAP)
    run = client.start_execution(stateMachineArn=arn, input="[1, 2, 3]")["executionArn"]
    assert finished(client, run) == "SUCCEEDED"
    (map_run,) = pages(client, "list_map_runs", "mapRuns", executionArn=run)
    children = pages(client, "list_executions", "executions", mapRunArn=map_run["mapRunArn"])
    assert [child["status"] for child in children] == ["SUCCEEDED"] * 3


def test_errors_are_classes(client: SFNClient) -> None:
    with pytest.raises(client.exceptions.StateMachineDoesNotExist) as caught:
        client.describe_state_machine(stateMachineArn=machine(client) + "x")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_the_host_prefix(engine: LiveEngine, client: SFNClient) -> None:
    arn = machine(client, kind="EXPRESS")
    assert client.start_sync_execution(stateMachineArn=arn)["status"] == "SUCCEEDED"
    prefixed = boto3.client(
        "stepfunctions",
        endpoint_url=engine.api,
        region_name="us-east-1",
        aws_access_key_id=KEY,
        aws_secret_access_key=SECRET,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(EndpointConnectionError, match=r"sync-127\.0\.0\.1"):
        prefixed.start_sync_execution(stateMachineArn=arn)
