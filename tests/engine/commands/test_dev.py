import json
import re
import signal
from pathlib import Path

import boto3
import requests

from tests.engine.commands.processes import EXAMPLE, LONGEST_SECONDS, Command, finished, read_until, started

ROLE = "arn:aws:iam::000000000000:role/any"
HANDLERS = """
from engine.tasks import handler

@handler("{name}")
def work() -> str:
    return "{name}"
"""
DEFINITION = "StartAt: S\nStates:\n  S: {{Type: Task, Resource: '{resource}', End: true}}\n"


def test_dev_runs_the_example_to_its_end(tmp_path: Path) -> None:
    done = finished(tmp_path, "dev", str(EXAMPLE), "--once")
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
    done = finished(tmp_path, "dev", str(EXAMPLE), "--once", "--input", str(EXAMPLE / "input-out-of-stock.json"))
    assert done.returncode == 1
    assert "Error OutOfStock: 9 of espresso-machine were ordered and 2 can be had" in done.stdout
    missing = run("dev", str(EXAMPLE), "--input", "absent.json")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("engine: absent.json is not a JSON file that can be read")


def test_dev_goes_on_where_it_was_killed(tmp_path: Path) -> None:
    ledger = {"ORDER_LEDGER": str(tmp_path / "ledger"), "PROCESS_LEASE_SECONDS": "1"}
    with started(tmp_path, "dev", str(EXAMPLE), **ledger) as process:
        name = read_until(process, r"^order-processing \S+ started").split()[1]
        read_until(process, "ReserveStock  left")
        process.kill()
        process.wait()
    with started(tmp_path, "dev", str(EXAMPLE), **ledger) as process:
        read_until(process, rf"order-processing {name} SUCCEEDED")
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_SECONDS) == 0


def test_dev_needs_what_its_options_are_about(run: Command) -> None:
    once = run("dev", "--once")
    assert (once.returncode, once.stderr) == (
        1,
        "engine: --once needs an execution to end with: give DIR, with an input.json in it or with --input\n",
    )
    given = run("dev", "--input", str(EXAMPLE / "input.json"))
    assert (given.returncode, given.stderr) == (
        1,
        "engine: --input needs a definition that it is for: give DIR, a folder that holds one\n",
    )


def test_dev_without_a_folder_serves_what_clients_create(tmp_path: Path) -> None:
    with started(tmp_path, "dev") as process:
        read_until(process, "^Definitions  none yet$")
        url = read_until(process, "^API").split()[1]
        client = boto3.client(
            "stepfunctions",
            region_name="us-east-1",
            endpoint_url=url,
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )
        definition = '{"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}'
        arn = client.create_state_machine(name="made", definition=definition, roleArn=ROLE)["stateMachineArn"]
        client.start_execution(stateMachineArn=arn, name="first")
        read_until(process, "^made first SUCCEEDED")
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_SECONDS) == 0


def test_dev_serves_what_changes(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()

    def write(name: str, resource: str) -> None:
        (folder / "handlers.py").write_text(HANDLERS.format(name=name))
        (folder / "work.asl.yaml").write_text(DEFINITION.format(resource=resource))

    write("first", "handler:first")
    with started(tmp_path, "dev", str(folder)) as process:
        url = f"{read_until(process, '^API').split()[1]}/api/v1/workflow-instances?wait=30"
        read_until(process, "^Database")
        write("second", "arn:aws:states:::aws-sdk:s3:getObjekt")
        read_until(process, r"work.asl.yaml:3:.* has no action 'getObjekt'")
        read_until(process, "^Still serving what was there before.")
        assert requests.post(url, json={"workflowDefinitionId": "work"}, timeout=40).json()["output"] == "first"
        write("second", "handler:second")
        read_until(process, "loaded again")
        assert requests.post(url, json={"workflowDefinitionId": "work"}, timeout=40).json()["output"] == "second"
