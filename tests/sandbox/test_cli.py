"""The sandbox as a process of its own."""

import contextlib
import io
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import boto3
import psutil
import psycopg
import pytest

from sandbox.cli import main
from tests.sandbox.stack import PROGRAMS, REGION, wait_for


class Said(NamedTuple):
    """Exit code, standard output, standard error."""

    code: int
    output: str
    errors: str


class Command:
    """`python -m sandbox` with a directory and a network of its own."""

    def __init__(self, directory: Path, network: str) -> None:
        self.directory = directory
        self.network = network

    def run(self, command: str, *rest: str) -> "Said":
        """Run a command in this process; `start` makes a process of its own."""
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            code = main([command, f"--directory={self.directory}", *rest])
        return Said(code, output.getvalue(), errors.getvalue())

    def start(self, *options: str) -> "Said":
        return self.run("start", f"--network={self.network}", "--aws-port=0", *options)

    @property
    def state(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.directory / "sandbox.json").read_bytes())
        return found

    def children(self) -> list[psutil.Process]:
        return psutil.Process(int(str(self.state["pid"]))).children(recursive=True)


@pytest.fixture
def command(tmp_path: Path, other_network: str) -> Iterator[Command]:
    made = Command(tmp_path / "sandbox", other_network)
    yield made
    made.run("stop")


def _create_database(endpoint: str) -> str:
    rds = boto3.client("rds", endpoint_url=endpoint, region_name=REGION)
    found = rds.create_db_instance(
        DBInstanceIdentifier="orders",
        Engine="postgres",
        DBInstanceClass="db.t3.micro",
        AllocatedStorage=20,
        MasterUsername="master",
        MasterUserPassword="correct-horse",
        DBName="orders",
    )["DBInstance"]["Endpoint"]
    return f"postgresql://master:correct-horse@{found['Address']}:{found['Port']}/orders"


def test_start_status_push_stop(command: Command) -> None:
    assert json.loads(command.run("status").output) == {"running": False, "directory": str(command.directory)}
    assert command.start().code == 0
    again = command.start()
    assert (again.code, again.output.startswith("The sandbox runs already")) == (0, True)
    endpoint = str(command.state["awsEndpointUrl"])
    boto3.client("ecr", endpoint_url=endpoint, region_name=REGION).create_repository(repositoryName="engine")
    push = ("push", "engine:v1", '--entrypoint=["python"]', f"--working-directory={PROGRAMS}")
    first, second = command.run(*push), command.run(*push)
    assert first.output.startswith("sha256:")
    assert first.output == second.output
    assert "must be a list of strings" in command.run(*push[:2], "--entrypoint=x", push[3]).errors
    dsn = _create_database(endpoint)
    status = json.loads(command.run("status").output)
    assert (status["running"], status["incarnation"]) == (True, command.state["incarnation"])
    assert status["databases"]["orders"] in dsn
    children = command.children()
    stopped = command.run("stop")
    assert (stopped.code, stopped.output) == (0, "The sandbox is stopped.\n")
    assert not [child for child in children if child.is_running()]
    assert not (command.directory / "sandbox.json").exists()
    assert command.run("stop").output == "No sandbox was running.\n"


def test_after_kill_9_nothing_runs_and_the_next_start_finds_its_data(command: Command) -> None:
    command.start()
    before = command.state
    with psycopg.connect(_create_database(str(before["awsEndpointUrl"]))) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
    children = command.children()
    assert children
    os.kill(int(str(before["pid"])), signal.SIGKILL)
    wait_for(lambda: not [child for child in children if child.is_running()])
    assert json.loads(command.run("status").output)["running"] is False
    assert command.start().code == 0
    assert command.state["incarnation"] != before["incarnation"]
    with psycopg.connect(_create_database(str(command.state["awsEndpointUrl"]))) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (7,)


def test_what_is_in_the_way_is_told_in_one_sentence(command: Command, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        failed = command.run("start", f"--network={command.network}", f"--aws-port={port}")
    assert failed.code == 1
    assert f"127.0.0.1:{port} can't be listened on" in failed.errors
    assert "choose another port" in failed.errors
    assert "Traceback" not in failed.errors
    command.start()
    second = command.run("serve", f"--network={command.network}", "--aws-port=0")
    assert (second.code, second.errors.count("\n")) == (1, 1)
    assert second.errors.startswith("A sandbox already runs in")
    third = Command(tmp_path / "third", command.network).start()
    assert third.code == 1
    assert "choose another --network" in third.errors


def test_push_without_a_sandbox_says_what_to_do(command: Command) -> None:
    pushed = command.run("push", "engine:v1", '--entrypoint=["x"]', "--working-directory=.")
    assert pushed.code == 1
    assert "start it with `python -m sandbox start`" in pushed.errors
