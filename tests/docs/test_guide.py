"""docs/guide.md, followed word for word."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
import requests

from engine.api.rest.openapi import PATH as OPENAPI
from engine.cli import main
from tests.engine.api import live
from tests.engine.api.live import LiveEngine

GUIDE = Path("docs/guide.md").read_text(encoding="utf-8")
HANDLERS, CODE = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
[DEFINITION] = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
COMMANDS, CLI, *_ = re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL)
OPERATIONS = re.findall(r"^\| [^|]* \| ([A-Z]\w+(?:, [A-Z]\w+)*) \|", GUIDE, re.MULTILINE)
ROUTES = re.findall(r"`([A-Z]+) (/workflow-instances\S*)`", GUIDE)
ADDRESS = "http://127.0.0.1:8080"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The component that the guide makes."""
    made = tmp_path / "refunds"
    made.mkdir()
    (made / "handlers.py").write_text(HANDLERS)
    (made / "refunds.asl.yaml").write_text(DEFINITION)
    monkeypatch.chdir(tmp_path)
    return made


def test_commands() -> None:
    lines = [shlex.split(line, comments=True)[1:] for line in COMMANDS.splitlines()]
    assert [line[0] for line in lines] == ["validate", "run", "dev"]
    assert [main(line) for line in lines[:-1]] == [0, 0]


def test_an_execution_by_boto3_and_the_aws_cli(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "COMPONENT", folder)
    with LiveEngine() as engine:
        exec(CODE.replace(ADDRESS, engine.api), {})
        arn = "arn:aws:states:us-east-1:000000000000:execution:refunds:o-2"
        assert engine.finished(arn) == "SUCCEEDED"
        aws = f"{Path(sys.executable).parent}/aws"
        script = CLI.replace(ADDRESS, engine.api).replace("\naws ", f"\n{aws} ")
        done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stdout.count('"status": "SUCCEEDED"') == 2
        paths = requests.get(f"{engine.api}{OPENAPI}", timeout=60).json()["paths"]
    for method, path in ROUTES:
        assert method.lower() in paths[f"/api/v1{path.partition('?')[0]}"]


def test_operations_are_those_of_the_service() -> None:
    known = boto3.client("stepfunctions", region_name="us-east-1").meta.service_model.operation_names
    named = {name for row in OPERATIONS for name in row.split(", ")}
    assert len(named) == 9
    assert named <= set(known)
