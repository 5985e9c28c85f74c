"""`Storage` on PostgreSQL: a pool for queries, one connection for commits, one that listens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from engine.storage.postgresql.abilities import PostgresAbilities
from engine.storage.postgresql.activities import PostgresActivities
from engine.storage.postgresql.committer import Committer
from engine.storage.postgresql.connections import PostgresOptions
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.erasures import PostgresErasures
from engine.storage.postgresql.executions import PostgresExecutions
from engine.storage.postgresql.leadership import PostgresLeadership
from engine.storage.postgresql.leases import PostgresLeases
from engine.storage.postgresql.listener import Listener
from engine.storage.postgresql.machines import PostgresMachines
from engine.storage.postgresql.map_runs import PostgresMapRuns
from engine.storage.postgresql.outbox import PostgresOutbox
from engine.storage.postgresql.pauses import PostgresPauses
from engine.storage.postgresql.replicas import Replicas
from engine.storage.postgresql.retention import PostgresRetention
from engine.storage.postgresql.schedules import PostgresSchedules
from engine.storage.postgresql.versions import PostgresVersions
from engine.storage.records import PoolStatus, Write
from engine.storage.schema import Schema, require_known_schema


class PostgresStorage(
    PostgresMachines,
    PostgresVersions,
    PostgresExecutions,
    PostgresLeases,
    PostgresLeadership,
    PostgresSchedules,
    PostgresActivities,
    PostgresMapRuns,
    PostgresPauses,
    PostgresAbilities,
    PostgresErasures,
    PostgresRetention,
    PostgresOutbox,
):
    """A Storage in a PostgreSQL database that `engine.storage.migrations` has prepared."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self._database = Database(options)
        self._replicas = Replicas(self._database, options, options.read_replicas)
        self._committer = Committer(options)
        self._listener = Listener(options)

    async def open(self) -> None:
        """See `Storage.open`."""
        await self._database.open()
        try:
            require_known_schema(await self._schema(), self._options.database)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Storage.close`."""
        await self._listener.close()
        await self._committer.close()
        await self._replicas.close()
        await self._database.close()

    async def ping(self) -> None:
        """See `Storage.ping`."""
        await self._database.fetch("select 1")

    def pool(self) -> PoolStatus:
        """See `Storage.pool`."""
        return self._database.status()

    async def listen(self, notify: Callable[[int], None], activity: Callable[[UUID], None] | None = None) -> None:
        """See `Storage.listen`."""
        self._listener.start(notify, activity)

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """See `Transitions.commit`."""
        return await self._committer.commit(epoch, writes)

    async def _schema(self) -> Schema:
        revisions = await self._column("alembic_version", "version_num")
        return Schema(revisions, next(iter(await self._column("schema_support", "oldest_engine")), None))

    async def _column(self, table: str, column: str) -> list[str]:
        [known] = await self._database.fetch("select to_regclass($1) is not null as known", table)
        if not known["known"]:
            return []
        return [row[0] for row in await self._database.fetch(f"select {column} from {table}")]  # noqa: S608 - names from this file
