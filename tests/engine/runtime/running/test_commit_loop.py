"""The group commit: rounds, answers that are lost, writes that can't be written."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator, Sequence
from uuid import UUID

import pytest

from engine.runtime import EngineOptions, SilentObserver
from engine.runtime.errors import (
    ExecutionAlreadyExists,
    ExecutionLimitExceeded,
    InvalidExecutionInput,
    Overloaded,
    Unavailable,
)
from engine.runtime.running.run import Run
from engine.storage import OutcomeUnknown, StorageError, StorageUnavailable
from engine.storage.memory import MemoryStorage
from engine.storage.records import Write
from tests.engine.runtime.conftest import Launch
from tests.engine.runtime.support import Tasks, begin, create, eventually, finished, sequence, types


class Faulty(MemoryStorage):
    """A storage whose commits and answers can be held up, fail before or after they apply, or refuse some writes."""

    def __init__(self) -> None:
        super().__init__()
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self.answer_gate = asyncio.Event()
        self.answer_gate.set()
        self.rounds: list[int] = []
        self.fail_before: list[StorageError] = []
        self.fail_after: list[StorageError] = []
        self.poison: bytes | None = None

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Commit, or not."""
        await self.open_gate.wait()
        self.rounds.append(len(writes))
        if self.fail_before:
            raise self.fail_before.pop()
        if self.poison is not None and any(self.poison in write.snapshot for write in writes):
            raise StorageError("This can't be stored.")
        applied = await super().commit(epoch, writes)
        await self.answer_gate.wait()
        if self.fail_after:
            raise self.fail_after.pop()
        return applied


class Counting(SilentObserver):
    """Counts the executions in each round."""

    def __init__(self) -> None:
        self.rounds: list[int] = []

    def commit_round(self, executions: int, duration_seconds: float) -> None:
        """Note a round."""
        assert duration_seconds >= 0
        self.rounds.append(executions)


@pytest.fixture
def storage() -> Faulty:
    """A storage that can fail."""
    return Faulty()


async def test_what_waits_shares_a_round(storage: Faulty, launch: Launch) -> None:
    observer = Counting()
    engine = await launch(storage, observer=observer, commit_batch=40)
    machine = await create(engine, sequence("count"))
    storage.open_gate.clear()
    starts = [asyncio.create_task(begin(engine, machine)) for _ in range(100)]
    await eventually(lambda: engine._commits.queued == 100)
    storage.open_gate.set()
    for start in starts:
        assert (await finished(engine, await start)).status == "SUCCEEDED"
    assert max(observer.rounds) == 40
    assert sum(observer.rounds) == 200
    assert len(observer.rounds) < 20


async def test_events_that_arrive_during_a_commit_share_the_next(storage: Faulty, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks)
    branches = [
        {"StartAt": f"B{n}", "States": {f"B{n}": {"Type": "Task", "Resource": "handler:gate", "End": True}}}
        for n in range(20)
    ]
    machine = await create(
        engine, {"StartAt": "P", "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}}}
    )
    execution = await begin(engine, machine)
    await eventually(lambda: len(tasks.requests) == 20)
    rounds = len(storage.rounds)
    tasks.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert len(storage.rounds) - rounds <= 3
    assert (await types(engine, execution))["TaskSucceeded"] == 20


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("error", [OutcomeUnknown("lost"), StorageUnavailable("away")])
async def test_a_commit_whose_answer_is_lost_happens_once(
    storage: Faulty, launch: Launch, when: str, error: StorageError
) -> None:
    if when == "after" and not isinstance(error, OutcomeUnknown):
        error = OutcomeUnknown("lost")
    tasks = Tasks()
    engine = await launch(storage, tasks)
    machine = await create(engine, sequence("count", "gate", "count"))
    faults = storage.fail_before if when == "before" else storage.fail_after
    faults.append(error)
    execution = await begin(engine, machine, "x")
    await eventually(lambda: tasks.runs()["S2"] == 1)
    faults.append(error)
    tasks.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    counted = await types(engine, execution)
    assert (counted["ExecutionStarted"], counted["TaskSucceeded"], counted["ExecutionSucceeded"]) == (1, 3, 1)
    assert tasks.runs() == {"S1": 1, "S2": 1, "S3": 1}


async def test_a_lost_answer_and_then_a_lost_lease_starts_once(storage: Faulty, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks, lease_seconds=0.3)
    machine = await create(engine, sequence("count"))
    storage.fail_after.append(OutcomeUnknown("lost"))
    storage.open_gate.clear()
    start = asyncio.create_task(begin(engine, machine, "x"))
    await asyncio.sleep(0.01)
    storage.open_gate.set()
    await eventually(lambda: not storage.fail_after)
    assert engine._lease.epoch is not None
    await storage.remove_process(engine._lease.epoch)
    execution = await start
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert (await types(engine, execution))["ExecutionStarted"] == 1


async def test_what_is_applied_while_the_lease_is_lost_is_left_to_its_next_owner(
    storage: Faulty, launch: Launch
) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks, lease_seconds=0.3)
    machine = await create(engine, sequence("gate"))
    storage.answer_gate.clear()
    start = asyncio.create_task(begin(engine, machine, "x"))
    await eventually(lambda: bool(storage.rounds))
    lost = engine._lease.epoch
    assert lost is not None
    await storage.remove_process(lost)
    await eventually(lambda: engine._lease.epoch not in (None, lost))
    await tasks.started.wait()
    storage.answer_gate.set()
    execution = await start
    tasks.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert tasks.runs() == {"S1": 1}
    assert tasks.canceled == 0


async def test_one_bad_execution_harms_no_other(storage: Faulty, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks)
    machine = await create(engine, sequence("gate", "count"))
    good = [await begin(engine, machine, text='{"kind": "good"}') for _ in range(3)]
    bad = await begin(engine, machine, text='{"kind": "poison"}')
    storage.poison = b"poison"
    tasks.gate.set()
    for execution in good:
        assert (await finished(engine, execution)).status == "SUCCEEDED"
    over = await finished(engine, bad)
    assert (over.status, over.error) == ("ABORTED", "States.Runtime")
    with pytest.raises(InvalidExecutionInput, match="refuses"):
        await begin(engine, machine, text='{"kind": "poison"}')


async def test_the_queue_is_bounded(storage: Faulty, launch: Launch) -> None:
    engine = await launch(storage, max_queued_commits=3)
    machine = await create(engine, sequence("count"))
    storage.open_gate.clear()
    accepted = [asyncio.create_task(begin(engine, machine)) for _ in range(3)]
    await asyncio.sleep(0.01)
    with pytest.raises(Overloaded) as refused:
        await begin(engine, machine)
    assert refused.value.retry_after_seconds == 1
    storage.open_gate.set()
    for start in accepted:
        assert (await finished(engine, await start)).status == "SUCCEEDED"


async def test_a_start_that_takes_too_long_may_be_asked_for_again(storage: Faulty, launch: Launch) -> None:
    engine = await launch(storage, start_timeout_seconds=0.05)
    machine = await create(engine, sequence("count"))
    storage.open_gate.clear()
    with pytest.raises(Unavailable, match="same name is safe"):
        await begin(engine, machine, "x")
    storage.open_gate.set()
    with contextlib.suppress(ExecutionAlreadyExists):
        await begin(engine, machine, "x")
    [execution] = (await engine.list_executions("default")).items
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert (await types(engine, execution))["TaskSucceeded"] == 1


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Nothing looks for cycles, as for a long time in a process that serves."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def runs() -> list[Run]:
    """All of this process."""
    return [each for each in gc.get_objects() if type(each) is Run]


@pytest.mark.usefixtures("no_collector")
async def test_a_start_that_took_too_long_is_not_kept(storage: Faulty, launch: Launch) -> None:
    engine = await launch(storage, start_timeout_seconds=0.05)
    machine = await create(engine, sequence("count"))
    others = runs()
    storage.open_gate.clear()
    with pytest.raises(Unavailable):
        await begin(engine, machine, "x")
    storage.open_gate.set()
    await eventually(lambda: bool(storage.rounds) and len(engine._executor) == 0)
    assert [run for run in runs() if run not in others] == []


async def test_open_executions_are_limited(storage: Faulty, launch: Launch) -> None:
    engine = await launch(storage, max_executions=2)
    machine = await create(engine, sequence("gate"))
    for _ in range(2):
        await begin(engine, machine)
    with pytest.raises(ExecutionLimitExceeded):
        await begin(engine, machine)


async def test_running_tasks_are_limited_and_waiting_executions_count_for_nothing(
    storage: Faulty, launch: Launch
) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks, max_concurrent_tasks=2)
    machine = await create(engine, sequence("gate"))
    executions = [await begin(engine, machine) for _ in range(5)]
    waits = [await begin(engine, await create(engine, sequence("gate"), f"w{n}")) for n in range(2)]
    scheduler = (await engine.health()).scheduler
    assert (scheduler.running_tasks, scheduler.queued_tasks, len(tasks.requests)) == (2, 5, 2)
    await engine.stop_execution("default", executions[4].arn)
    assert (await engine.health()).scheduler.queued_tasks == 4
    tasks.gate.set()
    for execution in (*executions[:4], *waits):
        assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert len(tasks.requests) == 6


async def test_no_execution_is_started_while_too_many_tasks_wait(storage: Faulty, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(storage, tasks, max_concurrent_tasks=1, max_queued_tasks=2)
    machine = await create(engine, sequence("gate"))
    accepted = [await begin(engine, machine) for _ in range(3)]
    await eventually(lambda: engine._executor.tasks.queued == 2)
    with pytest.raises(Overloaded, match="2 tasks wait"):
        await begin(engine, machine)
    tasks.gate.set()
    for execution in accepted:
        assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert (await finished(engine, await begin(engine, machine))).status == "SUCCEEDED"


def test_options_have_their_documented_defaults() -> None:
    options = EngineOptions()
    assert (options.lease_seconds, options.region, options.account) == (10.0, "us-east-1", "000000000000")
