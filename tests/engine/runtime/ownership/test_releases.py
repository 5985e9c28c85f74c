"""Executions that an older engine left behind go on where they were."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.command import upgrade

from engine.storage import open_storage
from engine.storage.migrations import migrate
from tests.engine.runtime.conftest import Launch
from tests.engine.runtime.support import ORGANIZATION, ROLE, Tasks, events
from tests.support.postgres import Databases

LEFT = json.loads((Path(__file__).parent / "first_release.json").read_bytes())
"""What the engine of schema 0001 had stored of an execution: in a Parallel state a task, a Map and a Wait."""

MACHINE, EXECUTION = UUID(int=1), UUID(int=2)
ROWS = (
    ("insert into organizations (name, account) values (%s, '000000000000')", (ORGANIZATION,)),
    (
        """
        insert into state_machines (id, organization, name, kind, version, created_at)
        values (%s, %s, 'orders', 'STANDARD', 1, %s)
        """,
        (MACHINE, ORGANIZATION, LEFT["started_at"]),
    ),
    (
        """
        insert into state_machine_versions (state_machine_id, version, definition, role_arn, description, created_at)
        values (%s, 1, %s, %s, '', %s)
        """,
        (MACHINE, json.dumps(LEFT["definition"]), ROLE, LEFT["started_at"]),
    ),
    (
        """
        insert into executions (id, state_machine_id, version, name, status, input, started_at)
        values (%s, %s, 1, 'old', 'RUNNING', %s, %s)
        """,
        (EXECUTION, MACHINE, json.dumps(LEFT["input"]), LEFT["started_at"]),
    ),
    (
        "insert into active_executions (execution_id, owner, sequence, snapshot) values (%s, 7, %s, %s)",
        (EXECUTION, LEFT["sequence"], json.dumps(LEFT["snapshot"]).encode()),
    ),
    *(
        (
            "insert into history (execution_id, event_id, last_event_id, events) values (%s, %s, %s, %s)",
            (EXECUTION, commit["first"], commit["last"], json.dumps(commit["events"]).encode()),
        )
        for commit in LEFT["history"]
    ),
)


@pytest.fixture
def url(databases: Databases, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database with the first schema and the execution, migrated to the latest."""
    url = databases.empty()
    with monkeypatch.context() as older:
        older.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
        assert migrate(url, report=lambda _: None) == ["0001"]
    with psycopg.connect(url) as connection:
        for statement, values in ROWS:
            connection.execute(statement, values)
    migrate(url, report=lambda _: None)
    return url


async def test_an_old_execution_goes_on(url: str, launch: Launch) -> None:
    tasks = Tasks()
    tasks.gate.set()
    engine = await launch(open_storage(url, pool_size=3), tasks)
    arn = "arn:aws:states:us-east-1:000000000000:execution:orders:old"
    over = await engine.wait_for_execution(ORGANIZATION, arn, 60)
    state = {"n": 1, "items": [1, 2]}
    assert (over.status, json.loads(over.output or "")) == ("SUCCEEDED", {**state, "both": [state, [1, 2], state]})
    assert tasks.runs() == {"Gate": 1, "One": 2}
    history = await events(engine, over)
    assert history[15].type == "TaskScheduled"
    assert [event.type for event in history].count("TaskSucceeded") == 4
