"""REST v1, through an HTTP client."""

import io
import json
import time
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.engine.api.live import LiveEngine

PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


@pytest.fixture
async def http(live: LiveEngine) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"{live.api}/api/v1/") as session:
        yield session


async def call(
    http: aiohttp.ClientSession, method: str, path: str, body: object = None, **query: str
) -> tuple[int, Any]:
    async with http.request(method, path, json=body, params=query) as response:
        return response.status, await response.json(content_type=None)


def unique(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


async def test_definitions(http: aiohttp.ClientSession) -> None:
    name = unique("def")
    status, created = await call(http, "POST", "workflow-definitions", {"id": name, "definition": PASS})
    assert status == 201
    assert (created["id"], created["version"]) == (name, 1)
    assert created["definition"] == PASS | {"TimeoutSeconds": 300}
    assert (await call(http, "GET", f"workflow-definitions/{name}")) == (200, created)
    status, changed = await call(http, "PUT", f"workflow-definitions/{name}", {"definition": PASS | {"Comment": "new"}})
    assert (status, changed["version"], changed["definition"]["Comment"]) == (200, 2, "new")
    assert (await call(http, "POST", "workflow-definitions", {"name": name, "definition": PASS}))[0] == 409


async def test_definitions_get_a_retry_and_a_timeout_unless_they_have_them(http: aiohttp.ClientSession) -> None:
    task = {"Type": "Task", "Resource": "handler:double", "End": True}
    own = task | {"Retry": []}
    branch = {"StartAt": "T", "States": {"T": task}}
    states = {
        "T": {"Type": "Task", "Resource": "handler:double", "Next": "O"},
        "O": {"Type": "Task", "Resource": "handler:double", "Retry": [], "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [{"StartAt": "I", "States": {"I": task}}], "Next": "M"},
        "M": {"Type": "Map", "ItemProcessor": {"StartAt": "J", "States": {"J": task}}, "End": True},
    }
    definition = {"StartAt": "T", "TimeoutSeconds": 5, "States": states}
    status, created = await call(http, "POST", "workflow-definitions", {"id": unique("d"), "definition": definition})
    assert (status, own["Retry"], branch["StartAt"]) == (201, [], "T")
    made = created["definition"]["States"]
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 4, "BackoffRate": 2.0}]
    assert made["T"]["Retry"] == retry
    assert made["O"]["Retry"] == []
    assert made["P"]["Branches"][0]["States"]["I"]["Retry"] == retry
    assert made["M"]["ItemProcessor"]["States"]["J"]["Retry"] == retry
    assert created["definition"]["TimeoutSeconds"] == 5


async def test_an_instance_from_start_to_end(http: aiohttp.ClientSession) -> None:
    body = {"workflowDefinitionId": "doubling", "input": {"number": 4}}
    async with http.post("workflow-instances", json=body, params={"wait": "10"}) as response:
        started = await response.json()
        assert response.status == 201
        assert response.headers["Location"] == f"/api/v1/workflow-instances/{started['id']}"
    assert started["id"].startswith("doubling:")
    assert (started["status"], started["workflowDefinitionId"]) == ("SUCCEEDED", "doubling")
    assert started["output"] == {"number": 4, "result": {"number": 8}}
    assert started["input"] == {"number": 4}
    assert started["currentStates"] == []
    path = f"workflow-instances/{started['id']}"
    assert await call(http, "GET", path) == (200, started)
    _, states = await call(http, "GET", f"{path}/states")
    assert [(each["state"], each["type"], each["attempts"]) for each in states["items"]] == [
        ("Double", "Task", 1),
        ("Done", "Succeed", 0),
    ]
    _, first = await call(http, "GET", f"{path}/history", limit="5")
    _, second = await call(http, "GET", f"{path}/history", limit="5", after=first["next"])
    assert [event["id"] for event in first["items"] + second["items"]] == list(range(1, 10))
    assert second["next"] is None


async def test_a_running_instance_shows_its_state_and_can_be_cancelled(http: aiohttp.ClientSession) -> None:
    _, started = await call(http, "POST", "workflow-instances", {"workflowDefinitionId": "waiting"})
    assert (started["status"], started["currentStates"], started["output"]) == ("RUNNING", ["Wait"], None)
    path = f"workflow-instances/{started['id']}"
    status, cancelled = await call(http, "POST", f"{path}/cancel", {"error": "Changed", "cause": "of mind"})
    assert (status, cancelled["status"], cancelled["error"]) == (200, "ABORTED", "Changed")
    assert await call(http, "POST", f"{path}/cancel") == (200, cancelled)


async def test_branches_run_side_by_side(http: aiohttp.ClientSession) -> None:
    _, started = await call(http, "POST", "workflow-instances", {"workflowDefinitionId": "side-by-side"})
    path = f"workflow-instances/{started['id']}"
    assert sorted(started["currentStates"]) == ["Both", "Left", "Right"]
    _, ended = await call(http, "GET", path, wait="20")
    assert ended["status"] == "SUCCEEDED"
    _, states = await call(http, "GET", f"{path}/states")
    found = {each["state"]: each for each in states["items"]}
    assert list(found) == ["Both", "Left", "Right", "Done"]
    assert (found["Left"]["attempts"], found["Left"]["error"]) == (2, "GatewayUnavailable")
    assert all(each["leftAt"] for each in found.values())


async def test_waiting_ends_with_the_instance_or_the_time(http: aiohttp.ClientSession) -> None:
    body: dict[str, Any] = {"workflowDefinitionId": "resting", "input": {"seconds": 60}}
    _, started = await call(http, "POST", "workflow-instances", body)
    _, early = await call(http, "GET", f"workflow-instances/{started['id']}", wait="0.01")
    assert early["status"] == "RUNNING"
    _, started = await call(http, "POST", "workflow-instances", body | {"input": {"seconds": 0.2}})
    before = time.monotonic()
    _, ended = await call(http, "GET", f"workflow-instances/{started['id']}", wait="60")
    assert ended["status"] == "SUCCEEDED"
    assert time.monotonic() - before < 50


async def test_lists_are_filtered_and_paged(http: aiohttp.ClientSession) -> None:
    name = unique("listed")
    await call(http, "POST", "workflow-definitions", {"id": name, "definition": PASS})
    for index in range(3):
        body = {"workflowDefinitionId": name, "name": f"run-{index}"}
        await call(http, "POST", "workflow-instances", body, wait="10")
    query = {"workflowDefinitionId": name, "status": "SUCCEEDED", "limit": "2"}
    _, first = await call(http, "GET", "workflow-instances", **query)
    _, second = await call(http, "GET", "workflow-instances", **query, after=first["next"])
    assert [each["id"] for each in first["items"] + second["items"]] == [f"{name}:run-{index}" for index in (2, 1, 0)]
    _, none = await call(http, "GET", "workflow-instances", workflowDefinitionId=name, status="FAILED")
    assert none == {"items": [], "next": None}
    _, definitions = await call(http, "GET", "workflow-definitions", limit="1")
    assert len(definitions["items"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "said"),
    [
        ("GET", "workflow-definitions/absent", None, 404, "StateMachineDoesNotExist", "absent"),
        ("GET", "workflow-instances/doubling:absent", None, 404, "ExecutionDoesNotExist", "absent"),
        ("GET", "workflow-instances/absent", None, 404, "ExecutionDoesNotExist", "absent"),
        ("GET", "workflow-instances?limit=0", None, 400, "InvalidRequest", "limit is '0'; it must be from 1 to 200"),
        ("GET", "workflow-instances?status=LOST", None, 400, "InvalidRequest", "status is 'LOST'"),
        ("GET", "workflow-instances?after=x", None, 400, "InvalidToken", "x"),
        ("GET", "workflow-instances/doubling:x?wait=61", None, 400, "InvalidRequest", "from 0 to 60 seconds"),
        ("GET", "workflow-instances/doubling:x?wait=nan", None, 400, "InvalidRequest", "from 0 to 60 seconds"),
        (
            "POST",
            "workflow-instances",
            {"input": {}},
            400,
            "InvalidRequest",
            "missing required field `workflowDefinitionId`",
        ),
        ("POST", "workflow-instances", {"workflowDefinitionId": "absent"}, 404, "StateMachineDoesNotExist", "absent"),
        ("POST", "workflow-definitions", {"definition": PASS}, 400, "InvalidRequest", "neither id nor name"),
        ("POST", "workflow-definitions", {"id": "a b", "definition": PASS}, 400, "InvalidName", "a b"),
        ("GET", "nothing", None, 404, "NotFound", ""),
        ("DELETE", "workflow-instances", None, 405, "MethodNotAllowed", ""),
    ],
)
async def test_problems(
    http: aiohttp.ClientSession, method: str, path: str, body: object, status: int, code: str, said: str
) -> None:
    async with http.request(method, path, json=body, headers={"X-Request-Id": "mine-1"}) as response:
        problem = await response.json(content_type="application/problem+json")
        assert response.headers["X-Request-Id"] == "mine-1"
    assert (response.status, problem["status"], problem["code"]) == (status, status, code)
    assert problem["requestId"] == "mine-1"
    assert said in problem["detail"]


async def test_a_bad_definition_names_every_problem(http: aiohttp.ClientSession) -> None:
    bad = {"StartAt": "X", "States": {"A": {"Type": "Nap"}}}
    status, problem = await call(http, "POST", "workflow-definitions", {"id": "bad", "definition": bad})
    assert (status, problem["code"]) == (400, "InvalidDefinition")
    assert {each["path"] for each in problem["errors"]} >= {"$.StartAt", "$.States.A.Type"}


async def test_other_content_types_are_refused(http: aiohttp.ClientSession) -> None:
    async with http.post("workflow-instances", data="a=b", headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415


async def test_long_bodies_are_refused(http: aiohttp.ClientSession, live: LiveEngine) -> None:
    body = io.BytesIO(b" " * (live.settings.request_max_bytes + 1))
    headers = {"Content-Type": "application/json"}
    async with http.post("workflow-instances", data=body, headers=headers) as response:
        assert response.status == 413
        assert (await response.json(content_type="application/problem+json"))["code"] == "RequestEntityTooLarge"


async def test_starting_twice_by_name_gives_the_same_instance(http: aiohttp.ClientSession) -> None:
    body = {"workflowDefinitionId": "waiting", "name": unique("same")}
    _, first = await call(http, "POST", "workflow-instances", body)
    assert (await call(http, "POST", "workflow-instances", body))[1]["id"] == first["id"]
    assert (await call(http, "POST", "workflow-instances", body | {"input": 1}))[0] == 409
    await call(http, "POST", f"workflow-instances/{first['id']}/cancel")


async def test_express_definitions_are_not_started_here(http: aiohttp.ClientSession, live: LiveEngine) -> None:
    name = unique("express")
    live.client().create_state_machine(
        name=name, definition=json.dumps(PASS), roleArn="arn:aws:iam::000000000000:role/rest", type="EXPRESS"
    )
    status, problem = await call(http, "POST", "workflow-instances", {"workflowDefinitionId": name})
    assert (status, problem["code"]) == (400, "StateMachineTypeNotSupported")
    assert "start it with StartSyncExecution" in problem["detail"]
