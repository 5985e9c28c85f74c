"""docs/schedules.md, followed word for word."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
import requests

from engine.runtime.schedules.configuration import Overlap
from engine.runtime.schedules.expressions import parse_expression
from engine.runtime.schedules.recurrence import CatchUp
from tests.engine.api.live import LiveEngine

GUIDE = Path("docs/schedules.md").read_text(encoding="utf-8")
[CODE] = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
[BODY] = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
EXPRESSIONS = re.findall(r"^\| `((?:cron|rate|at)\(.*?\))` \|", GUIDE, re.MULTILINE)
JSON = {"Content-Type": "application/json"}
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def test_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with LiveEngine() as live:
        url = f"{live.api}/api/v1"
        definition = {"id": "close-the-books", "definition": PASS}
        made = requests.post(
            f"{url}/workflow-definitions", data=json.dumps(definition), headers=JSON, timeout=10
        ).json()
        exec(CODE, {"ENGINE": live.api, "STATE_MACHINE_ARN": made["arn"]})
        assert requests.post(f"{url}/schedules", json=json.loads(BODY), timeout=10).status_code == 201
        items = requests.get(f"{url}/schedules", timeout=10).json()["items"]
        assert [item["name"] for item in items] == ["close-the-books", "every-quarter-of-an-hour"]
        while not requests.get(f"{url}/workflow-instances", timeout=10).json()["items"]:
            pass


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expressions(expression: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_expression(expression, ZoneInfo("UTC"), start).after(start) is not None


def test_all_policies_are_told_of() -> None:
    assert len(EXPRESSIONS) == 6
    for policy in (*get_args(Overlap), *get_args(CatchUp)):
        assert f"| `{policy}`" in GUIDE
