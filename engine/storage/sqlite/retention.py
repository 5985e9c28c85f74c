"""Archived executions in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.storage.retention import EMPTY_INPUT, FIRST_ID, LAST_ID, Abandoned, Candidate, Part, Stretch
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.values import from_time, now, to_id, to_time

_EVERYTHING: Final = """
insert into retention_stretches (first, last, due) select :first, :last, 0
where not exists (select 1 from retention_stretches where last = :last and due = 0)
"""
_DUE_STRETCHES: Final = "select id, first, last, due from retention_stretches where due <= ? order by due limit ?"
_SHORTEN: Final = "update retention_stretches set first = ? where id = ?"
_END: Final = "delete from retention_stretches where id = ?"
_ADD: Final = "insert into retention_stretches (first, last, due) values (?, ?, ?)"

# A map run's child has the map run in the place of the state machine.
_CANDIDATES: Final = """
select e.id, e.stopped_at, r.id is not null and (p.stopped_at <= ?) is not true as held
from executions as e
left join map_runs as r on e.items is not null and r.id = e.state_machine_id
left join executions as p on p.id = r.execution_id
where e.id > ? and e.id <= ? and e.archive is null order by e.id limit ?
"""
_RUNNING_MAP_RUNS: Final = "select id from map_runs where status = 'RUNNING' and id > ? and id <= ?"

_BEGIN_ARCHIVE: Final = "insert into archives (name, created_at) values (?, ?) returning id"
_WRITING: Final = "select 1 from archives where id = ? and state = 'writing'"
_ARCHIVE: Final = """
update executions set input = ?, output = null, archive = ?, archive_position = ?, archive_length = ?
where id = ? and archive is null and status <> 'RUNNING' and stopped_at <= ?
"""
_ERASED: Final = """
select 1 from erasures as x join archives as a on a.id = ?
where x.execution_id = ? and (x.finished_at is null or x.finished_at >= a.created_at)
"""
_REMOVE: Final = tuple(
    f"delete from {table} where execution_id = ?"  # noqa: S608 - names from this line
    for table in ("history", "final_snapshots", "payloads")
)
_COMPLETE: Final = "update archives set state = 'complete' where id = ?"
_ABANDON: Final = """
update archives set state = 'abandoned' where state <> 'complete' and created_at < ? returning id, name
"""
_FORGET: Final = "delete from archives where id = ? and state = 'abandoned'"


class SqliteRetention:
    """See `Retention`."""

    _database: Database

    async def due_stretches(self, now: datetime, limit: int) -> list[Stretch]:
        """See `Retention.due_stretches`."""

        def work(connection: sqlite3.Connection) -> list[sqlite3.Row]:
            connection.execute(_EVERYTHING, {"first": FIRST_ID.bytes, "last": LAST_ID.bytes})
            return connection.execute(_DUE_STRETCHES, (from_time(now), limit)).fetchall()

        rows = await self._database.write(work)
        return [Stretch(to_id(row["first"]), to_id(row["last"]), to_time(row["due"]), row["id"]) for row in rows]

    async def candidates(self, after: UUID, last: UUID, limit: int, ended_before: datetime) -> list[Candidate]:
        """See `Retention.candidates`."""
        rows = await self._database.rows(_CANDIDATES, from_time(ended_before), after.bytes, last.bytes, limit)
        return [Candidate(to_id(row["id"]), _time(row["stopped_at"]), bool(row["held"])) for row in rows]

    async def advance(self, stretch: Stretch, position: UUID | None, later: Sequence[Stretch]) -> None:
        """See `Retention.advance`."""

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(_ADD, [(s.after.bytes, s.last.bytes, from_time(s.due)) for s in later])
            if position is None:
                connection.execute(_END, (stretch.id,))
            else:
                connection.execute(_SHORTEN, (position.bytes, stretch.id))

        await self._database.write(work)

    async def map_runs_within(self, after: UUID, last: UUID) -> list[UUID]:
        """See `Retention.map_runs_within`."""
        return [to_id(row["id"]) for row in await self._database.rows(_RUNNING_MAP_RUNS, after.bytes, last.bytes)]

    async def begin_archive(self, name: str) -> int:
        """See `Retention.begin_archive`."""
        [row] = await self._database.change(_BEGIN_ARCHIVE, name, now())
        return int(row["id"])

    async def complete_archive(self, archive: int, parts: Sequence[Part], ended_before: datetime) -> bool:
        """See `Retention.complete_archive`."""

        def work(connection: sqlite3.Connection) -> bool:
            connection.execute("savepoint completion")
            done = connection.execute(_WRITING, (archive,)).fetchone() is not None
            done = done and all(_archive(connection, archive, part, ended_before) for part in parts)
            if done:
                connection.execute(_COMPLETE, (archive,))
            else:
                connection.execute("rollback to completion")
            return done

        return await self._database.write(work)

    async def abandon_archives(self, begun_before: datetime) -> list[Abandoned]:
        """See `Retention.abandon_archives`."""
        rows = await self._database.change(_ABANDON, from_time(begun_before))
        return [Abandoned(row["id"], row["name"]) for row in rows]

    async def forget_archive(self, archive: int) -> None:
        """See `Retention.forget_archive`."""
        await self._database.change(_FORGET, archive)

    async def arrange_history(self, now: datetime, ended_before: datetime | None) -> list[str]:  # noqa: ARG002
        """See `Retention.arrange_history`: the rows go when they are archived."""
        return []


def _archive(connection: sqlite3.Connection, archive: int, part: Part, ended_before: datetime) -> bool:
    key = part.execution_id.bytes
    if connection.execute(_ERASED, (archive, key)).fetchone() is not None:
        return False
    values = (EMPTY_INPUT, archive, part.position, part.length, key, from_time(ended_before))
    if connection.execute(_ARCHIVE, values).rowcount == 0:
        return False
    for statement in _REMOVE:
        connection.execute(statement, (key,))
    return True


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else to_time(microseconds)
