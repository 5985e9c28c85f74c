"""A map run is redriven by one process while another still stops its children."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from engine.runtime import Engine, EngineOptions, ExecutionRecord, assembly
from engine.runtime.clock import DatabaseClock
from engine.runtime.errors import ExecutionNotRedrivable
from engine.runtime.maps import ends
from engine.storage.lifecycle import PAUSED
from engine.storage.memory import MemoryStorage
from engine.storage.records import MapRun, Write
from tests.engine.runtime.maps.support import each, task
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    crash,
    create,
    eventually,
    finished,
    make_engine,
    types,
)


class Line(MemoryStorage):
    """A process's way to a storage.

    Attributes:
        free: set when it may write that children are over.
        seen: set when it has read of map runs.
        sends, closes: set as long as it may send messages, and write that map runs are over.
        waits: set when it waits for one of these.
        sent: whether the messages that it has sent were left.
    """

    def __init__(self, shared: MemoryStorage) -> None:
        super().__init__()
        self._tables = shared._tables
        self.free = asyncio.Event()
        self.seen = asyncio.Event()
        self.sends, self.closes, self.waits = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.sends.set()
        self.closes.set()
        self.sent: list[bool] = []

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

    async def send(
        self, execution_id: UUID, data: bytes, *, key: str | None = None, redrive_count: int | None = None
    ) -> bool:
        """Send, maybe later."""
        await self._wait(self.sends)
        left = await super().send(execution_id, data, key=key, redrive_count=redrive_count)
        self.sent.append(left)
        return left

    async def update_map_run(self, epoch: int, map_run: MapRun) -> bool:
        """Write, maybe later."""
        if map_run.status != "RUNNING":
            await self._wait(self.closes)
        return await super().update_map_run(epoch, map_run)

    async def _wait(self, may: asyncio.Event) -> None:
        if not may.is_set():
            self.waits.set()
            await may.wait()


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
        options = EngineOptions(poll_seconds=0.1, lease_seconds=60.0)
        self.second = Engine(self.other, self.tasks, options, clock=Off(seconds_off))

    async def start_an_execution(self) -> ExecutionRecord:
        """Start both, and an execution of the first with two children."""
        await self.first.start()
        await self.second.start()
        execution = await begin(self.first, await create(self.first, each(task("gate"))), text="[1, 2]")
        await eventually(lambda: len(self.tasks.requests) == 2)
        return execution

    async def stop_an_execution(self) -> ExecutionRecord:
        """Stop an execution of the first."""
        execution = await self.start_an_execution()
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


@pytest.mark.fault(
    "SIGSTOP of a process between its look for children that are to be stopped and their stop, until they are redriven",
    "What it asks for was meant for them as they were, and stops none that runs again.",
)
async def test_a_frozen_process_stops_no_child_that_was_redriven_meanwhile() -> None:
    pair = Pair(0)
    pair.other.sends.clear()
    execution = await pair.stop_an_execution()
    await pair.second._parts.sweeper._maps.sweep()
    await pair.other.waits.wait()
    pair.line.free.set()
    await pair.first.redrive_execution(ORGANIZATION, execution.arn)
    await eventually(lambda: len(pair.tasks.requests) == 4)
    pair.other.sends.set()
    await eventually(lambda: pair.other.sent == [False, False])
    pair.tasks.gate.set()
    assert (await finished(pair.first, execution)).status == "SUCCEEDED"
    await pair.stop()


@pytest.mark.fault(
    "kill -9 of a process that aborts a map run, and its execution is redriven",
    "Whoever redrives it finishes the abort first.",
)
async def test_a_redrive_finishes_an_abort_whose_process_died(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ends, "_GRACE_SECONDS", 0.0)
    pair = Pair(0)
    pair.line.free.set()
    pair.line.closes.clear()
    execution = await pair.stop_an_execution()
    await pair.line.waits.wait()
    await crash(pair.first)
    pair.tasks.gate.set()
    await pair.second.redrive_execution(ORGANIZATION, execution.arn)
    assert (await finished(pair.second, execution)).status == "SUCCEEDED"
    await pair.second.stop(0)


async def test_a_child_that_was_paused_is_told_again_that_it_is_to_stop() -> None:
    pair = Pair(0)
    execution = await pair.start_an_execution()
    [run] = (await pair.first.map_runs.list(ORGANIZATION, execution.arn)).items
    child, other = (await pair.first.list_executions(ORGANIZATION, map_run_arn=run.arn)).items
    pair.line._tables.active[UUID(child.id)].owner = PAUSED  # a pause of which its process hasn't heard yet
    pair.line.free.set()
    await pair.first.stop_execution(ORGANIZATION, execution.arn)
    assert (await finished(pair.first, other)).status == "ABORTED"
    await eventually(lambda: pair.line.sent == [True, True])  # the execution, and the child
    await pair.first._parts.lifecycle.stopping.awaken_all()
    assert (await finished(pair.first, child)).status == "ABORTED"
    await pair.stop()


async def test_a_redrive_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "patience", lambda _lease_seconds: 0)
    pair = Pair(0)
    execution = await pair.stop_an_execution()
    with pytest.raises(ExecutionNotRedrivable, match="Map Run that is still being aborted"):
        await pair.second.redrive_execution(ORGANIZATION, execution.arn)
    assert (await pair.second.describe_execution(ORGANIZATION, execution.arn)).status == "ABORTED"
    await pair.stop()
