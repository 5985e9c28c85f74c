"""The AWS SDK for JavaScript."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.engines import KEY, SECRET
from tests.engine.api.live import LiveEngine

FOLDER = Path(__file__).parent / "javascript"


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages of the lock file; installed anew when it is newer than they are.

    Without Node.js the test is skipped, and in CI it fails.
    """
    if not (shutil.which("node") and shutil.which("npm")):
        sentence = "The SDK for JavaScript was not tried: node and npm aren't on PATH."
        pytest.fail(sentence, pytrace=False) if os.environ.get("CI") else pytest.skip(sentence)
    installed = FOLDER / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (FOLDER / "package-lock.json").stat().st_mtime:
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=FOLDER, check=True, capture_output=True
        )
    return installed.parent


def test_a_scenario(engine: LiveEngine, node_modules: Path) -> None:
    assert node_modules.is_dir()
    environment = {**os.environ, "ENGINE_URL": engine.api, "ENGINE_KEY": KEY, "ENGINE_SECRET": SECRET}
    run = subprocess.run(
        ["node", "scenario.mjs"], cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout)
    assert (told["activity"]["status"], told["activity"]["startIsDate"]) == ("SUCCEEDED", True)
    assert json.loads(told["activity"]["output"]) == {"number": 21}
    assert told["activity"]["types"] == [
        "ExecutionStarted",
        "TaskStateEntered",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert told["express"] == {"status": "SUCCEEDED", "output": '{"hello":"node"}'}
    assert told["refusal"] == {
        "name": "InvalidArn",
        "message": "Invalid Arn: 'Invalid ARN prefix: nonsense'",
        "status": 400,
    }


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (FOLDER / "package-lock.json").read_text(encoding="utf-8")
