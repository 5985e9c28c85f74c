"""`Storage` on PostgreSQL: a pool for queries, one connection for commits, one that listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import asyncpg
import msgspec

from engine.storage.errors import LeaseLapsed, StorageUnavailable
from engine.storage.postgresql import queries
from engine.storage.postgresql.committer import Committer
from engine.storage.postgresql.connections import (
    PooledConnection,
    PostgresOptions,
    is_unavailable,
    open_pool,
    translated_errors,
)
from engine.storage.postgresql.listener import CHANNEL, Listener
from engine.storage.records import (
    ActiveExecution,
    Events,
    Execution,
    Lease,
    Machine,
    Message,
    PoolStatus,
    Position,
    Write,
)
from engine.storage.schema import require_known_revision

Row = TypeVar("Row", bound=msgspec.Struct)

_LAST: Final = 2**31 - 1


class PostgresStorage:
    """A Storage in a PostgreSQL database that `engine.storage.migrations` has prepared."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self._committer = Committer(options)
        self._listener = Listener(options)
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """See `Storage.open`."""
        async with translated_errors():
            self._pool = await open_pool(self._options)
        try:
            require_known_revision(await self._revisions(), self._options.database)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Storage.close`."""
        await self._listener.close()
        await self._committer.close()
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                async with asyncio.timeout(self._options.connect_timeout_seconds):
                    await pool.close()
            except (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                pool.terminate()
        await asyncio.sleep(0)  # lets the event loop close what was terminated

    async def ping(self) -> None:
        """See `Storage.ping`."""
        await self._fetch("select 1")

    def pool(self) -> PoolStatus:
        """See `Storage.pool`."""
        return PoolStatus(0, 0) if self._pool is None else PoolStatus(self._pool.get_size(), self._pool.get_idle_size())

    async def listen(self, notify: Callable[[int], None]) -> None:
        """See `Storage.listen`."""
        self._listener.start(notify)

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """See `Storage.commit`."""
        return await self._committer.commit(epoch, writes)

    # Organizations and state machines

    async def account_of(self, organization: str, candidates: Sequence[str]) -> str:
        """See `Machines.account_of`."""
        for account in candidates:
            if rows := await self._fetch(queries.ACCOUNT_OF, organization):
                break
            await self._fetch(queries.ADD_ORGANIZATION, organization, account)
        else:
            rows = await self._fetch(queries.ACCOUNT_OF, organization)
        return str(rows[0]["account"])

    async def create_machine(self, machine: Machine) -> bool:
        """See `Machines.create_machine`."""
        identity = (machine.id, machine.organization, machine.name, machine.kind)
        version = (machine.version, machine.definition, machine.role_arn, machine.description)
        times = (machine.created_at, machine.updated_at)
        return bool(await self._fetch(queries.CREATE_MACHINE, *identity, *version, *times))

    async def add_version(self, machine: Machine) -> bool:
        """See `Machines.add_version`."""
        version = (machine.version, machine.definition, machine.role_arn, machine.description)
        return bool(await self._fetch(queries.ADD_VERSION, machine.id, *version, machine.updated_at))

    async def find_machine(self, organization: str, name: str) -> Machine | None:
        """See `Machines.find_machine`."""
        return _one(Machine, await self._fetch(queries.FIND_MACHINE, organization, name))

    async def get_version(self, machine_id: UUID, version: int) -> Machine | None:
        """See `Machines.get_version`."""
        return _one(Machine, await self._fetch(queries.GET_VERSION, machine_id, version))

    async def list_machines(self, organization: str, limit: int, after: str | None) -> list[Machine]:
        """See `Machines.list_machines`."""
        return _all(Machine, await self._fetch(queries.LIST_MACHINES, organization, limit, after))

    # Executions

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """See `Executions.find_execution`."""
        return _one(Execution, await self._fetch(queries.FIND_EXECUTION, organization, machine, name))

    async def list_executions(
        self, organization: str, machine: str | None, status: str | None, limit: int, before: UUID | None
    ) -> list[Execution]:
        """See `Executions.list_executions`."""
        rows = await self._fetch(queries.LIST_EXECUTIONS, organization, machine, status, limit, before)
        return _all(Execution, rows)

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """See `Executions.read_history`."""
        statement = queries.READ_HISTORY_REVERSE if reverse else queries.READ_HISTORY
        bound = after if after is not None else _LAST if reverse else 0
        rows = await self._fetch(statement, execution_id, bound, limit)
        return [Events(row["event_id"], row["last_event_id"], row["events"]) for row in rows]

    async def positions(self, execution_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """See `Storage.positions`."""
        rows = await self._fetch(queries.POSITIONS, list(execution_ids))
        return {row["id"]: Position(row["sequence"], row["owner"]) for row in rows}

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """See `Storage.load`."""
        return _all(ActiveExecution, await self._fetch(queries.LOAD, epoch, list(execution_ids)))

    # Timers and messages

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """See `Storage.due_executions`."""
        return [row["execution_id"] for row in await self._fetch(queries.DUE_EXECUTIONS, epoch, after, until)]

    async def send(self, execution_id: UUID, data: bytes) -> bool:
        """See `Storage.send`."""
        return bool(await self._fetch(queries.SEND, execution_id, data, CHANNEL))

    async def messages(self, epoch: int, limit: int) -> list[Message]:
        """See `Storage.messages`."""
        return _all(Message, await self._fetch(queries.MESSAGES, epoch, limit))

    # Leases

    async def register_process(self, name: str, lease_seconds: float) -> Lease:
        """See `Processes.register_process`."""
        rows = await self._fetch(queries.REGISTER_PROCESS, name, lease_seconds)
        return Lease(**rows[0])

    async def renew_process(self, epoch: int, lease_seconds: float) -> datetime | None:
        """See `Processes.renew_process`."""
        rows = await self._fetch(queries.RENEW_PROCESS, epoch, lease_seconds)
        return rows[0]["now"] if rows else None

    async def remove_process(self, epoch: int) -> None:
        """See `Processes.remove_process`."""
        await self._fetch(queries.REMOVE_PROCESS, epoch)

    async def remove_lapsed(self) -> list[int]:
        """See `Processes.remove_lapsed`."""
        await self._fetch(queries.REMOVE_UNREAD)
        return [row["epoch"] for row in await self._fetch(queries.REMOVE_LAPSED)]

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """See `Processes.claim`."""
        async with self._connection() as connection, connection.transaction():
            if not await connection.fetch(queries.LOCK_LEASE, epoch):
                raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")
            return _all(ActiveExecution, await connection.fetch(queries.CLAIM, epoch, limit))

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """See `Processes.release`."""
        ids = None if execution_ids is None else list(execution_ids)
        await self._fetch(queries.RELEASE, epoch, ids, CHANNEL)

    # Plumbing

    async def _revisions(self) -> list[str]:
        if not (await self._fetch("select to_regclass('alembic_version') is not null as known"))[0]["known"]:
            return []
        return [row["version_num"] for row in await self._fetch("select version_num from alembic_version")]

    def _queries(self) -> asyncpg.Pool:
        if self._pool is None:
            raise StorageUnavailable("The storage isn't open.")
        return self._pool

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[PooledConnection]:
        """Borrow a connection; one that turns out to be broken doesn't go back to the pool."""
        async with translated_errors(), self._queries().acquire() as connection:
            try:
                yield connection
            except Exception as error:
                if is_unavailable(error):
                    connection.terminate()
                raise

    async def _fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        async with self._connection() as connection:
            return await connection.fetch(statement, *values)


def _one(kind: type[Row], rows: list[asyncpg.Record]) -> Row | None:
    return kind(**rows[0]) if rows else None


def _all(kind: type[Row], rows: list[asyncpg.Record]) -> list[Row]:
    return [kind(**row) for row in rows]
