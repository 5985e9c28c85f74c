"""`Storage` in a SQLite file: one thread writes, another reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from engine.storage.errors import LeaseLapsed, SchemaMismatch
from engine.storage.protocol import NOBODY
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
from engine.storage.sqlite import commit, queries
from engine.storage.sqlite.values import from_time, now, to_id, to_time
from engine.storage.sqlite.worker import Worker

_MICROSECONDS: Final = 1_000_000
_LAST: Final = 2**62


class SqliteStorage:
    """A Storage in a file that `engine.storage.migrations` has prepared. Several processes may share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = Worker(path, write=True)
        self._reader = Worker(path, write=False)
        self._listeners: list[Callable[[int], None]] = []

    async def open(self) -> None:
        """See `Storage.open`."""
        if not self._path.exists():
            raise SchemaMismatch(f"There is no SQLite database {self._path}: run `engine migrate`.")
        await self._writer.open()
        await self._reader.open()
        try:
            require_known_revision(await self._reader.run(queries.revisions), str(self._path))
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Storage.close`."""
        await self._reader.close()
        await self._writer.close()

    async def ping(self) -> None:
        """See `Storage.ping`."""
        await self._reader.run(lambda connection: connection.execute("select 1").fetchone())

    def pool(self) -> PoolStatus:
        """Give the one reader."""
        return PoolStatus(1, 1)

    async def listen(self, notify: Callable[[int], None]) -> None:
        """Call `notify` for what this process does; others have to poll."""
        self._listeners.append(notify)

    def _tell(self, epoch: int) -> None:
        for notify in self._listeners:
            notify(epoch)

    async def _rows(self, statement: str, *values: object) -> list[sqlite3.Row]:
        return await self._reader.run(lambda connection: connection.execute(statement, values).fetchall())

    async def _write(self, statement: str, *values: object) -> list[sqlite3.Row]:
        return await self._writer.run(lambda connection: connection.execute(statement, values).fetchall())

    # Organizations and state machines

    async def account_of(self, organization: str, candidates: Sequence[str]) -> str:
        """See `Machines.account_of`."""
        if rows := await self._rows(queries.ACCOUNT_OF, organization):
            return str(rows[0]["account"])
        return await self._writer.run(lambda c: queries.add_organization(c, organization, candidates))

    async def create_machine(self, machine: Machine) -> bool:
        """See `Machines.create_machine`."""
        return await self._writer.run(lambda connection: queries.create_machine(connection, machine))

    async def add_version(self, machine: Machine) -> bool:
        """See `Machines.add_version`."""
        return await self._writer.run(lambda connection: queries.add_version(connection, machine))

    async def find_machine(self, organization: str, name: str) -> Machine | None:
        """See `Machines.find_machine`."""
        rows = await self._rows(queries.FIND_MACHINE, organization, name)
        return queries.machine(rows[0]) if rows else None

    async def get_version(self, machine_id: UUID, version: int) -> Machine | None:
        """See `Machines.get_version`."""
        rows = await self._rows(queries.GET_VERSION, machine_id.bytes, version)
        return queries.machine(rows[0]) if rows else None

    async def list_machines(self, organization: str, limit: int, after: str | None) -> list[Machine]:
        """See `Machines.list_machines`."""
        rows = await self._rows(queries.LIST_MACHINES, organization, after or "", limit)
        return [queries.machine(row) for row in rows]

    # Executions

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """See `Executions.find_execution`."""
        rows = await self._rows(queries.FIND_EXECUTION, organization, machine, name)
        return queries.execution(rows[0]) if rows else None

    async def list_executions(
        self, organization: str, machine: str | None, status: str | None, limit: int, before: UUID | None
    ) -> list[Execution]:
        """See `Executions.list_executions`."""
        bound = before.bytes if before is not None else None
        values = {"organization": organization, "machine": machine, "status": status, "limit": limit, "before": bound}
        rows = await self._reader.run(lambda c: c.execute(queries.LIST_EXECUTIONS, values).fetchall())
        return [queries.execution(row) for row in rows]

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """See `Executions.read_history`."""
        statement = queries.READ_HISTORY_REVERSE if reverse else queries.READ_HISTORY
        bound = after if after is not None else _LAST if reverse else 0
        rows = await self._rows(statement, execution_id.bytes, bound, limit)
        return [Events(row["event_id"], row["last_event_id"], row["events"]) for row in rows]

    async def positions(self, execution_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """See `Storage.positions`."""
        statement = queries.POSITIONS.format(marks=queries.marks(execution_ids))
        rows = await self._rows(statement, *(execution_id.bytes for execution_id in execution_ids))
        return {to_id(row["id"]): Position(row["sequence"], row["owner"]) for row in rows}

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """See `Storage.load`."""
        statement = queries.LOAD.format(marks=queries.marks(execution_ids))
        rows = await self._rows(statement, epoch, *(execution_id.bytes for execution_id in execution_ids))
        return [queries.active_execution(row) for row in rows]

    # Timers and messages

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """See `Storage.due_executions`."""
        bound = 0 if after is None else from_time(after)
        return [
            to_id(row["execution_id"])
            for row in await self._rows(queries.DUE_EXECUTIONS, epoch, bound, from_time(until))
        ]

    async def send(self, execution_id: UUID, data: bytes) -> bool:
        """See `Storage.send`."""
        owner = await self._writer.run(lambda connection: queries.send(connection, execution_id, data))
        if owner is not None:
            self._tell(owner)
        return owner is not None

    async def messages(self, epoch: int, limit: int) -> list[Message]:
        """See `Storage.messages`."""
        rows = await self._rows(queries.MESSAGES, epoch, limit)
        return [Message(row["id"], to_id(row["execution_id"]), row["data"]) for row in rows]

    # Leases

    async def register_process(self, name: str, lease_seconds: float) -> Lease:
        """See `Processes.register_process`."""
        moment = now()
        rows = await self._write(queries.REGISTER_PROCESS, name, moment + int(lease_seconds * _MICROSECONDS))
        return Lease(rows[0]["epoch"], to_time(moment))

    async def renew_process(self, epoch: int, lease_seconds: float) -> datetime | None:
        """See `Processes.renew_process`."""
        moment = now()
        rows = await self._write(queries.RENEW_PROCESS, moment + int(lease_seconds * _MICROSECONDS), epoch)
        return to_time(moment) if rows else None

    async def remove_process(self, epoch: int) -> None:
        """See `Processes.remove_process`."""
        await self._write(queries.REMOVE_PROCESS, epoch)

    async def remove_lapsed(self) -> list[int]:
        """See `Processes.remove_lapsed`."""
        if not await self._rows(queries.LAPSED, now()):
            return []
        return [row["epoch"] for row in await self._write(queries.REMOVE_LAPSED, now())]

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """See `Processes.claim`."""
        if not await self._rows(queries.LEASE, epoch, now()):
            raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")
        if not await self._rows(queries.ORPHANS, 1):
            return []
        return await self._writer.run(lambda connection: queries.claim(connection, epoch, limit))

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """See `Processes.release`."""
        await self._writer.run(lambda connection: queries.release(connection, epoch, execution_ids))
        self._tell(NOBODY)

    # Commits

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """See `Storage.commit`."""

        def work(connection: sqlite3.Connection) -> frozenset[UUID]:
            if not connection.execute(queries.LEASE, (epoch, now())).fetchone():
                raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")
            return commit.apply(connection, epoch, writes)

        return await self._writer.run(work)
