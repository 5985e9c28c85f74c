"""boto3's client of EventBridge Scheduler against a live engine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_scheduler.client import EventBridgeSchedulerClient
from mypy_boto3_scheduler.type_defs import FlexibleTimeWindowTypeDef, TargetTypeDef

from tests.engine.api.live import LiveEngine

ROLE = "arn:aws:iam::000000000000:role/scheduler"
ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:nightly"
PREFIX = "arn:aws:scheduler:us-east-1:000000000000"
TARGET: TargetTypeDef = {"Arn": ARN, "RoleArn": ROLE, "Input": "{}"}
OFF: FlexibleTimeWindowTypeDef = {"Mode": "OFF"}
PASS = '{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}'


def scheduler(live: LiveEngine, key: str = "any", secret: str = "any") -> EventBridgeSchedulerClient:
    """Give a client."""
    return boto3.client(
        "scheduler",
        endpoint_url=live.api,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def client(live: LiveEngine) -> Iterator[EventBridgeSchedulerClient]:
    """A client, and no schedule left at its end."""
    made = scheduler(live)
    yield made
    for schedule in made.list_schedules()["Schedules"]:
        made.delete_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
    for group in made.list_schedule_groups()["ScheduleGroups"]:
        if group["Name"] != "default":
            made.delete_schedule_group(Name=group["Name"])


def refusal(caught: pytest.ExceptionInfo[ClientError]) -> tuple[str, int, str]:
    """Give an error's code, status and message."""
    response = caught.value.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Message"],
    )


def test_a_schedule_from_its_creation_to_its_end(client: EventBridgeSchedulerClient) -> None:
    start = datetime(2040, 1, 1, tzinfo=UTC)
    made = client.create_schedule(
        Name="nightly",
        ScheduleExpression="cron(0 3 * * ? *)",
        ScheduleExpressionTimezone="Europe/Berlin",
        StartDate=start,
        Description="Close the books",
        FlexibleTimeWindow={"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        Target={**TARGET, "RetryPolicy": {"MaximumRetryAttempts": 3}},
    )
    assert made["ScheduleArn"] == f"{PREFIX}:schedule/default/nightly"
    got = client.get_schedule(Name="nightly")
    shown = {name: value for name, value in got.items() if not name.endswith("tionDate") and name != "ResponseMetadata"}
    assert shown == {
        "Arn": made["ScheduleArn"],
        "Name": "nightly",
        "GroupName": "default",
        "State": "ENABLED",
        "Description": "Close the books",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "StartDate": start,
        "ActionAfterCompletion": "NONE",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "Target": {**TARGET, "RetryPolicy": {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 3}},
    }
    assert got["CreationDate"] == got["LastModificationDate"]
    client.update_schedule(
        Name="nightly", ScheduleExpression="rate(2 minute)", FlexibleTimeWindow=OFF, Target=TARGET, State="DISABLED"
    )
    changed = client.get_schedule(Name="nightly")
    assert "Description" not in set(changed)
    assert (changed["State"], changed["ScheduleExpressionTimezone"]) == ("DISABLED", "UTC")
    assert changed["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert changed["LastModificationDate"] > changed["CreationDate"]
    client.delete_schedule(Name="nightly")
    with pytest.raises(ClientError) as caught:
        client.get_schedule(Name="nightly")
    assert refusal(caught) == ("ResourceNotFoundException", 404, "Schedule nightly does not exist.")


def test_a_schedule_starts_executions(client: EventBridgeSchedulerClient, live: LiveEngine) -> None:
    machines = live.client()
    arn = machines.create_state_machine(name="by-schedule", definition=PASS, roleArn=ROLE)["stateMachineArn"]
    client.create_schedule(
        Name="now",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow=OFF,
        Target={"Arn": arn, "RoleArn": ROLE, "Input": '{"time": "<aws.scheduler.scheduled-time>"}'},
    )
    while not (started := machines.list_executions(stateMachineArn=arn)["executions"]):
        time.sleep(0.02)
    [execution] = started
    assert live.finished(execution["executionArn"]) == "SUCCEEDED"
    text = machines.describe_execution(executionArn=execution["executionArn"])["output"]
    assert datetime.fromisoformat(text.split('"')[3]) <= datetime.now(UTC)


def test_the_same_token_makes_the_same_schedule(client: EventBridgeSchedulerClient) -> None:
    def create(token: str) -> str:
        return client.create_schedule(
            Name="once", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=TARGET, ClientToken=token
        )["ScheduleArn"]

    assert create("one") == create("one")
    with pytest.raises(ClientError) as caught:
        create("two")
    assert refusal(caught) == ("ConflictException", 409, "Schedule once already exists.")


def test_groups_hold_schedules_and_tags(client: EventBridgeSchedulerClient) -> None:
    arn = client.create_schedule_group(Name="reports", Tags=[{"Key": "team", "Value": "a"}])["ScheduleGroupArn"]
    assert arn == f"{PREFIX}:schedule-group/reports"
    with pytest.raises(ClientError) as caught:
        client.create_schedule_group(Name="reports")
    assert refusal(caught) == ("ConflictException", 409, "Schedule group reports already exists.")
    assert client.get_schedule_group(Name="reports")["State"] == "ACTIVE"
    groups = client.list_schedule_groups(NamePrefix="r")["ScheduleGroups"]
    assert [(group["Name"], group["Arn"]) for group in groups] == [("reports", arn)]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "tier", "Value": "1"}])
    client.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "tier", "Value": "1"}]
    for name in ("one", "two"):
        client.create_schedule(
            Name=name, GroupName="reports", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=TARGET
        )
    client.create_schedule(Name="one", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=TARGET)
    first = client.list_schedules(GroupName="reports", MaxResults=1)
    second = client.list_schedules(GroupName="reports", MaxResults=1, NextToken=first["NextToken"])
    assert [first["Schedules"][0]["Name"], second["Schedules"][0]["Name"]] == ["one", "two"]
    assert first["Schedules"][0]["Target"] == {"Arn": ARN}
    assert "NextToken" not in second
    everywhere = client.list_schedules(NamePrefix="one", State="ENABLED")["Schedules"]
    assert [schedule["GroupName"] for schedule in everywhere] == ["default", "reports"]
    client.delete_schedule_group(Name="reports")
    assert [schedule["GroupName"] for schedule in client.list_schedules()["Schedules"]] == ["default"]
    with pytest.raises(ClientError) as caught:
        client.list_schedules(GroupName="reports")
    assert refusal(caught) == ("ResourceNotFoundException", 404, "Schedule group reports does not exist.")
    with pytest.raises(ClientError) as caught:
        client.delete_schedule_group(Name="default")
    assert refusal(caught)[:2] == ("ValidationException", 400)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ScheduleExpression": "cron(0 1 * * * *)"}, "Invalid Schedule Expression cron(0 1 * * * *)."),
        ({"ScheduleExpression": " rate(10 minutes)"}, "Invalid Schedule Expression  rate(10 minutes)."),
        ({"ScheduleExpression": "at(2021-12-31T23:59:59Z)"}, "Invalid Schedule Expression at(2021-12-31T23:59:59Z)."),
        ({"ScheduleExpressionTimezone": "Mars/Phobos"}, "Invalid Schedule Expression Timezone Mars/Phobos."),
        (
            {"StartDate": datetime.now(UTC) - timedelta(minutes=6)},
            "The StartDate you specify cannot be earlier than 5 minutes ago.",
        ),
        ({"GroupName": "nowhere"}, "Schedule group nowhere does not exist."),
        ({"Target": {**TARGET, "Input": "no json"}}, "The Input of the Target must be well-formed JSON."),
        (
            {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
            "MaximumWindowInMinutes must be set when the Mode of the FlexibleTimeWindow is FLEXIBLE.",
        ),
        (
            {"Target": {**TARGET, "SqsParameters": {"MessageGroupId": "g"}}},
            "This engine starts state machines, whose targets have no SqsParameters.",
        ),
        (
            {"State": "ON"},
            (
                "1 validation error detected: Value 'ON' at 'state' failed to satisfy constraint: "
                "Member must satisfy enum value set: [ENABLED, DISABLED]"
            ),
        ),
        (
            {"Target": {**TARGET, "RoleArn": "me"}},
            (
                "1 validation error detected: Value 'me' at 'target.roleArn' failed to satisfy constraint: Member must "
                r"satisfy regular expression pattern: arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@\/-]+"
            ),
        ),
    ],
)
def test_what_is_refused(client: EventBridgeSchedulerClient, changes: dict[str, object], message: str) -> None:
    asked = {"Name": "n", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": OFF, "Target": TARGET} | changes
    with pytest.raises(ClientError) as caught:
        client.create_schedule(**asked)  # type: ignore[arg-type]
    assert refusal(caught)[2] == message


def test_a_target_that_is_no_state_machine_is_refused(client: EventBridgeSchedulerClient) -> None:
    queue: TargetTypeDef = {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": ROLE}
    with pytest.raises(ClientError) as caught:
        client.create_schedule(Name="n", ScheduleExpression="rate(1 day)", FlexibleTimeWindow=OFF, Target=queue)
    assert refusal(caught)[:2] == ("ValidationException", 400)
    assert refusal(caught)[2].startswith("Provided Arn is not in correct format.")


def test_other_paths_and_bodies(live: LiveEngine) -> None:
    missing = requests.post(f"{live.api}/schedules/n", json={}, timeout=5)
    assert (missing.status_code, missing.headers["x-amzn-ErrorType"]) == (400, "ValidationException")
    assert missing.json()["Message"].startswith("3 validation errors detected: ")
    broken = requests.post(f"{live.api}/schedules/n", data=b"{", timeout=5)
    assert (broken.status_code, broken.headers["x-amzn-ErrorType"]) == (400, "SerializationException")
    strange = requests.patch(f"{live.api}/schedules/n", timeout=5)
    assert strange.status_code == 405
    pages = requests.get(f"{live.api}/schedules", params={"MaxResults": "many"}, timeout=5)
    assert (pages.status_code, pages.headers["x-amzn-ErrorType"]) == (400, "SerializationException")
    token = requests.get(f"{live.api}/schedules", params={"NextToken": "!"}, timeout=5)
    assert (token.status_code, token.headers["x-amzn-ErrorType"]) == (400, "ValidationException")


def test_organizations_have_schedules_of_their_own_and_signatures_count() -> None:
    keys = (
        '[{"accessKeyId": "AKOPS", "secretAccessKey": "ops-secret"},'
        '{"accessKeyId": "AKACME", "secretAccessKey": "acme-secret", "organization": "acme"}]'
    )
    with LiveEngine(AUTHENTICATION="required", JWT_SECRET="x" * 32, API_ACCESS_KEYS=keys) as locked:
        ops, acme = scheduler(locked, "AKOPS", "ops-secret"), scheduler(locked, "AKACME", "acme-secret")
        arn = acme.create_schedule_group(Name="theirs", Tags=[{"Key": "a b/c", "Value": "ü"}])["ScheduleGroupArn"]
        assert acme.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "a b/c", "Value": "ü"}]
        acme.untag_resource(ResourceArn=arn, TagKeys=["a b/c"])
        names = [group["Name"] for group in ops.list_schedule_groups()["ScheduleGroups"]]
        assert names == ["default"]
        with pytest.raises(ClientError) as caught:
            ops.list_tags_for_resource(ResourceArn=arn)
        assert refusal(caught)[:2] == ("ResourceNotFoundException", 404)
        with pytest.raises(ClientError) as caught:
            scheduler(locked, "AKOPS", "guessed").list_schedules()
        assert refusal(caught)[:2] == ("InvalidSignatureException", 403)
        assert requests.get(f"{locked.api}/schedules", timeout=5).status_code == 403
