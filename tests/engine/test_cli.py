"""The command line, as processes of their own."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import jwt
import pytest
import requests

import engine
from engine.cli import main

ROOT = Path(__file__).parents[2]
COMPONENT = ROOT / "tests" / "engine" / "api" / "component"
EXAMPLE = ROOT / "examples" / "order-processing"
SECRET = "a secret of thirty-two characters"
LONGEST_SECONDS = 60


def environment(folder: Path, **changes: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HOST": "127.0.0.1",
        "WORKFLOW_ADDR": ":0",
        "MANAGEMENT_PORT": "0",
        "WORKFLOW_DB_FILE": str(folder / "engine.db"),
        "SHUTDOWN_DRAIN_SECONDS": "3",
        **changes,
    }


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Command(Protocol):
    """Runs a command of the engine in a folder, with variables of the environment."""

    def __call__(self, *arguments: str, **changes: str) -> Done: ...


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs commands in this process."""

    def run(*arguments: str, **changes: str) -> Done:
        with monkeypatch.context() as patch:
            patch.setattr("os.environ", environment(tmp_path, **changes))
            patch.chdir(tmp_path)
            try:
                code = main(arguments)
            except SystemExit as exit_:
                code = int(exit_.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def dev(folder: Path, *arguments: str) -> Done:
    """Runs `engine dev` in a process of its own, to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", "dev", str(EXAMPLE), *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(folder: Path, *arguments: str, **changes: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        cwd=folder,
        env=environment(folder, **changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[bytes], pattern: str) -> str:
    """The first line of output that matches."""
    assert process.stdout is not None
    seen = ""
    while select.select([process.stdout], [], [], LONGEST_SECONDS)[0]:
        line = process.stdout.readline().decode()
        seen += line
        if re.search(pattern, line):
            return line
        if not line:
            break
    raise AssertionError(f"no {pattern!r} in:\n{seen}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_serve_until_sigterm(tmp_path: Path, run: Command) -> None:
    changes = {"JWT_SECRET": SECRET, "WORKFLOW_COMPONENTS": str(EXAMPLE), "RINK_ENDPOINTS": "rink-0:8080"}
    with started(tmp_path, "serve", **changes) as process:
        obsolete = json.loads(read_until(process, "obsolete"))
        assert obsolete["settings"] == ["RINK_ENDPOINTS is obsolete: instances find each other through the database"]
        serving = json.loads(read_until(process, '"serving"'))
        assert (serving["level"], serving["version"]) == ("info", engine.__version__)
        assert serving["database"] == f"sqlite:///{tmp_path}/engine.db"
        api, management = (f"http://{address}" for address in serving["addresses"])
        token = run("token", "--subject", "ada", JWT_SECRET=SECRET).stdout.strip()
        headers = {"Authorization": f"Bearer {token}"}
        body = {"workflowDefinitionId": "order-processing", "input": json.loads((EXAMPLE / "input.json").read_text())}
        url = f"{api}/api/v1/workflow-instances?wait=30"
        assert requests.post(url, json=body, headers=headers, timeout=40).json()["status"] == "SUCCEEDED"
        assert requests.get(f"{management}/health/ready", timeout=5).status_code == 200
        check = run("healthcheck", MANAGEMENT_PORT=management.rpartition(":")[2])
        assert (check.returncode, check.stderr) == (0, "")
        process.send_signal(signal.SIGTERM)
        read_until(process, '"stopped"')
        assert process.wait(LONGEST_SECONDS) == 0


def test_sigterm_twice_while_orders_run_loses_none(tmp_path: Path) -> None:
    settings = {"AUTHENTICATION": "optional", "WORKFLOW_COMPONENTS": str(COMPONENT), "SHUTDOWN_DRAIN_SECONDS": "2"}
    orders = [f"o-{number}" for number in range(20)]
    body = {"workflowDefinitionId": "resting"}

    def instances(process: subprocess.Popen[bytes]) -> str:
        serving = json.loads(read_until(process, '"serving"'))
        return f"http://{serving['addresses'][0]}/api/v1/workflow-instances"

    with started(tmp_path, "serve", **settings) as process:
        url = instances(process)
        for number, name in enumerate(orders):
            rested = {"seconds": 0.2 if number % 2 else 30}
            assert requests.post(url, json=body | {"name": name, "input": rested}, timeout=5).status_code == 201
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
        read_until(process, '"stopped"')
        assert process.wait(LONGEST_SECONDS) == 0
    with started(tmp_path, "serve", **settings) as process:
        url = instances(process)
        found = requests.get(url, timeout=5).json()["items"]
        assert {each["id"] for each in found} == {f"resting:{name}" for name in orders}
        assert [each["status"] for each in found if int(each["id"].rpartition("-")[2]) % 2] == ["SUCCEEDED"] * 10
        assert [each["status"] for each in found if not int(each["id"].rpartition("-")[2]) % 2] == ["RUNNING"] * 10


def test_serve_says_in_one_sentence_that_the_database_is_down(run: Command) -> None:
    done = run("serve", WORKFLOW_DB_HOST="127.0.0.1:1", WORKFLOW_DB_PASSWORD="hidden-one")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("engine: PostgreSQL at 127.0.0.1:1 is unavailable: ")


def test_serve_needs_every_component(tmp_path: Path, run: Command) -> None:
    done = run("serve", WORKFLOW_COMPONENTS=str(tmp_path / "absent"))
    assert (done.returncode, done.stderr) == (1, f"engine: {tmp_path}/absent is not a folder\n")


def test_serve_says_every_problem_and_does_not_listen(tmp_path: Path, run: Command) -> None:
    config = tmp_path / "engine.yaml"
    config.write_text("logging: {level: loud}\nLOG_FORMAT: xml\n")
    done = run("serve", "-config", str(config), ENVIRONMENT="dev", RATE_LIMIT_WINDOW="soon")
    assert (done.returncode, done.stdout) == (1, "")
    lines = done.stderr.splitlines()
    assert all(line.startswith("engine: ") for line in lines)
    for name in (
        "LOGGING_LEVEL",
        "LOG_FORMAT",
        "RATE_LIMIT_WINDOW",
        "WORKFLOW_DB_HOST",
        "JWT_SECRET or API_ACCESS_KEYS",
    ):
        assert any(line.startswith(f"engine: {name} ") for line in lines), name


def test_serve_needs_its_components_whole(tmp_path: Path, run: Command) -> None:
    (tmp_path / "bad.asl.json").write_text('{"StartAt": "A", "States": {}}')
    done = run("serve", WORKFLOW_COMPONENTS=str(tmp_path))
    assert done.returncode == 1
    assert "bad.asl.json: $.StartAt" in done.stderr


def test_migrate_can_be_repeated(run: Command) -> None:
    first, second = run("migrate"), run("migrate")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert "revisions applied" in first.stdout
    assert second.stdout == "the schema is up to date\n"


def test_migrate_says_what_it_cannot_reach(run: Command) -> None:
    done = run("migrate", WORKFLOW_DB_HOST="127.0.0.1:9", WORKFLOW_DB_PASSWORD="hidden-one")
    assert done.returncode == 1
    assert done.stderr.startswith("engine: The database workflow at 127.0.0.1:9 can't be reached")
    assert "hidden-one" not in done.stderr


def test_token(run: Command) -> None:
    done = run("token", "--organization", "acme", JWT_SECRET=SECRET, JWT_EXPIRY="1h")
    claims = jwt.decode(done.stdout.strip(), SECRET, algorithms=["HS256"])
    assert (claims["org"], claims["sub"], claims["exp"] - claims["iat"]) == ("acme", "operator", 3600)
    without = run("token")
    assert (without.returncode, without.stderr) == (1, "engine: JWT_SECRET must be set to sign a token\n")


def test_validate(tmp_path: Path, run: Command) -> None:
    bad = tmp_path / "bad.asl.json"
    bad.write_text('{"StartAt": "X", "States": {"A": {"Type": "Nap"}}}')
    good = EXAMPLE / "order-processing.asl.json"
    done = run("validate", str(good), str(bad), str(tmp_path / "absent.json"))
    assert done.returncode == 1
    assert f"{bad}: $.StartAt: " in done.stderr
    assert f"{tmp_path}/absent.json: can't be read" in done.stderr
    assert str(good) not in done.stderr
    assert run("validate", str(good)).stdout == f"{good} is valid\n"


def test_healthcheck_fails_where_nothing_lives(run: Command) -> None:
    port = free_port()
    done = run("healthcheck", MANAGEMENT_SERVER_PORT=str(port), MANAGEMENT_PORT="", HOST="0.0.0.0")
    assert done.returncode == 1
    assert done.stderr.startswith(f"engine: http://127.0.0.1:{port}/health/live: ")


def test_dev_runs_the_example_to_its_end(tmp_path: Path) -> None:
    done = dev(tmp_path, "--once")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "Definitions  order-processing"
    assert re.fullmatch(r"API          http://127\.0\.0\.1:\d+", lines[1])
    states = [match[1] for line in lines if (match := re.search(r"\d  (\w+)  entered", line))]
    assert states[:5] == ["ReserveStock", "ChargeCard", "IsLargeOrder", "CancellationWindow", "Fulfill"]
    assert states[-1] == "OrderCompleted"
    assert any("failed GatewayUnavailable: the payment gateway closed the connection" in line for line in lines)
    assert re.search(r"order-processing \S+ SUCCEEDED after \d", done.stdout)
    assert json.loads(done.stdout.partition("Output\n")[2])["status"] == "COMPLETED"
    assert (tmp_path / ".local" / "dev" / "order-processing.db").exists()


def test_dev_ends_as_the_execution_does(tmp_path: Path, run: Command) -> None:
    done = dev(tmp_path, "--once", "--input", str(EXAMPLE / "input-out-of-stock.json"))
    assert done.returncode == 1
    assert "Error OutOfStock: 9 of espresso-machine were ordered and 2 can be had" in done.stdout
    missing = run("dev", str(EXAMPLE), "--input", "absent.json")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("engine: absent.json is not a JSON file that can be read")


def test_dev_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    ledger = {"ORDER_LEDGER": str(tmp_path / "ledger"), "PROCESS_LEASE_SECONDS": "1"}
    with started(tmp_path, "dev", str(EXAMPLE), **ledger) as process:
        name = read_until(process, r"^order-processing \S+ started").split()[1]
        read_until(process, "ReserveStock  done")
        process.kill()
        process.wait()
    with started(tmp_path, "dev", str(EXAMPLE), **ledger) as process:
        read_until(process, rf"order-processing {name} SUCCEEDED")
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_SECONDS) == 0


def test_wrong_command_lines(run: Command) -> None:
    assert run().returncode == 2
    assert run("fly").returncode == 2
    assert run("--version").stdout.strip() == engine.__version__


@pytest.mark.parametrize("command", ["serve", "dev", "migrate", "validate", "token", "healthcheck"])
def test_every_command_explains_itself(run: Command, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert f"usage: engine {command}" in done.stdout
