"""An execution is told something before its process hears that its start was committed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

import pytest

from engine.language import Stopped
from engine.runtime.running.outgoing import encode_message
from engine.storage import OutcomeUnknown
from engine.storage.memory import MemoryStorage
from engine.storage.records import ActiveExecution, Write
from tests.engine.runtime.support import Tasks, begin, create, events, finished, make_engine, sequence


class AnswersLate(MemoryStorage):
    """Lets a message come in for every execution that begins, and be read, before it says that the start is durable."""

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Commit and dawdle."""
        applied = await super().commit(epoch, writes)
        for write in writes:
            if write.beginning is not None:
                await self.send(write.execution_id, encode_message(Stopped("Too.Early")))
                await asyncio.sleep(0.05)
        return applied


@pytest.mark.fault(
    "an execution is stopped before its process hears that its start was committed",
    "It waits for that, and then stops.",
)
async def test_a_stop_that_overtakes_the_start() -> None:
    tasks = Tasks()
    engine = make_engine(AnswersLate(), tasks, poll_seconds=0.01)
    await engine.start()
    execution = await begin(engine, await create(engine, sequence("count", "count")))
    over = await finished(engine, execution)
    assert (over.status, over.error) == ("ABORTED", "Too.Early")
    assert [event.type for event in await events(engine, execution)][-1] == "ExecutionAborted"
    assert sum(tasks.runs().values()) <= 1
    await engine.stop(0)


class LosesTheAnswerAndTheLease(MemoryStorage):
    """Loses the answer to the first start and its process's lease; takes over just while the start is tried again."""

    def __init__(self) -> None:
        super().__init__()
        self.lost: int | None = None
        self.tried_again = asyncio.Event()
        self.taken = asyncio.Event()

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Commit, and lose the first answer; the second attempt waits for the takeover."""
        if self.lost is None:
            self.lost = epoch
            await super().commit(epoch, writes)
            await self.remove_process(epoch)
            raise OutcomeUnknown("the answer was lost")
        if epoch != self.lost and any(write.beginning is not None for write in writes):
            self.tried_again.set()
            await self.taken.wait()
            await asyncio.sleep(0.05)
        return await super().commit(epoch, writes)

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """Take over once the start is tried again."""
        if self.lost is not None:
            await self.tried_again.wait()
        claimed = await super().claim(epoch, limit)
        if claimed:
            self.taken.set()
        return claimed


@pytest.mark.fault(
    "the answer to a start and the lease are lost, and its takeover meets the second attempt",
    "The second attempt is refused, and the execution goes on all the same.",
)
async def test_a_takeover_that_meets_the_second_attempt_of_a_start() -> None:
    tasks = Tasks()
    engine = make_engine(LosesTheAnswerAndTheLease(), tasks, lease_seconds=0.3)
    await engine.start()
    execution = await begin(engine, await create(engine, sequence("count")), "x")
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert [event.type for event in await events(engine, execution)].count("ExecutionStarted") == 1
    await engine.stop(0)


class Counts(MemoryStorage):
    """Counts what is looked for; more starts are refused while it looks."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[int] = []
        self.refuse: Callable[[UUID], None] = lambda _: None

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """Count, and refuse another start."""
        self.loads.append(len(execution_ids))
        self.refuse(uuid4())
        return await super().load(epoch, execution_ids)


async def test_refused_starts_do_not_pile_up() -> None:
    storage = Counts()
    engine = make_engine(storage, lease_seconds=600)
    await engine.start()
    storage.refuse = engine._executor.on_doubtful
    for _ in range(1_201):
        storage.refuse(uuid4())
    sweep = engine._parts.sweeper.take_over
    await sweep()
    assert storage.loads == [500, 500, 201]
    await sweep()
    assert storage.loads[3:] == [3]
    await engine.stop(0)
