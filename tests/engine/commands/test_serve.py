import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import requests

import engine
from engine.commands.dev import dev_settings
from engine.commands.serve import processes
from engine.processes.cores import usable_cores
from engine.settings import load_settings
from tests.engine.commands.processes import COMPONENT, EXAMPLE, LONGEST_SECONDS, SECRET, Command, read_until, started


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
    settings = {"AUTHENTICATION": "optional", "WORKFLOW_COMPONENTS": str(COMPONENT), "SHUTDOWN_DRAIN_SECONDS": "4"}
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
    assert "bad.asl.json:1:2: $.StartAt" in done.stderr


def test_a_process_for_each_core_only_where_they_can_share_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    auto = {"ENGINE_PROCESSES": "auto"}
    database = {"WORKFLOW_DB_HOST": "db", "WORKFLOW_DB_PASSWORD": "hidden-one"}
    assert processes(load_settings(auto)) == 1
    assert processes(load_settings(auto | database)) == usable_cores()
    assert processes(load_settings({"ENGINE_PROCESSES": "3"} | database)) == 3
    assert processes(load_settings(database)) == 1
    monkeypatch.setenv("ENGINE_PROCESSES", "4")
    assert processes(dev_settings(None)) == 1


def test_several_processes_need_postgresql_and_say_every_problem_once(run: Command) -> None:
    done = run("serve", ENGINE_PROCESSES="2", LOG_LEVEL="info")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("engine: ENGINE_PROCESSES is '2'; it must be 1 or auto while WORKFLOW_DB_HOST is not set: ")
    wrong = run("serve", ENGINE_PROCESSES="many", LOG_LEVEL="loud", WORKFLOW_DB_HOST="db")
    assert sorted(line.split()[1] for line in wrong.stderr.splitlines()) == ["ENGINE_PROCESSES", "LOG_LEVEL"]


def test_a_port_that_is_taken_is_named_before_any_process_starts(run: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run(
            "serve", ENGINE_PROCESSES="2", WORKFLOW_DB_HOST="db", AUTHENTICATION="optional", MANAGEMENT_PORT=port
        )
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"engine: MANAGEMENT_PORT: can't listen on 127.0.0.1:{port}: ")
