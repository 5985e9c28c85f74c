"""A map run in the storage, as its coordinator reads and writes it, however long the database stays away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from engine.runtime.clock import DatabaseClock
from engine.runtime.maps.job import map_run_id
from engine.runtime.maps.records import MapRunStatus
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.running.map_work import MapJob
from engine.storage import LeaseLapsed, StorageUnavailable
from engine.storage.protocol import Storage
from engine.storage.records import Child, MapRun

R = TypeVar("R")

_PAGE: Final = 1_000
_RETRY_SECONDS: Final = 0.2

_log = logging.getLogger(__name__)


class Failure(msgspec.Struct, frozen=True):
    """Why a map run fails."""

    error: str
    cause: str | None


class Notes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a coordinator leaves for the next one, and for those who describe the map run.

    Attributes:
        failure: set once it is settled that the map run fails.
        not_redrivable: children, and their items, that failed and couldn't be run again.
        pending_redrive: children, and their items, that were to be run again when this was written.
    """

    failure: Failure | None = None
    not_redrivable: tuple[int, int] = (0, 0)
    pending_redrive: tuple[int, int] = (0, 0)

    def encode(self) -> bytes:
        """Write the notes as `MapRun.state`."""
        return msgspec.json.encode(self)


def read_notes(map_run: MapRun) -> Notes:
    """Read the notes of a map run's coordinator."""
    return msgspec.json.decode(map_run.state, type=Notes) if map_run.state else Notes()


class Ledger:
    """The rows of one map run and its children."""

    def __init__(self, storage: Storage, lease: ProcessLease, clock: DatabaseClock) -> None:
        self._storage = storage
        self._lease = lease
        self._clock = clock

    async def open(self, job: MapJob) -> MapRun:
        """Give the map run's row, which is made at the first time, and reopened when the map run is redriven."""
        row = await self.patiently(lambda: self._storage.create_map_run(_new(job, self._clock)))
        command = job.command
        if row.redrive_count < command.redrive_count:
            redriven_at = await self._after_all_ends(row.id)
            row = replace(row, redrive_count=command.redrive_count, redriven_at=redriven_at, state=b"")
        elif row.status == "RUNNING":
            return row
        row = replace(row, status="RUNNING", stopped_at=None)
        await self.save(row)
        return row

    async def _after_all_ends(self, map_run_id: UUID) -> datetime:
        """Give a time after the ends of all children, even if a process whose clock is ahead wrote these."""
        latest = self._clock.now()
        async for page in self.children(map_run_id):
            stopped = [child.stopped_at for child in page if child.stopped_at is not None]
            latest = max([latest, *(end + timedelta.resolution for end in stopped)])
        return latest

    async def save(self, row: MapRun) -> None:
        """Write what may change. Raises LeaseLapsed if another process has the execution now."""

        async def write() -> bool:
            return await self._storage.update_map_run(await self._lease.wait(), row)

        if not await self.patiently(write):
            raise LeaseLapsed(f"The map run {row.id} is another process's.")

    async def close(self, row: MapRun, status: MapRunStatus) -> None:
        """Write that the map run is over."""
        await self.save(replace(row, status=status, stopped_at=self._clock.now()))

    async def read(self, map_run_id: UUID) -> MapRun | None:
        """Give the map run as it stands."""
        return await self.patiently(lambda: self._storage.find_map_run(map_run_id))

    async def children(
        self, map_run_id: UUID, *, after: int | None = None, data: bool = False, page: int = _PAGE
    ) -> AsyncIterator[list[Child]]:
        """Give the children in order, page by page; with ``data`` their inputs and outputs."""
        while True:
            start = after
            found = await self.patiently(
                lambda start=start: self._storage.list_children(map_run_id, start, page, data=data)  # type: ignore[misc]
            )
            if found:
                yield found
                after = found[-1].index
            if len(found) < page:
                return

    async def patiently(self, call: Callable[[], Awaitable[R]]) -> R:
        """Ask the storage until it answers."""
        while True:
            try:
                return await call()
            except StorageUnavailable as error:
                _log.warning("A map run waits for the database: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)


def _new(job: MapJob, clock: DatabaseClock) -> MapRun:
    command, machine = job.command, job.definition.machine
    items = len(command.items) if isinstance(command.items, list | dict) else None
    return MapRun(
        id=map_run_id(job),
        execution_id=job.execution_id,
        execution_name=job.context.execution_name,
        organization=machine.organization,
        state_machine_id=machine.id,
        state_machine_name=machine.name,
        version=machine.version,
        label=command.label,
        pointer=command.pointer,
        execution_type=command.execution_type,
        status="RUNNING",
        max_concurrency=command.max_concurrency,
        tolerated_failure_count=command.tolerated_failure_count or 0,
        tolerated_failure_percentage=command.tolerated_failure_percentage or 0.0,
        started_at=clock.now(),
        items=items,
        executions=items if command.batcher is None else None,
    )
