"""REST v1: pausing, resuming, stopping with children, deleting data."""

import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.engine.api.live import LiveEngine


@pytest.fixture
async def http(live: LiveEngine) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"{live.api}/api/v1/") as session:
        yield session


async def call(
    http: aiohttp.ClientSession, method: str, path: str, body: object = None, **query: str
) -> tuple[int, Any]:
    async with http.request(method, path, json=body, params=query) as response:
        return response.status, await response.json(content_type=None)


async def started(http: aiohttp.ClientSession, definition: str, **body: object) -> str:
    """Start an instance and give its path."""
    _, instance = await call(http, "POST", "workflow-instances", {"workflowDefinitionId": definition, **body})
    return f"workflow-instances/{instance['id']}"


async def test_a_paused_instance_says_so(http: aiohttp.ClientSession, live: LiveEngine) -> None:
    path = await started(http, "resting", input={"seconds": 1})
    status, paused = await call(http, "POST", f"{path}/pause")
    assert (status, paused["status"], paused["currentStates"]) == (200, "PAUSED", ["Rest"])
    assert paused["pausedAt"]
    assert await call(http, "POST", f"{path}/pause") == (200, paused)
    _, listed = await call(http, "GET", "workflow-instances", workflowDefinitionId="resting", status="RUNNING")
    assert {each["id"]: each["status"] for each in listed["items"]}[paused["id"]] == "PAUSED"
    chosen = {"workflowDefinitionId": "resting", "status": "PAUSED"}
    assert [each["id"] for each in (await call(http, "GET", "workflow-instances", **chosen))[1]["items"]] == [
        paused["id"]
    ]
    assert live.client().describe_execution(executionArn=paused["arn"])["status"] == "RUNNING"
    status, resumed = await call(http, "POST", f"{path}/resume")
    assert (status, resumed["status"], resumed["pausedAt"]) == (200, "RUNNING", None)
    assert (await call(http, "GET", "workflow-instances", **chosen))[1]["items"] == []
    _, ended = await call(http, "GET", path, wait="20")
    assert ended["status"] == "SUCCEEDED"
    for what in ("pause", "resume"):
        status, problem = await call(http, "POST", f"{path}/{what}")
        assert (status, problem["code"]) == (409, "ConflictException")


async def test_data_is_deleted_and_a_proof_stays(http: aiohttp.ClientSession) -> None:
    path = await started(http, "doubling", input={"number": 4711})
    _, ended = await call(http, "GET", path, wait="20")
    assert "4711" in str(ended)
    assert (await call(http, "GET", f"{path}/data"))[0] == 404
    status, proof = await call(http, "DELETE", f"{path}/data")
    assert (status, proof["requestedBy"]) == (200, "anonymous")
    assert re.fullmatch("[0-9a-f]{64}", proof["sha256"])
    assert proof["finishedAt"]
    _, after = await call(http, "GET", path)
    assert (after["status"], after["input"], after["output"]) == ("DATA_DELETED", {}, None)
    _, history = await call(http, "GET", f"{path}/history")
    assert "4711" not in str(history)
    _, states = await call(http, "GET", f"{path}/states")
    assert [each["state"] for each in states["items"]] == ["Double", "Done"]
    assert await call(http, "DELETE", f"{path}/data") == (200, proof)
    assert await call(http, "GET", f"{path}/data") == (200, proof)


async def test_a_running_instance_is_stopped_first_if_asked(http: aiohttp.ClientSession, live: LiveEngine) -> None:
    path = await started(http, "waiting", input={"who": "secret"})
    status, problem = await call(http, "DELETE", f"{path}/data")
    assert (status, problem["code"]) == (409, "ConflictException")
    assert (await call(http, "DELETE", f"{path}/data", stop="perhaps"))[0] == 400
    status, proof = await call(http, "DELETE", f"{path}/data", stop="true")
    assert status == 200
    assert proof["finishedAt"]
    _, after = await call(http, "GET", path)
    assert after["status"] == "DATA_DELETED"
    assert live.client().describe_execution(executionArn=after["arn"])["status"] == "ABORTED"


async def test_children_are_stopped_on_request(http: aiohttp.ClientSession, live: LiveEngine) -> None:
    machine = live.client().list_state_machines()["stateMachines"]
    waiting = next(each["stateMachineArn"] for each in machine if each["name"] == "waiting")
    name = f"parent-{uuid.uuid4().hex[:8]}"
    child = f"child-{uuid.uuid4().hex[:8]}"
    parameters = {"StateMachineArn": waiting, "Name": child, "Input": {}}
    start = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "Parameters": parameters}
    rest = {"Type": "Wait", "Seconds": 600, "End": True}
    definition = {"StartAt": "Start", "States": {"Start": {**start, "Next": "Rest"}, "Rest": rest}}
    await call(http, "POST", "workflow-definitions", {"id": name, "definition": definition})
    path = await started(http, name)
    while (await call(http, "GET", path))[1]["currentStates"] != ["Rest"]:
        pass
    assert (await call(http, "POST", f"{path}/cancel"))[1]["status"] == "ABORTED"
    assert (await call(http, "GET", f"workflow-instances/waiting:{child}"))[1]["status"] == "RUNNING"
    await call(http, "POST", f"{path}/cancel", {"children": True, "error": "Over"})
    _, stopped = await call(http, "GET", f"workflow-instances/waiting:{child}", wait="20")
    assert (stopped["status"], stopped["error"]) == ("ABORTED", "Over")
