"""The outbox in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from engine.storage.outbox import EXPRESS, MOST_COUNTED, Backlog, StatusChange, new_statuses
from engine.storage.records import Execution, Write
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.executions import read_execution
from engine.storage.sqlite.leadership import require_term
from engine.storage.sqlite.values import from_time, marks, now, to_id, to_time

_READ: Final = "select * from outbox where execution_id not in ({}) order by id limit ?"
_REMOVE: Final = "delete from outbox where id = ?"
_COUNT: Final = "select count(*) as pending from (select id from outbox limit ?)"
_OLDEST: Final = "select occurred_at from outbox order by id limit 1"
_EXECUTION: Final = """
select e.redrive_count, r.execution_type
from executions as e left join map_runs as r on r.id = e.state_machine_id
where e.id = ?
"""
_ADD: Final = """
insert into outbox (execution_id, redrive_count, status, occurred_at, error, cause) values (?, ?, ?, ?, ?, ?)
"""


class SqliteOutbox:
    """See `Outbox`."""

    _database: Database

    async def status_changes(self, limit: int, excluded: Sequence[UUID] = ()) -> list[StatusChange]:
        """See `Outbox.status_changes`."""
        keys = [key.bytes for key in excluded]
        return [_change(row) for row in await self._database.rows(_READ.format(marks(keys)), *keys, limit)]

    async def executions_by_id(self, execution_ids: Sequence[UUID]) -> list[Execution]:
        """See `Outbox.executions_by_id`."""

        def work(connection: sqlite3.Connection) -> list[Execution]:
            found = [read_execution(connection, key) for key in set(execution_ids)]
            return [execution for execution in found if execution is not None]

        return await self._database.read(work)

    async def remove_published(self, term: int, ids: Sequence[int]) -> None:
        """See `Outbox.remove_published`."""

        def work(connection: sqlite3.Connection) -> None:
            require_term(connection, term)
            connection.executemany(_REMOVE, [(key,) for key in ids])

        await self._database.write(work)

    async def backlog(self) -> Backlog:
        """See `Outbox.backlog`."""

        def work(connection: sqlite3.Connection) -> Backlog:
            pending: int = connection.execute(_COUNT, (MOST_COUNTED,)).fetchone()["pending"]
            oldest = connection.execute(_OLDEST).fetchone()
            return Backlog(pending, None if oldest is None else to_time(oldest["occurred_at"]))

        return await self._database.read(work)


def announce(connection: sqlite3.Connection, write: Write) -> None:
    """Write down what an applied write made of its execution's status, in the transaction that is under way."""
    statuses = list(new_statuses(write))
    if not statuses:
        return
    key = write.execution_id.bytes
    execution = connection.execute(_EXECUTION, (key,)).fetchone()
    if execution["execution_type"] == EXPRESS:
        return
    for new in statuses:
        at = now() if new.at is None else from_time(new.at)
        connection.execute(_ADD, (key, execution["redrive_count"], new.status, at, new.error, new.cause))


def _change(row: sqlite3.Row) -> StatusChange:
    return StatusChange(
        id=row["id"],
        execution_id=to_id(row["execution_id"]),
        redrive_count=row["redrive_count"],
        status=row["status"],
        occurred_at=to_time(row["occurred_at"]),
        error=row["error"],
        cause=row["cause"],
    )
