"""Erased data in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from engine.storage.lifecycle import EMPTY, Erasure, chained
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.values import marks, now, to_id, to_time

_DATA: Final = "select input, output, error, cause from executions where id = ?"
_RUNNING: Final = "select 1 from active_executions where execution_id = ?"
_BEGIN: Final = """
insert into erasures (execution_id, requested_at, requested_by) values (?, ?, ?) on conflict do nothing
"""
_FIND: Final = """
select execution_id, requested_at, requested_by, erased_up_to, events, digest, finished_at from erasures
where execution_id in ({marks})
"""
_FIND_ONE: Final = _FIND.format(marks="?")
_EMPTY: Final = "update executions set input = ?, output = null, error = null, cause = null where id = ?"
_SET_DIGEST: Final = "update erasures set digest = ? where execution_id = ?"
_DELETIONS: Final = (
    "delete from final_snapshots where execution_id = ?",
    "delete from messages where execution_id = ?",
    "delete from activity_tasks where execution_id = ?",
    "delete from timers where execution_id = ?",
    "delete from payloads where execution_id = ?",
    "update map_runs set state = x'' where execution_id = ? and status <> 'RUNNING'",
    "update outbox set error = null, cause = null where execution_id = ?",
)

_NEXT: Final = """
select event_id, events from history where execution_id = ? and event_id > ? order by event_id limit ?
"""
_STRIP: Final = "update history set events = ? where execution_id = ? and event_id = ?"
_ADVANCE: Final = "update erasures set erased_up_to = ?, events = events + ?, digest = ? where execution_id = ?"
_FINISH: Final = """
update erasures set finished_at = coalesce(finished_at, ?)
where execution_id = ? and execution_id not in (select execution_id from active_executions)
"""
_UNFINISHED: Final = "select execution_id from erasures where finished_at is null order by execution_id limit ?"


class SqliteErasures:
    """See `Erasures`."""

    _database: Database

    async def begin_erasure(self, execution_id: UUID, requested_by: str) -> Erasure | None:
        """See `Erasures.begin_erasure`."""
        return await self._database.write(lambda connection: _begin(connection, execution_id.bytes, requested_by))

    async def erase_history(self, execution_id: UUID, strip: Callable[[bytes], bytes], limit: int) -> int:
        """See `Erasures.erase_history`."""
        return await self._database.write(lambda connection: _erase(connection, execution_id.bytes, strip, limit))

    async def note_erased(self, execution_id: UUID, erased: Sequence[bytes]) -> None:
        """See `Erasures.note_erased`."""
        await self._database.write(lambda connection: _note(connection, execution_id.bytes, erased))

    async def finish_erasure(self, execution_id: UUID) -> None:
        """See `Erasures.finish_erasure`."""
        await self._database.change(_FINISH, now(), execution_id.bytes)

    async def erasures(self, execution_ids: Sequence[UUID]) -> list[Erasure]:
        """See `Erasures.erasures`."""
        keys = [execution_id.bytes for execution_id in execution_ids]
        return [_erasure(row) for row in await self._database.rows(_FIND.format(marks=marks(keys)), *keys)]

    async def unfinished_erasures(self, limit: int) -> list[UUID]:
        """See `Erasures.unfinished_erasures`."""
        return [to_id(row["execution_id"]) for row in await self._database.rows(_UNFINISHED, limit)]


def _begin(connection: sqlite3.Connection, key: bytes, requested_by: str) -> Erasure | None:
    data = connection.execute(_DATA, (key,)).fetchone()
    if data is None or connection.execute(_RUNNING, (key,)).fetchone():
        return None
    connection.execute(_BEGIN, (key, now(), requested_by))
    known, values = connection.execute(_FIND_ONE, (key,)).fetchone(), list(data)
    if known["finished_at"] is None and values != [EMPTY, None, None, None]:
        connection.execute(_EMPTY, (EMPTY, key))
        connection.execute(_SET_DIGEST, (chained(known["digest"], *((v or "").encode() for v in values)), key))
    for deletion in _DELETIONS:
        connection.execute(deletion, (key,))
    return _erasure(connection.execute(_FIND_ONE, (key,)).fetchone())


def _erase(connection: sqlite3.Connection, key: bytes, strip: Callable[[bytes], bytes], limit: int) -> int:
    known: sqlite3.Row | None = connection.execute(_FIND_ONE, (key,)).fetchone()
    if known is None or known["finished_at"] is not None or connection.execute(_RUNNING, (key,)).fetchone():
        return 0
    rows = connection.execute(_NEXT, (key, known["erased_up_to"], limit)).fetchall()
    if rows:
        digest = chained(known["digest"], *(row["events"] for row in rows))
        connection.executemany(_STRIP, [(strip(row["events"]), key, row["event_id"]) for row in rows])
        connection.execute(_ADVANCE, (rows[-1]["event_id"], len(rows), digest, key))
    return len(rows)


def _note(connection: sqlite3.Connection, key: bytes, erased: Sequence[bytes]) -> None:
    known: sqlite3.Row | None = connection.execute(_FIND_ONE, (key,)).fetchone()
    if known is not None and known["finished_at"] is None and known["events"] == 0:
        connection.execute(_ADVANCE, (0, 1, chained(known["digest"], *erased), key))


def _erasure(row: sqlite3.Row) -> Erasure:
    finished = row["finished_at"]
    return Erasure(
        execution_id=to_id(row["execution_id"]),
        requested_at=to_time(row["requested_at"]),
        requested_by=row["requested_by"],
        events=row["events"],
        digest=row["digest"],
        finished_at=None if finished is None else to_time(finished),
    )
