"""The Step Functions protocol, through boto3."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import requests
from botocore.exceptions import ClientError
from mypy_boto3_stepfunctions.client import SFNClient
from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

from tests.engine.api.live import LiveEngine

ROLE = "arn:aws:iam::000000000000:role/orders"
PASS = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'
OTHER = '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
MACHINES = "arn:aws:states:us-east-1:000000000000:stateMachine:"
ACTIVITIES = MACHINES.replace("stateMachine", "activity")
MAP_RUNS = MACHINES.replace("stateMachine", "mapRun")


@pytest.fixture(scope="module")
def client(live: LiveEngine) -> SFNClient:
    return live.client()


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def finished(client: SFNClient, arn: str) -> DescribeExecutionOutputTypeDef:
    while True:
        execution = client.describe_execution(executionArn=arn)
        if execution["status"] != "RUNNING":
            return execution


def refused(call: Callable[..., object], **arguments: object) -> tuple[str, str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return response["Error"]["Code"], response["Error"]["Message"], status


def test_the_life_of_a_state_machine(client: SFNClient) -> None:
    name = unique("orders")
    created = client.create_state_machine(name=name, definition=PASS, roleArn=ROLE)
    again = client.create_state_machine(name=name, definition=PASS, roleArn=ROLE)
    assert created["stateMachineArn"] == again["stateMachineArn"] == MACHINES + name
    assert created["creationDate"] == again["creationDate"]
    updated = client.update_state_machine(stateMachineArn=created["stateMachineArn"], definition=OTHER)
    assert updated["updateDate"] >= created["creationDate"]
    machine = client.describe_state_machine(stateMachineArn=created["stateMachineArn"])
    assert (machine["name"], machine["type"], machine["status"]) == (name, "STANDARD", "ACTIVE")
    assert (machine["definition"], machine["roleArn"]) == (OTHER, ROLE)
    assert machine["revisionId"] == updated["revisionId"]
    client.delete_state_machine(stateMachineArn=created["stateMachineArn"])
    client.delete_state_machine(stateMachineArn=created["stateMachineArn"])
    gone = f"State Machine Does Not Exist: '{created['stateMachineArn']}'"
    for call in (client.describe_state_machine, client.start_execution):
        assert refused(call, stateMachineArn=created["stateMachineArn"]) == ("StateMachineDoesNotExist", gone, 400)


def test_deleting_a_state_machine_stops_its_executions(live: LiveEngine, client: SFNClient) -> None:
    definition = json.dumps({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": True}}})
    name = unique("deleted")
    arn = client.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=arn)["executionArn"]
    client.delete_state_machine(stateMachineArn=arn)
    assert live.finished(execution) == "ABORTED"
    while live.describes(arn):
        time.sleep(0.02)
    assert client.create_state_machine(name=name, definition=PASS, roleArn=ROLE)["stateMachineArn"] == arn


def test_lists_come_in_pages(client: SFNClient) -> None:
    names = sorted(unique("listed") for _ in range(3))
    for name in names:
        client.create_state_machine(name=name, definition=PASS, roleArn=ROLE)
    pages = client.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2})
    found = [machine["name"] for page in pages for machine in page["stateMachines"]]
    assert found == sorted(found)
    assert set(names) <= set(found)
    for index in range(3):
        client.start_execution(stateMachineArn=MACHINES + names[0], name=f"run-{index}")
    runs = client.get_paginator("list_executions").paginate(
        stateMachineArn=MACHINES + names[0], PaginationConfig={"PageSize": 2}
    )
    assert [each["name"] for page in runs for each in page["executions"]] == ["run-2", "run-1", "run-0"]


def test_an_execution(client: SFNClient) -> None:
    name = unique("run")
    started = client.start_execution(stateMachineArn=f"{MACHINES}doubling", name=name, input='{"number": 21}')
    execution = finished(client, started["executionArn"])
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]) == {"number": 21, "result": {"number": 42}}
    assert execution["input"] == '{"number": 21}'
    assert execution["startDate"] == started["startDate"] <= execution["stopDate"]
    succeeded = client.list_executions(stateMachineArn=f"{MACHINES}doubling", statusFilter="SUCCEEDED")["executions"]
    assert name in {each["name"] for each in succeeded}
    assert client.list_executions(stateMachineArn=f"{MACHINES}doubling", statusFilter="FAILED")["executions"] == []


def test_a_failed_execution_says_why(client: SFNClient) -> None:
    started = client.start_execution(stateMachineArn=f"{MACHINES}declining")
    execution = finished(client, started["executionArn"])
    assert (execution["status"], execution["error"], execution["cause"]) == ("FAILED", "CardDeclined", "no money")


def test_history(client: SFNClient) -> None:
    arn = client.start_execution(stateMachineArn=f"{MACHINES}doubling", input='{"number":1}')["executionArn"]
    finished(client, arn)
    events = client.get_execution_history(executionArn=arn)["events"]
    assert [event["type"] for event in events] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "SucceedStateEntered",
        "SucceedStateExited",
        "ExecutionSucceeded",
    ]
    assert [event["id"] for event in events] == list(range(1, 10))
    assert events[0]["executionStartedEventDetails"]["input"] == '{"number":1}'
    assert events[2]["taskScheduledEventDetails"]["resource"] == "double"
    assert events[1]["stateEnteredEventDetails"]["name"] == "Double"
    backwards = client.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=2)
    assert [event["id"] for event in backwards["events"]] == [9, 8]
    paged = client.get_paginator("get_execution_history").paginate(executionArn=arn, PaginationConfig={"PageSize": 4})
    assert [event["id"] for page in paged for event in page["events"]] == list(range(1, 10))
    bare = client.get_execution_history(executionArn=arn, includeExecutionData=False)["events"]
    assert all("input" not in str(event) and "output" not in str(event) for event in bare)


def test_stopping(client: SFNClient) -> None:
    arn = client.start_execution(stateMachineArn=f"{MACHINES}waiting")["executionArn"]
    stopped = client.stop_execution(executionArn=arn, error="Changed", cause="of mind")
    execution = client.describe_execution(executionArn=arn)
    assert (execution["status"], execution["error"], execution["cause"]) == ("ABORTED", "Changed", "of mind")
    assert stopped["stopDate"] == execution["stopDate"]


def test_starting_is_idempotent_by_name_and_input(client: SFNClient) -> None:
    name = unique("same")
    arguments = {"stateMachineArn": f"{MACHINES}waiting", "name": name, "input": '{"a":1}'}
    first = client.start_execution(**arguments)
    assert client.start_execution(**arguments)["executionArn"] == first["executionArn"]
    code, _, _ = refused(client.start_execution, **arguments | {"input": '{"a":2}'})
    assert code == "ExecutionAlreadyExists"
    client.stop_execution(executionArn=first["executionArn"])


def test_validation_gives_every_problem(client: SFNClient) -> None:
    assert client.validate_state_machine_definition(definition=PASS)["result"] == "OK"
    bad = '{"StartAt": "X", "States": {"A": {"Type": "Nap"}}}'
    answer = client.validate_state_machine_definition(definition=bad)
    assert answer["result"] == "FAIL"
    assert {each["location"] for each in answer["diagnostics"]} >= {"/StartAt", "/States/A/Type"}
    one = client.validate_state_machine_definition(definition=bad, maxResults=1)
    assert (len(one["diagnostics"]), one["truncated"]) == (1, True)


def test_documented_errors(client: SFNClient) -> None:
    name = unique("errors")
    client.create_state_machine(name=name, definition=PASS, roleArn=ROLE)
    absent, gone = f"{MACHINES}absent", "arn:aws:states:us-east-1:000000000000:execution:doubling:absent"
    cases: list[tuple[Callable[..., object], dict[str, str], str]] = [
        (
            client.create_state_machine,
            {"name": name, "definition": OTHER, "roleArn": ROLE},
            "StateMachineAlreadyExists",
        ),
        (client.create_state_machine, {"name": "a b", "definition": PASS, "roleArn": ROLE}, "InvalidName"),
        (client.create_state_machine, {"name": "x", "definition": "{", "roleArn": ROLE}, "InvalidDefinition"),
        (client.describe_state_machine, {"stateMachineArn": absent}, "StateMachineDoesNotExist"),
        (client.describe_state_machine, {"stateMachineArn": "x"}, "InvalidArn"),
        (client.start_execution, {"stateMachineArn": absent}, "StateMachineDoesNotExist"),
        (client.start_execution, {"stateMachineArn": f"{MACHINES}doubling", "input": "{"}, "InvalidExecutionInput"),
        (client.describe_execution, {"executionArn": gone}, "ExecutionDoesNotExist"),
        (client.get_execution_history, {"executionArn": gone}, "ExecutionDoesNotExist"),
        (client.list_executions, {"stateMachineArn": f"{MACHINES}doubling", "nextToken": "x"}, "InvalidToken"),
        (client.update_state_machine, {"stateMachineArn": f"{MACHINES}doubling"}, "MissingRequiredParameter"),
        (client.describe_state_machine, {"stateMachineArn": f"{absent}/label"}, "ValidationException"),
        (client.describe_execution, {"executionArn": absent}, "InvalidArn"),
        (client.redrive_execution, {"executionArn": gone}, "ExecutionDoesNotExist"),
        (client.describe_state_machine_for_execution, {"executionArn": gone}, "ExecutionDoesNotExist"),
        (client.list_executions, {}, "ValidationException"),
        (
            client.list_executions,
            {"stateMachineArn": f"{MACHINES}doubling", "statusFilter": "PENDING_REDRIVE"},
            "ValidationException",
        ),
        (
            client.create_state_machine,
            {"name": "x", "definition": PASS, "roleArn": ROLE, "versionDescription": "x"},
            "ValidationException",
        ),
        (client.publish_state_machine_version, {"stateMachineArn": absent}, "StateMachineDoesNotExist"),
        (client.delete_state_machine_version, {"stateMachineVersionArn": absent}, "ValidationException"),
        (client.describe_state_machine_alias, {"stateMachineAliasArn": f"{absent}:PROD"}, "ResourceNotFound"),
        (client.update_state_machine_alias, {"stateMachineAliasArn": f"{absent}:PROD"}, "ValidationException"),
        (client.describe_activity, {"activityArn": f"{ACTIVITIES}absent"}, "ActivityDoesNotExist"),
        (client.get_activity_task, {"activityArn": f"{ACTIVITIES}absent"}, "ActivityDoesNotExist"),
        (client.create_activity, {"name": "a b"}, "InvalidName"),
        (client.send_task_success, {"taskToken": "forged", "output": "{}"}, "InvalidToken"),
        (client.send_task_failure, {"taskToken": "forged"}, "InvalidToken"),
        (client.send_task_heartbeat, {"taskToken": "forged"}, "InvalidToken"),
        (client.list_tags_for_resource, {"resourceArn": absent}, "ResourceNotFound"),
        (client.describe_map_run, {"mapRunArn": f"{MAP_RUNS}absent/each:{uuid.uuid4()}"}, "ResourceNotFound"),
        (client.update_map_run, {"mapRunArn": f"{MAP_RUNS}absent/each:{uuid.uuid4()}"}, "ValidationException"),
        (client.list_map_runs, {"executionArn": gone}, "ExecutionDoesNotExist"),
        (client.start_sync_execution, {"stateMachineArn": f"{MACHINES}doubling"}, "StateMachineTypeNotSupported"),
    ]
    for call, arguments, code in cases:
        assert refused(call, **arguments)[::2] == (code, 400), (call, arguments)


def raw(live: LiveEngine, operation: str, body: str) -> tuple[int, dict[str, Any]]:
    headers = {"X-Amz-Target": f"AWSStepFunctions.{operation}", "Content-Type": "application/x-amz-json-1.0"}
    response = requests.post(live.api, data=body, headers=headers, timeout=5)
    assert response.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert response.headers["x-amzn-RequestId"]
    return response.status_code, response.json()


@pytest.mark.parametrize(
    ("operation", "body", "error", "said"),
    [
        ("StartExecution", "{}", "ValidationException", "Value null at 'stateMachineArn' failed to satisfy"),
        (
            "StartExecution",
            '{"stateMachineArn": 5}',
            "SerializationException",
            "stateMachineArn must be of type string",
        ),
        ("StartExecution", "[]", "SerializationException", "not a JSON object"),
        ("StartExecution", "{", "SerializationException", "not a JSON object"),
        ("ListStateMachines", '{"maxResults": 1001}', "ValidationException", "less than or equal to 1000"),
        ("ListStateMachines", '{"maxResults": true}', "SerializationException", "maxResults must be of type integer"),
        (
            "ListExecutions",
            '{"statusFilter": "LOST"}',
            "ValidationException",
            "enum value set: [SUCCEEDED, TIMED_OUT, PENDING_REDRIVE, ABORTED, FAILED, RUNNING]",
        ),
        ("Bogus", "{}", "UnknownOperationException", "no operation 'Bogus'"),
    ],
)
def test_requests_that_do_not_fit_the_model(live: LiveEngine, operation: str, body: str, error: str, said: str) -> None:
    status, answer = raw(live, operation, body)
    assert (status, answer["__type"]) == (400, error)
    assert said in answer["message"]


def test_every_broken_constraint_is_named(live: LiveEngine) -> None:
    body = json.dumps({"name": "x" * 81, "definition": "", "type": "FAST"})
    _, answer = raw(live, "CreateStateMachine", body)
    assert answer["message"].startswith("4 validation errors detected: ")
    for member in ("'roleArn'", "'name'", "'definition'", "'type'"):
        assert member in answer["message"]


def test_lists_are_printed_as_the_service_prints_them(live: LiveEngine) -> None:
    routes = [{"stateMachineVersionArn": f"{MACHINES}a:{number}", "weight": 30} for number in (1, 2, 3)]
    _, answer = raw(live, "CreateStateMachineAlias", json.dumps({"name": "PROD", "routingConfiguration": routes}))
    shown = ", ".join(
        f"RoutingConfigurationListItem(stateMachineVersionArn={MACHINES}a:{number}, weight=30)" for number in (1, 2, 3)
    )
    assert answer["message"] == (
        f"1 validation error detected: Value '[{shown}]' at 'routingConfiguration' failed to satisfy constraint: "
        "Member must have length less than or equal to 2"
    )


def test_a_definition_is_never_repeated_in_an_error(live: LiveEngine) -> None:
    body = json.dumps({"name": "n", "roleArn": ROLE, "definition": "secret" * 200_000})
    _, answer = raw(live, "CreateStateMachine", body)
    assert answer["message"].startswith("1 validation error detected: Value '***' at 'definition'")
