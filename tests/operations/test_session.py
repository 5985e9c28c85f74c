"""Sessions with tasks: what AWS is asked, and what the plugin is started with."""

from __future__ import annotations

import datetime
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from botocore.stub import Stubber

from operations import session
from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.outputs import Outputs
from operations.session import Target

FOUND = Outputs("https://api.example", "eu-west-1", "", "workflow-dev", "", service_name="engine")
TASKS = ("0a1b", "0c2d")
TARGET = Target("workflow-dev", "0a1b", "engine", "0a1b-1")
TOKEN = "the-session's-token"
PLUGIN = """#!{python} -IS
import json, os, sys
with open({record!r}, "w") as record:
    json.dump([sys.argv[1:], json.loads(os.environ[sys.argv[1]])], record)
sys.exit({code})
"""


@pytest.fixture(autouse=True)
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    made = Clients("eu-west-1", sandboxed=True)
    ecs, ssm = made.ecs, made.ssm
    monkeypatch.setattr(Clients, "ecs", ecs)
    monkeypatch.setattr(Clients, "ssm", ssm)
    return made


@pytest.fixture
def ecs(clients: Clients) -> Iterator[Stubber]:
    with Stubber(clients.ecs) as stub:
        yield stub
        stub.assert_no_pending_responses()


def plugin(directory: Path, monkeypatch: pytest.MonkeyPatch, code: int = 0) -> Path:
    """Put a plugin on PATH that writes down what it is given, and ends with `code`."""
    record, program = directory / "record", directory / session.PLUGIN
    program.write_text(PLUGIN.format(python=sys.executable, record=str(record), code=code))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}{os.pathsep}{os.environ['PATH']}")
    return record


def service(stub: Stubber, *, allowed: bool) -> None:
    stub.add_response("describe_services", {"services": [{"serviceName": "engine", "enableExecuteCommand": allowed}]})


def tasks(stub: Stubber, *ids: str) -> None:
    described = [
        {
            "taskArn": f"arn:aws:ecs:eu-west-1:123456789012:task/workflow-dev/{task}",
            "taskDefinitionArn": "td:1",
            "createdAt": datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        }
        for task in ids
    ]
    stub.add_response("list_tasks", {"taskArns": list(ids)})
    stub.add_response("describe_tasks", {"tasks": described})


def chosen(stub: Stubber, task: str) -> None:
    containers = [{"name": "migrate"}, {"name": "engine", "runtimeId": f"{task}-1"}]
    answer = {"tasks": [{"taskArn": f"task/{task}", "containers": containers}]}
    stub.add_response("describe_tasks", answer, {"cluster": "workflow-dev", "tasks": [task]})


@pytest.mark.parametrize(("asked", "found"), [(None, "0a1b"), ("0c", "0c2d")])
def test_the_newest_task_or_the_one_that_was_named(
    clients: Clients, ecs: Stubber, asked: str | None, found: str
) -> None:
    service(ecs, allowed=True)
    tasks(ecs, *TASKS)
    chosen(ecs, found)

    target = session.find_target(clients, FOUND, asked, "engine")

    assert target.name == f"ecs:workflow-dev_{found}_{found}-1"


def test_a_service_that_does_not_allow_it_says_how_to(clients: Clients, ecs: Stubber) -> None:
    service(ecs, allowed=False)

    with pytest.raises(RefusedError, match="Service engine does not allow ECS Exec: set executeCommand"):
        session.find_target(clients, FOUND, None, "engine")


def test_a_task_that_does_not_run_is_refused(clients: Clients, ecs: Stubber) -> None:
    service(ecs, allowed=True)
    tasks(ecs, *TASKS)

    with pytest.raises(RefusedError, match=r"No task 9 of engine runs \(running: 0a1b, 0c2d\)"):
        session.find_target(clients, FOUND, "9", "engine")


def test_a_container_that_has_ended_is_said(clients: Clients, ecs: Stubber) -> None:
    service(ecs, allowed=True)
    tasks(ecs, *TASKS)
    chosen(ecs, "0a1b")

    with pytest.raises(OperationError, match="Container migrate of task 0a1b does not run"):
        session.find_target(clients, FOUND, None, "migrate")


def test_a_stack_without_tasks_is_refused(clients: Clients) -> None:
    empty = Outputs("https://api.example", "eu-west-1", "", "workflow-dev", "")

    with pytest.raises(RefusedError, match="The stack has no service yet"):
        session.find_target(clients, empty, None, "engine")


def test_a_command_runs_and_its_token_is_on_no_command_line(
    clients: Clients, ecs: Stubber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = plugin(tmp_path, monkeypatch)
    answer = {"session": {"sessionId": "s-1", "streamUrl": "wss://stream", "tokenValue": TOKEN}}
    asked = {"cluster": "workflow-dev", "task": "0a1b", "container": "engine", "interactive": True, "command": "ls /"}
    ecs.add_response("execute_command", answer, asked)

    assert session.run_command(clients, TARGET, "ls /") == 0

    words, opened = msgspec.json.decode(record.read_bytes())
    assert words[1:4] == ["eu-west-1", "StartSession", ""]
    assert msgspec.json.decode(words[4]) == {"Target": TARGET.name}
    assert words[5] == "https://ssm.eu-west-1.amazonaws.com"
    assert opened == {"SessionId": "s-1", "StreamUrl": "wss://stream", "TokenValue": TOKEN}
    assert not any(TOKEN in word for word in words)


def test_a_port_is_forwarded(clients: Clients, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = plugin(tmp_path, monkeypatch, code=3)
    answer = {"SessionId": "s-2", "StreamUrl": "wss://stream", "TokenValue": TOKEN}
    parameters = {"portNumber": ["8081"], "localPortNumber": ["9000"]}
    asked = {"Target": TARGET.name, "DocumentName": session.FORWARDING, "Parameters": parameters}
    with Stubber(clients.ssm) as ssm:
        ssm.add_response("start_session", answer, asked)
        assert session.forward(clients, TARGET, 8081, 9000) == 3

    words, opened = msgspec.json.decode(record.read_bytes())
    assert msgspec.json.decode(words[4]) == asked
    assert opened == answer


def test_without_the_plugin_nothing_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(RefusedError, match="session-manager-plugin is not on PATH: install"):
        session.require_plugin()
