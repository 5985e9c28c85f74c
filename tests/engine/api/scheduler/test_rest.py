"""Schedules in REST v1."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
import requests

from tests.engine.api.live import LiveEngine

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}

Json = dict[str, object]
JSON = {"Content-Type": "application/json"}


class Rest:
    """A client of REST v1."""

    def __init__(self, live: LiveEngine) -> None:
        self._base = f"{live.api}/api/v1/"

    def call(self, method: str, path: str, body: Json | None = None, **query: str) -> tuple[int, Json]:
        """Give the status and the body of the answer."""
        response = requests.request(
            method,
            self._base + path,
            data=None if body is None else json.dumps(body),
            headers=JSON,
            params=query,
            timeout=10,
        )
        return response.status_code, response.json()


@pytest.fixture
def rest(live: LiveEngine) -> Rest:
    """A client."""
    return Rest(live)


@pytest.fixture
def definition(rest: Rest) -> str:
    """A definition's name."""
    name = f"d-{uuid.uuid4().hex[:8]}"
    assert rest.call("POST", "workflow-definitions", {"id": name, "definition": PASS})[0] == 201
    return name


@pytest.fixture
def name(rest: Rest) -> Iterator[str]:
    """A schedule's name; it is deleted in the end."""
    name = f"s-{uuid.uuid4().hex[:8]}"
    yield name
    rest.call("DELETE", f"schedules/{name}")


def test_a_schedule_from_its_creation_to_its_end(rest: Rest, definition: str, name: str) -> None:
    new: Json = {
        "name": name,
        "workflowDefinitionId": definition,
        "expression": "cron(0 3 ? * MON-FRI *)",
        "timezone": "Europe/Berlin",
        "input": {"at": "<aws.scheduler.scheduled-time>"},
        "overlapPolicy": "BUFFER_ONE",
        "catchUpPolicy": "ONCE",
        "startAt": "2040-01-02T00:00:00+01:00",
    }
    status, created = rest.call("POST", "schedules", new)
    assert status == 201
    assert created["nextAt"] == "2040-01-02T02:00:00Z"
    assert {key: created[key] for key in new} == new | {"startAt": "2040-01-01T23:00:00Z"}
    assert rest.call("GET", f"schedules/{name}") == (200, created)
    assert rest.call("POST", "schedules", new)[0] == 409
    change: Json = {"workflowDefinitionId": definition, "expression": "rate(1 day)", "enabled": False}
    status, changed = rest.call("PUT", f"schedules/{name}", change)
    assert (status, changed["nextAt"], changed["overlapPolicy"]) == (200, None, "ALLOW_ALL")
    assert "input" not in changed
    items = rest.call("GET", "schedules", group="default")[1]["items"]
    assert isinstance(items, list)
    assert changed in items
    assert rest.call("DELETE", f"schedules/{name}") == (200, changed)
    status, problem = rest.call("GET", f"schedules/{name}")
    assert (status, problem["code"]) == (404, "ResourceNotFoundException")


def test_the_protocol_of_aws_keeps_what_it_has_no_words_for(
    rest: Rest, definition: str, name: str, live: LiveEngine
) -> None:
    new: Json = {"name": name, "workflowDefinitionId": definition, "expression": "rate(1 day)", "overlapPolicy": "SKIP"}
    rest.call("POST", "schedules", new | {"catchUpPolicy": "SKIP", "catchUpLimit": 7, "enabled": False})
    body: Json = {
        "ScheduleExpression": "rate(2 days)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {
            "Arn": f"arn:aws:states:us-east-1:000000000000:stateMachine:{definition}",
            "RoleArn": "arn:aws:iam::000000000000:role/r",
        },
        "State": "DISABLED",
    }
    assert requests.put(f"{live.api}/schedules/{name}", data=json.dumps(body), timeout=5).status_code == 200
    shown = rest.call("GET", f"schedules/{name}")[1]
    assert (shown["expression"], shown["overlapPolicy"], shown["catchUpPolicy"], shown["catchUpLimit"]) == (
        "rate(2 days)",
        "SKIP",
        "SKIP",
        7,
    )


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"expression": "every day"}, 400, "ValidationException"),
        ({"workflowDefinitionId": "nowhere"}, 404, "StateMachineDoesNotExist"),
        ({"group": "nowhere"}, 404, "ResourceNotFoundException"),
        ({"overlapPolicy": "MAYBE"}, 400, "InvalidRequest"),
        ({"catchUpLimit": 0}, 400, "InvalidRequest"),
        ({"startAt": "2040-01-01T00:00:00"}, 400, "InvalidRequest"),
        ({"unknown": 1}, 400, "InvalidRequest"),
        ({"name": "a/b"}, 400, "InvalidRequest"),
    ],
)
def test_what_is_refused(rest: Rest, definition: str, changes: Json, status: int, code: str) -> None:
    new: Json = {"name": "refused", "workflowDefinitionId": definition, "expression": "rate(1 day)"}
    answered, problem = rest.call("POST", "schedules", new | changes)
    assert (answered, problem["code"]) == (status, code)


def test_a_policy_that_is_none_is_refused_with_those_that_are(rest: Rest, definition: str) -> None:
    new: Json = {"name": "refused", "workflowDefinitionId": definition, "expression": "rate(1 day)"}
    problem = rest.call("POST", "schedules", new | {"catchUpPolicy": "NEVER"})[1]
    assert str(problem["detail"]).endswith("value 'NEVER' - at `$.catchUpPolicy`; allowed are ALL, ONCE, SKIP")
