"""The AWS CLI, as its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.clients.engines import KEY, PASS, ROLE, SECRET
from tests.engine.api.live import LiveEngine

CLI = Path(sys.executable).parent / "aws"


def run(engine: LiveEngine, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": engine.api,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_MAX_ATTEMPTS": "1",
    }
    command = [str(CLI), "stepfunctions", *arguments, "--output", "json"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)


def told(engine: LiveEngine, *arguments: str) -> Any:  # noqa: ANN401 - JSON
    finished = run(engine, *arguments)
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout)


def test_a_machine_and_a_synchronous_execution(engine: LiveEngine) -> None:
    created = told(
        engine, "create-state-machine", "--name", "cli", "--definition", PASS, "--role-arn", ROLE, "--type", "EXPRESS"
    )
    arn = created["stateMachineArn"]
    ran = told(engine, "start-sync-execution", "--state-machine-arn", arn, "--input", '{"a": 1}')
    assert (ran["status"], json.loads(ran["output"])) == ("SUCCEEDED", {"a": 1})
    listed = told(engine, "list-state-machines", "--query", "stateMachines[?name=='cli']")
    assert [machine["type"] for machine in listed] == ["EXPRESS"]


def test_a_refusal(engine: LiveEngine) -> None:
    finished = run(engine, "describe-activity", "--activity-arn", "arn:aws:states:us-east-1:000000000000:activity:none")
    assert finished.returncode == 255
    assert "An error occurred (ActivityDoesNotExist) when calling the DescribeActivity operation" in finished.stderr
