"""Leases and owners in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.storage.errors import LeaseLapsed
from engine.storage.protocol import NOBODY
from engine.storage.records import ActiveExecution, Lease
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.executions import LOAD, active_execution
from engine.storage.sqlite.values import marks, now, to_time

_MICROSECONDS: Final = 1_000_000

_REGISTER_PROCESS: Final = "insert into processes (name, expires_at) values (?, ?) returning epoch"
_RENEW_PROCESS: Final = "update processes set expires_at = ? where epoch = ? returning epoch"
_REMOVE_PROCESS: Final = "delete from processes where epoch = ?"
_LAPSED: Final = "select epoch from processes where expires_at <= ?"
_REMOVE_LAPSED: Final = "delete from processes where expires_at <= ? returning epoch"
_LEASE: Final = "select epoch from processes where epoch = ? and expires_at > ?"
_ORPHANS: Final = """
select execution_id from active_executions where owner not in (select epoch from processes) limit ?
"""
_TAKE: Final = "update active_executions set owner = ? where execution_id = ?"
_OWNED: Final = """
select execution_id from active_executions where owner = ? and execution_id > ? order by execution_id limit ?
"""
_RELEASE_ALL: Final = "update active_executions set owner = ? where owner = ?"
_RELEASE: Final = "update active_executions set owner = ? where owner = ? and execution_id = ?"


class SqliteLeases:
    """See `Processes`."""

    _database: Database

    async def register_process(self, name: str, lease_seconds: float) -> Lease:
        """See `Processes.register_process`."""
        moment = now()
        rows = await self._database.change(_REGISTER_PROCESS, name, moment + int(lease_seconds * _MICROSECONDS))
        return Lease(rows[0]["epoch"], to_time(moment))

    async def renew_process(self, epoch: int, lease_seconds: float) -> datetime | None:
        """See `Processes.renew_process`."""
        moment = now()
        rows = await self._database.change(_RENEW_PROCESS, moment + int(lease_seconds * _MICROSECONDS), epoch)
        return to_time(moment) if rows else None

    async def remove_process(self, epoch: int) -> None:
        """See `Processes.remove_process`."""
        await self._database.change(_REMOVE_PROCESS, epoch)

    async def remove_lapsed(self) -> list[int]:
        """See `Processes.remove_lapsed`."""
        if not await self._database.rows(_LAPSED, now()):
            return []
        return [row["epoch"] for row in await self._database.change(_REMOVE_LAPSED, now())]

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """See `Processes.claim`."""
        await self._database.read(lambda connection: require_lease(connection, epoch))
        if not await self._database.rows(_ORPHANS, 1):
            return []
        return await self._database.write(lambda connection: _claim(connection, epoch, limit))

    async def owned(self, epoch: int, limit: int, after: UUID | None = None) -> list[UUID]:
        """See `Processes.owned`."""
        rows = await self._database.rows(_OWNED, epoch, b"" if after is None else after.bytes, limit)
        return [UUID(bytes=row["execution_id"]) for row in rows]

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """See `Processes.release`."""
        await self._database.write(lambda connection: _release(connection, epoch, execution_ids))
        self._database.tell([NOBODY])


def require_lease(connection: sqlite3.Connection, epoch: int) -> None:
    """Raise LeaseLapsed unless a process may write."""
    if not connection.execute(_LEASE, (epoch, now())).fetchone():
        raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")


def _claim(connection: sqlite3.Connection, epoch: int, limit: int) -> list[ActiveExecution]:
    keys = [row["execution_id"] for row in connection.execute(_ORPHANS, (limit,)).fetchall()]
    connection.executemany(_TAKE, [(epoch, key) for key in keys])
    rows = connection.execute(LOAD.format(marks=marks(keys)), (epoch, *keys)).fetchall()
    return [active_execution(row) for row in rows]


def _release(connection: sqlite3.Connection, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
    if execution_ids is None:
        connection.execute(_RELEASE_ALL, (NOBODY, epoch))
    else:
        connection.executemany(_RELEASE, [(NOBODY, epoch, key.bytes) for key in execution_ids])
