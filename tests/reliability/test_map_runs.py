"""A map run is redriven by one process while another still stops its children."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from engine.runtime import Engine, EngineOptions
from engine.runtime.clock import DatabaseClock
from engine.storage.memory import MemoryStorage
from engine.storage.records import Child, Write
from tests.engine.runtime.maps.support import each, task
from tests.engine.runtime.support import ORGANIZATION, Tasks, begin, create, eventually, finished, make_engine


class Line(MemoryStorage):
    """A process's way to a storage.

    Attributes:
        free: set when it may write that children are over.
        seen: set when it has read of children.
    """

    def __init__(self, shared: MemoryStorage) -> None:
        super().__init__()
        self._tables = shared._tables
        self.free = asyncio.Event()
        self.seen = asyncio.Event()

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Commit, maybe later."""
        ended = [self._tables.executions[write.execution_id] for write in writes if write.ending is not None]
        if any(execution.origin.map_run for execution in ended):
            await self.free.wait()
        return await super().commit(epoch, writes)

    async def list_children(
        self, map_run_id: UUID, after: int | None, limit: int, *, data: bool = False
    ) -> list[Child]:
        """Read, and say so."""
        children = await super().list_children(map_run_id, after, limit, data=data)
        if children:
            self.seen.set()
        return children


class Ahead(DatabaseClock):
    """A clock that is ahead of the others, far more than real ones are."""

    def now(self) -> datetime:
        """Give the time."""
        return super().now() + timedelta(seconds=1)


@pytest.mark.fault(
    "an execution is stopped and redriven by another process at once, whose clock is ahead",
    "Children that are still being stopped count as stopped; the map run ends.",
)
async def test_a_redrive_that_overtakes_the_stop_of_children() -> None:
    shared, tasks = MemoryStorage(), Tasks()
    line, other = Line(shared), Line(shared)
    first = make_engine(line, tasks)
    second = Engine(other, Tasks(), EngineOptions(poll_seconds=0.1), clock=Ahead())
    await first.start()
    await second.start()
    execution = await begin(first, await create(first, each(task("gate"))), text="[1, 2]")
    await eventually(lambda: len(tasks.requests) == 2)
    await first.stop_execution(ORGANIZATION, execution.arn)
    await second.redrive_execution(ORGANIZATION, execution.arn)
    await other.seen.wait()
    line.free.set()
    over = await finished(second, execution)
    assert (over.status, over.error) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    await first.stop(0)
    await second.stop(0)
