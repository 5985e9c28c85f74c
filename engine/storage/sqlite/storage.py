"""`Storage` in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

from engine.storage.errors import SchemaMismatch
from engine.storage.records import PoolStatus, Write
from engine.storage.schema import Schema, require_known_schema
from engine.storage.sqlite import commit
from engine.storage.sqlite.abilities import SqliteAbilities
from engine.storage.sqlite.activities import SqliteActivities
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.erasures import SqliteErasures
from engine.storage.sqlite.executions import SqliteExecutions
from engine.storage.sqlite.leadership import SqliteLeadership
from engine.storage.sqlite.leases import SqliteLeases, require_lease
from engine.storage.sqlite.machines import SqliteMachines
from engine.storage.sqlite.map_runs import SqliteMapRuns
from engine.storage.sqlite.outbox import SqliteOutbox, announce
from engine.storage.sqlite.pauses import SqlitePauses
from engine.storage.sqlite.retention import SqliteRetention
from engine.storage.sqlite.schedules import SqliteSchedules
from engine.storage.sqlite.versions import SqliteVersions

_TABLES: Final = "select name from sqlite_master where name in ('alembic_version', 'schema_support')"


class SqliteStorage(
    SqliteMachines,
    SqliteVersions,
    SqliteExecutions,
    SqliteLeases,
    SqliteLeadership,
    SqliteSchedules,
    SqliteActivities,
    SqliteMapRuns,
    SqlitePauses,
    SqliteAbilities,
    SqliteErasures,
    SqliteRetention,
    SqliteOutbox,
):
    """A Storage in a file that `engine.storage.migrations` has prepared. Several processes may share it."""

    def __init__(self, path: Path, *, outbox: bool = False) -> None:
        self._path = path
        self._announces = outbox
        self._database = Database(path)

    async def open(self) -> None:
        """See `Storage.open`."""
        if not self._path.exists():
            raise SchemaMismatch(f"There is no SQLite database {self._path}: run `engine migrate`.")
        await self._database.open()
        try:
            require_known_schema(await self._database.read(_schema), str(self._path))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Storage.close`."""
        await self._database.close()

    async def ping(self) -> None:
        """See `Storage.ping`."""
        await self._database.rows("select 1")

    def pool(self) -> PoolStatus:
        """Give the one reader."""
        return PoolStatus(1, 1)

    async def listen(self, notify: Callable[[int], None], activity: Callable[[UUID], None] | None = None) -> None:
        """See `Storage.listen`."""
        self._database.listen(notify, activity)

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """See `Transitions.commit`."""

        def work(connection: sqlite3.Connection) -> commit.Applied:
            require_lease(connection, epoch)
            applied = commit.apply(connection, epoch, writes)
            if self._announces:
                for write in writes:
                    if write.execution_id in applied.executions:
                        announce(connection, write)
            return applied

        applied = await self._database.write(work)
        self._database.tell(applied.owners, applied.activities)
        return applied.executions


def _schema(connection: sqlite3.Connection) -> Schema:
    def values(table: str, column: str) -> list[str]:
        return [row[0] for row in connection.execute(f"select {column} from {table}")] if table in known else []  # noqa: S608 - names from this file

    known = {row["name"] for row in connection.execute(_TABLES)}
    return Schema(values("alembic_version", "version_num"), next(iter(values("schema_support", "oldest_engine")), None))
