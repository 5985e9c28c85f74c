import signal
import socket
from pathlib import Path

import jwt
import pytest

import engine
from tests.engine.commands.processes import LONGEST_SECONDS, SECRET, Command, read_until, started


def test_token(run: Command) -> None:
    refused = run("token", "--organization", "a b", JWT_SECRET=SECRET)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "'a b' is not the name of an organization" in refused.stderr
    done = run("token", "--organization", "acme", JWT_SECRET=SECRET, JWT_EXPIRY="1h")
    claims = jwt.decode(done.stdout.strip(), SECRET, algorithms=["HS256"])
    assert (claims["org"], claims["sub"], claims["exp"] - claims["iat"]) == ("acme", "operator", 3600)
    without = run("token")
    assert (without.returncode, without.stderr) == (1, "engine: JWT_SECRET must be set to sign a token\n")


def test_healthcheck_fails_where_nothing_lives(run: Command) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # nobody else gets the port, and nobody listens
        port = deaf.getsockname()[1]
        done = run("healthcheck", MANAGEMENT_SERVER_PORT=str(port), MANAGEMENT_PORT="", HOST="0.0.0.0")
    assert done.returncode == 1
    assert done.stderr.startswith(f"engine: http://127.0.0.1:{port}/health/live: ")


def test_wrong_command_lines(run: Command) -> None:
    assert run().returncode == 2
    assert run("fly").returncode == 2
    assert run("--version").stdout.strip() == engine.__version__


@pytest.mark.parametrize("command", ["serve", "dev", "run", "migrate", "validate", "schema", "token", "healthcheck"])
def test_every_command_explains_itself(run: Command, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"usage: engine {command}" in done.stdout


SLEEPING = """
import time
from engine.tasks import handler

@handler("nap")
def nap() -> None:
    print("asleep", flush=True)
    time.sleep(600)
"""


def test_a_handler_in_a_thread_does_not_hold_up_the_end(tmp_path: Path) -> None:
    (tmp_path / "handlers.py").write_text(SLEEPING)
    file = tmp_path / "nap.asl.yaml"
    file.write_text("StartAt: S\nStates:\n  S: {Type: Task, Resource: 'handler:nap', End: true}\n")
    with started(tmp_path, "run", str(file)) as process:
        read_until(process, "asleep")
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_SECONDS) == 130
