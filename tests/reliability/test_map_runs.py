"""A map run is redriven by one process while another still stops its children."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from engine.runtime import Engine, EngineOptions, ExecutionRecord
from engine.runtime.clock import DatabaseClock
from engine.runtime.errors import ExecutionNotRedrivable
from engine.runtime.maps import ends
from engine.storage.memory import MemoryStorage
from engine.storage.records import MapRun, Write
from tests.engine.runtime.maps.support import each, task
from tests.engine.runtime.support import ORGANIZATION, Tasks, begin, create, eventually, finished, make_engine, types


class Line(MemoryStorage):
    """A process's way to a storage.

    Attributes:
        free: set when it may write that children are over.
        seen: set when it has read of map runs.
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

    async def list_map_runs(self, execution_id: UUID, limit: int, after: UUID | None) -> list[MapRun]:
        """Read, and say so."""
        self.seen.set()
        return await super().list_map_runs(execution_id, limit, after)


class Off(DatabaseClock):
    """A clock that differs from the others far more than real ones do."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._off = timedelta(seconds=seconds)

    def now(self) -> datetime:
        """Give the time."""
        return super().now() + self._off


class Pair:
    """Two processes of which one has stopped an execution, and still stops its children; the other's clock is off."""

    def __init__(self, seconds_off: float) -> None:
        shared, self.tasks = MemoryStorage(), Tasks()
        self.line, self.other = Line(shared), Line(shared)
        self.other.free.set()
        self.first = make_engine(self.line, self.tasks)
        self.second = Engine(self.other, self.tasks, EngineOptions(poll_seconds=0.1), clock=Off(seconds_off))

    async def stop_an_execution(self) -> ExecutionRecord:
        """Start both, and stop an execution of the first."""
        await self.first.start()
        await self.second.start()
        execution = await begin(self.first, await create(self.first, each(task("gate"))), text="[1, 2]")
        await eventually(lambda: len(self.tasks.requests) == 2)
        assert (await self.first.stop_execution(ORGANIZATION, execution.arn)).status == "ABORTED"
        self.other.seen.clear()
        return execution

    async def stop(self) -> None:
        """Stop both."""
        self.line.free.set()
        await self.first.stop(0)
        await self.second.stop(0)


@pytest.mark.parametrize("seconds_off", [1, -1])
@pytest.mark.fault(
    "an execution is redriven by one process while another, whose clock differs, still stops its children",
    "The redrive waits until they are over, and then they go on.",
)
async def test_a_redrive_that_overtakes_the_stop_of_children(seconds_off: float) -> None:
    pair = Pair(seconds_off)
    execution = await pair.stop_an_execution()
    redriving = asyncio.create_task(pair.second.redrive_execution(ORGANIZATION, execution.arn))
    await pair.other.seen.wait()
    assert (await types(pair.first, execution))["ExecutionRedriven"] == 0
    pair.tasks.gate.set()
    pair.line.free.set()
    await redriving
    over = await finished(pair.second, execution)
    assert (over.status, over.output) == ("SUCCEEDED", "[1,2]")
    await pair.stop()


async def test_a_redrive_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "PATIENCE_SECONDS", 0)
    pair = Pair(0)
    execution = await pair.stop_an_execution()
    with pytest.raises(ExecutionNotRedrivable, match="Map Run that is still being aborted"):
        await pair.second.redrive_execution(ORGANIZATION, execution.arn)
    assert (await pair.second.describe_execution(ORGANIZATION, execution.arn)).status == "ABORTED"
    await pair.stop()
