"""Executions that leave a process's memory and come back into it while something of before is still under way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from engine.runtime import Engine, ExecutionRecord
from engine.storage import LeaseLapsed
from engine.storage.memory import MemoryStorage
from engine.storage.protocol import NOBODY
from engine.storage.records import ActiveExecution, Write
from tests.engine.runtime.conftest import Launch
from tests.engine.runtime.support import ORGANIZATION, Tasks, begin, create, eventually, finished, sequence, waiting


class Slow(MemoryStorage):
    """A database whose answers may be slow.

    Attributes:
        load_answers, held_answers, claim_answers: set as long as those questions are answered.
        asked: set when a question waits for its answer.
        rejected: executions whose next write finds them not to be the writer's, but theirs again by the answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.load_answers, self.held_answers, self.claim_answers = asyncio.Event(), asyncio.Event(), asyncio.Event()
        for answers in (self.load_answers, self.held_answers, self.claim_answers):
            answers.set()
        self.asked = asyncio.Event()
        self.rejected: set[UUID] = set()

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """Read, and maybe answer later."""
        loaded = await super().load(epoch, execution_ids)
        await self._answer(self.load_answers)
        return loaded

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """Take over, and maybe answer later."""
        claimed = await super().claim(epoch, limit)
        await self._answer(self.claim_answers)
        return claimed

    async def held(self, epoch: int) -> list[UUID]:
        """Read, and maybe answer later."""
        await self._answer(self.held_answers)
        return await super().held(epoch)

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Write what isn't to be rejected."""
        active = [self._tables.active[write.execution_id] for write in writes if write.execution_id in self.rejected]
        self.rejected.clear()
        for each in active:
            each.owner = NOBODY
        applied = await super().commit(epoch, writes)
        for each in active:
            each.owner = epoch
        return applied

    async def _answer(self, answers: asyncio.Event) -> None:
        if not answers.is_set():
            self.asked.set()
            await answers.wait()


@pytest.fixture
def storage() -> Slow:
    return Slow()


async def test_what_was_read_under_a_lease_that_is_gone_is_left_to_others(storage: Slow, launch: Launch) -> None:
    engine = await launch(storage, lease_seconds=60.0, timer_horizon_seconds=1.0)
    execution = await begin(engine, await create(engine, waiting(60)))
    key, epoch = UUID(execution.id), engine._lease.epoch
    await eventually(lambda: key not in engine._executor)
    assert epoch is not None
    storage.load_answers.clear()
    waking = asyncio.create_task(engine._parts.sweeper._adoption.wake(epoch, [key]))
    await storage.asked.wait()
    engine._lease._lose(epoch)
    storage.load_answers.set()
    with pytest.raises(LeaseLapsed):
        await waking
    assert key not in engine._executor


async def test_one_that_leaves_while_it_is_looked_for_is_looked_for_again(
    storage: Slow, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = await launch(storage, lease_seconds=60.0, timer_horizon_seconds=1.0)
    execution = await begin(engine, await create(engine, waiting(60)))
    key, adopted = UUID(execution.id), []
    await eventually(lambda: key not in engine._executor)
    monkeypatch.setattr(engine._executor, "adopt", lambda run, *_: adopted.append(run.id))
    engine._executor.on_doubtful(key)
    storage.load_answers.clear()
    looking = asyncio.create_task(engine._parts.sweeper.take_over())
    await storage.asked.wait()
    left = engine._executor._residents.left
    assert left is not None
    left.add(key)  # as when it was redriven meanwhile, and that was refused
    storage.load_answers.set()
    await looking
    assert adopted == []
    await engine._parts.sweeper.take_over()
    assert adopted == [key]


async def test_one_that_was_taken_over_before_it_left_is_brought_back(storage: Slow, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks, lease_seconds=0.3)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    storage.rejected = {UUID(execution.id)}
    tasks.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"


async def test_one_that_ends_while_it_is_taken_over_stays_over(storage: Slow, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks, lease_seconds=60.0)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    storage.claim_answers.clear()
    storage._tables.active[UUID(execution.id)].owner = NOBODY  # as when it was paused, stopped, and paused no more
    taking_over = asyncio.create_task(engine._parts.sweeper.take_over())
    await storage.asked.wait()
    assert (await engine.stop_execution(ORGANIZATION, execution.arn)).status == "ABORTED"
    storage.claim_answers.set()
    await taking_over
    assert UUID(execution.id) not in engine._executor
    assert tasks.runs() == {"S1": 1}


async def test_what_is_redriven_at_once_after_a_pause_keeps_its_tasks(storage: Slow, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks, lease_seconds=60.0)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    await _pause(engine, execution)
    storage.held_answers.clear()
    engine._parts.lifecycle.changed.set()
    await storage.asked.wait()
    assert (await engine.stop_execution(ORGANIZATION, execution.arn)).status == "ABORTED"
    await engine.redrive_execution(ORGANIZATION, execution.arn)
    await eventually(lambda: tasks.runs()["S1"] == 2)
    storage.held_answers.set()
    await eventually(lambda: not engine._parts.lifecycle._holding._results)
    tasks.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert tasks.canceled == 1


async def _pause(engine: Engine, execution: ExecutionRecord) -> None:
    await engine.pausing.pause(ORGANIZATION, execution.arn, paused_by="alice")
    await eventually(lambda: UUID(execution.id) not in engine._executor)
