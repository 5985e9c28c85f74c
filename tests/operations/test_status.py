"""`status`: counts, the running tasks and those that stopped last, against ECS's answers."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber

from operations import deployment, status
from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.outputs import Outputs

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
REVISION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/workflow-dev:7"
FOUND = Outputs(
    api_url="https://api.example",
    region="eu-west-1",
    registry_url="",
    cluster_name="c",
    database_endpoint="",
    service_name="s",
)


@pytest.fixture
def ecs(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ECSClient, Stubber]]:
    client = boto3.Session("a", "b", region_name="eu-west-1").client("ecs")
    monkeypatch.setattr(Clients, "ecs", client)
    with Stubber(client) as stub:
        yield client, stub
        stub.assert_no_pending_responses()


def answers(stub: Stubber, status: str, *pages: int) -> None:
    """Give the service's tasks of a status page by page, the newest last."""
    names = [[f"arn:task/c/{page}-{number:03}" for number in range(size)] for page, size in enumerate(pages)]
    for number, arns in enumerate(names):
        more = {"nextToken": str(number)} if number + 1 < len(names) else {}
        asked = {"cluster": "c", "serviceName": "s", "desiredStatus": status}
        token = {"nextToken": str(number - 1)} if number else {}
        stub.add_response("list_tasks", {"taskArns": arns, **more}, {**asked, **token})
    for page, arns in enumerate(names):
        found = [
            {"taskArn": arn, "taskDefinitionArn": REVISION, "lastStatus": status, "createdAt": NOW + age(page, number)}
            for number, arn in enumerate(arns)
        ]
        if found:
            stub.add_response("describe_tasks", {"tasks": found}, {"cluster": "c", "tasks": arns})


def age(page: int, number: int) -> datetime.timedelta:
    return datetime.timedelta(seconds=page * 1000 + number)


def runs(stub: Stubber) -> None:
    service = {"taskDefinition": REVISION, "desiredCount": 2, "runningCount": 2, "pendingCount": 0, "deployments": []}
    stub.add_response("describe_services", {"services": [service]}, {"cluster": "c", "services": ["s"]})


def test_the_service_its_tasks_and_the_last_that_stopped(ecs: tuple[ECSClient, Stubber]) -> None:
    answers(ecs[1], "RUNNING", 2)
    answers(ecs[1], "STOPPED", 12)
    runs(ecs[1])

    found = status.look(Clients(), FOUND, "dev")

    assert found.data == json.loads(found.text)
    assert {key: found.data[key] for key in ("service", "desired", "running", "taskDefinition")} == {
        "service": "s",
        "desired": 2,
        "running": 2,
        "taskDefinition": "workflow-dev:7",
    }
    tasks, stopped = found.data["tasks"], found.data["stopped"]
    assert isinstance(tasks, list)
    assert isinstance(stopped, list)
    assert [task["task"] for task in tasks] == ["0-001", "0-000"]
    assert [task["task"] for task in stopped] == [f"0-{number:03}" for number in range(11, 1, -1)]


def test_a_service_of_more_tasks_than_a_page_holds(ecs: tuple[ECSClient, Stubber]) -> None:
    client, stub = ecs
    answers(stub, "RUNNING", 100, 100, 7)

    found = deployment.tasks(client, "c", "s")

    assert len(found) == 207
    assert found[0].task == "2-006"


def test_before_the_first_image_there_is_none() -> None:
    with pytest.raises(RefusedError, match="Stack dev has no service yet: push an image and set imageTag"):
        status.look(Clients(), Outputs("u", "eu-west-1", "", "c", ""), "dev")


def test_a_service_that_is_gone_is_named(ecs: tuple[ECSClient, Stubber]) -> None:
    answers(ecs[1], "RUNNING", 0)
    answers(ecs[1], "STOPPED", 0)
    ecs[1].add_response("describe_services", {"services": []}, {"cluster": "c", "services": ["s"]})

    with pytest.raises(OperationError, match="There is no service s in cluster c"):
        status.look(Clients(), FOUND, "dev")
