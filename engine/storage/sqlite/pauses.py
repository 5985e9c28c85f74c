"""Paused executions in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from engine.storage.lifecycle import PAUSED, Pause
from engine.storage.protocol import NOBODY
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.values import from_id, marks, now, to_id, to_time

_OWNER: Final = "select owner from active_executions where execution_id = ?"
_MOVE: Final = "update active_executions set owner = ? where execution_id = ?"
_PAUSE: Final = """
insert into paused_executions (execution_id, paused_at, paused_by, holder) values (?, ?, ?, ?)
on conflict (execution_id) do update set resumed = 0
"""
_FORGET_NEED: Final = "delete from set_aside_executions where execution_id = ?"
_FORGET_PAUSE: Final = "delete from paused_executions where execution_id = ?"
_MARK: Final = """
update paused_executions set resumed = 1
where execution_id = ? and holder in (select epoch from processes where expires_at > ?)
"""
_FREE: Final = """
delete from paused_executions
where {which} and coalesce(holder, 0) not in (select epoch from processes where expires_at > ?)
returning execution_id
"""
_FREE_ONE: Final = _FREE.format(which="execution_id = ?")
_FREE_RESUMED: Final = _FREE.format(which="resumed")
_RESUMED: Final = "select 1 from paused_executions where resumed limit 1"
_HELD: Final = "select execution_id from paused_executions where holder = ?"
_LET_GO: Final = "update paused_executions set holder = null where holder = ? and execution_id = ?"
_TOLD: Final = """
select distinct a.execution_id from active_executions as a join messages as m on m.execution_id = a.execution_id
where a.owner in (-1, -2) and substr(m.data, 1, ?) = ?
"""
_PAUSES: Final = """
select execution_id, paused_at, paused_by from paused_executions where execution_id in ({marks}) and not resumed
"""
_LIST_PAUSED: Final = """
select e.id from paused_executions as p
join executions as e on e.id = p.execution_id
join state_machines as m on m.id = e.state_machine_id
where not p.resumed and m.organization = :organization and m.deleted_at is null
    and (:machine is null or m.name = :machine) and (:before is null or e.id < :before)
order by e.id desc limit :limit
"""


class SqlitePauses:
    """See `Pauses`."""

    _database: Database

    async def pause(self, execution_id: UUID, paused_by: str) -> bool:
        """See `Pauses.pause`."""
        return await self._telling(lambda connection: _pause(connection, execution_id.bytes, paused_by))

    async def resume(self, execution_id: UUID) -> bool:
        """See `Pauses.resume`."""
        return await self._telling(lambda connection: _resume(connection, execution_id.bytes))

    async def held(self, epoch: int) -> list[UUID]:
        """See `Pauses.held`."""
        return [to_id(row["execution_id"]) for row in await self._database.rows(_HELD, epoch)]

    async def let_go(self, epoch: int, execution_ids: Sequence[UUID]) -> None:
        """See `Pauses.let_go`."""

        def work(connection: sqlite3.Connection) -> bool:
            connection.executemany(_LET_GO, [(epoch, execution_id.bytes) for execution_id in execution_ids])
            return _free(connection, _FREE_RESUMED, now())

        await self._telling(work)

    async def free_resumed(self) -> None:
        """See `Pauses.free_resumed`."""
        if await self._database.rows(_RESUMED):
            await self._telling(lambda connection: _free(connection, _FREE_RESUMED, now()))

    async def pauses(self, execution_ids: Sequence[UUID]) -> list[Pause]:
        """See `Pauses.pauses`."""
        statement = _PAUSES.format(marks=marks(execution_ids))
        rows = await self._database.rows(statement, *(execution_id.bytes for execution_id in execution_ids))
        return [Pause(to_id(row["execution_id"]), to_time(row["paused_at"]), row["paused_by"]) for row in rows]

    async def list_paused(self, organization: str, machine: str | None, limit: int, before: UUID | None) -> list[UUID]:
        """See `Pauses.list_paused`."""
        where = {"organization": organization, "machine": machine, "limit": limit, "before": from_id(before)}
        return [to_id(row["id"]) for row in await self._database.named(_LIST_PAUSED, **where)]

    async def awaken(self, execution_id: UUID) -> None:
        """See `Pauses.awaken`."""
        await self._telling(lambda connection: _awaken(connection, execution_id.bytes))

    async def awaken_those_told(self, beginning: bytes) -> None:
        """See `Pauses.awaken_those_told`."""
        for row in await self._database.rows(_TOLD, len(beginning), beginning):
            await self.awaken(to_id(row["execution_id"]))

    async def _telling(self, work: Callable[[sqlite3.Connection], bool]) -> bool:
        """Do something that may leave executions to nobody, or take them from somebody, and tell of it."""
        changed = await self._database.write(work)
        if changed:
            self._database.tell([NOBODY])
        return changed


def _pause(connection: sqlite3.Connection, key: bytes, paused_by: str) -> bool:
    row = connection.execute(_OWNER, (key,)).fetchone()
    if row is None:
        return False
    connection.execute(_PAUSE, (key, now(), paused_by, row["owner"] if row["owner"] > NOBODY else None))
    connection.execute(_MOVE, (PAUSED, key))
    connection.execute(_FORGET_NEED, (key,))
    return True


def _resume(connection: sqlite3.Connection, key: bytes) -> bool:
    return _free(connection, _FREE_ONE, key, now()) or connection.execute(_MARK, (key, now())).rowcount > 0


def _free(connection: sqlite3.Connection, statement: str, *values: object) -> bool:
    freed = [row["execution_id"] for row in connection.execute(statement, values).fetchall()]
    connection.executemany(_MOVE, [(NOBODY, key) for key in freed])
    return bool(freed)


def _awaken(connection: sqlite3.Connection, key: bytes) -> bool:
    row = connection.execute(_OWNER, (key,)).fetchone()
    if row is None or row["owner"] >= NOBODY:
        return False
    connection.execute(_MOVE, (NOBODY, key))
    connection.execute(_FORGET_PAUSE, (key,))
    connection.execute(_FORGET_NEED, (key,))
    return True
