"""Executions in memory: awake, asleep, on their way in, on their way out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import pytest

from engine.language import Stopped, TaskSucceeded
from engine.runtime import Engine, ExecutionRecord
from engine.runtime.running import executor
from engine.runtime.running.departures import NoDepartures
from engine.runtime.running.outgoing import encode_message
from engine.runtime.running.task_pool import Outcome
from engine.storage.memory import MemoryStorage
from engine.storage.records import Write
from tests.engine.runtime.conftest import Launch
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    create,
    eventually,
    finished,
    sequence,
    single,
    types,
    waiting,
)

MOMENT = datetime(2030, 1, 2, tzinfo=UTC)
TOKEN = "arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken"


def is_awake(engine: Engine, execution: ExecutionRecord) -> bool:
    """Whether the execution is in memory as a whole."""
    return UUID(execution.id) in engine._executor._residents.awake


async def asleep(engine: Engine, execution: ExecutionRecord) -> None:
    """Wait until the execution sleeps."""
    await eventually(lambda: UUID(execution.id) in engine._executor and not is_awake(engine, execution))


async def test_what_waits_sleeps_until_its_time_has_come(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    definition = waiting(1)
    definition["States"] = {"W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": {"Type": "Pass", "End": True}}
    execution = await begin(engine, await create(engine, definition), text='{"kept": [1, 2]}')
    await asleep(engine, execution)
    assert (await engine.health()).scheduler.active_executions == 1
    over = await finished(engine, execution)
    assert (over.status, over.output) == ("SUCCEEDED", '{"kept":[1,2]}')
    assert (await types(engine, execution))["WaitStateExited"] == 1


async def test_it_can_be_stopped_in_its_sleep(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    execution = await begin(engine, await create(engine, waiting(50)))
    await asleep(engine, execution)
    over = await engine.stop_execution(ORGANIZATION, execution.arn, error="Enough", cause="of that")
    assert (over.status, over.error) == ("ABORTED", "Enough")
    assert len(engine._executor) == 0
    assert len(engine._executor.timers) == 0


async def test_what_changes_nothing_lets_it_sleep_on(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    execution = await begin(engine, await create(engine, waiting(50)))
    await asleep(engine, execution)
    gone = TaskSucceeded("nobody.1", {}, execution.started_at)
    assert engine._executor.deliver(UUID(execution.id), gone)
    await asleep(engine, execution)
    assert len(engine._executor.timers) == 1


async def test_the_deadline_of_a_heartbeat_is_the_same_after_a_sleep(launch: Launch) -> None:
    tasks = Tasks()
    tasks.handlers[TOKEN] = tasks.handlers["handler:count"]
    engine = await launch(MemoryStorage(), tasks)
    fields = {"Parameters": {"Token.$": "$$.Task.Token"}, "HeartbeatSeconds": 40}
    execution = await begin(engine, await create(engine, single(TOKEN, **fields)))
    await asleep(engine, execution)
    sleeper = dict(engine._executor._residents.asleep())[UUID(execution.id)]
    run = engine._executor._residents.find(UUID(execution.id))
    assert run is not None
    assert tuple(run.timers.items()) == sleeper.timers
    assert run.sequence == sleeper.sequence
    assert run.context.input == {"n": 0}


async def test_sleepers_are_handed_back_when_the_engine_stops(launch: Launch) -> None:
    storage = MemoryStorage()
    engine = await launch(storage)
    execution = await begin(engine, await create(engine, waiting(2)))
    await asleep(engine, execution)
    await engine.stop(1)
    heir = await launch(storage)
    assert (await finished(heir, execution)).status == "SUCCEEDED"


async def test_all_leave_when_the_lease_is_lost(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    execution = await begin(engine, await create(engine, waiting(50)))
    await asleep(engine, execution)
    waiter = asyncio.create_task(engine._executor.wait_for_end(UUID(execution.id), 60))
    await asyncio.sleep(0)
    engine._abandon()
    await waiter
    assert len(engine._executor) == 0


class Answering(MemoryStorage):
    """A storage that answers late: a commit is there before its process knows."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.applied = asyncio.Event()
        self.gate.set()

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Commit, and wait before the answer."""
        applied = await super().commit(epoch, writes)
        self.applied.set()
        await self.gate.wait()
        return applied


async def test_a_message_that_comes_before_the_start_is_known_of_is_taken_in_once(launch: Launch) -> None:
    """Another process asks to stop what has just been started, and this one reads that before its own answer."""
    storage, tasks = Answering(), Tasks()
    engine = await launch(storage, tasks)
    machine = await create(engine, sequence("gate"))
    storage.gate.clear()
    start = asyncio.create_task(begin(engine, machine, "x"))
    await storage.applied.wait()
    [execution] = storage._tables.active
    assert await storage.send(execution, encode_message(Stopped("Enough")))
    await engine._parts.sweeper.read_messages()
    await engine._parts.sweeper.read_messages()
    storage.gate.set()
    over = await finished(engine, await start)
    assert (over.status, over.error) == ("ABORTED", "Enough")
    counted = await types(engine, over)
    assert (counted["ExecutionStarted"], counted["ExecutionAborted"]) == (1, 1)
    assert len(tasks.requests) <= 1


class Noted(NoDepartures):
    """Notes what leaves; serves all but one resource."""

    def __init__(self) -> None:
        self.seen: list[tuple[UUID, object]] = []

    def serves(self, resource: str) -> bool:
        """Serve all but ``count``."""
        return resource != "handler:count"

    def stranded(self, execution_id: UUID, resource: str) -> None:
        """Note it."""
        self.seen.append((execution_id, resource))

    def left(self, execution_id: UUID, results: Sequence[Outcome]) -> None:
        """Note it."""
        self.seen.append((execution_id, list(results)))

    def task_ended(self, execution_id: UUID, event: Outcome) -> None:
        """Note it."""
        self.seen.append((execution_id, type(event)))


@pytest.fixture
def noted() -> Noted:
    """Who looks after what leaves."""
    return Noted()


async def test_an_execution_whose_task_nobody_here_can_run_leaves(launch: Launch, noted: Noted) -> None:
    tasks = Tasks()
    engine = await launch(MemoryStorage(), tasks)
    engine._executor.departures = noted
    execution = await begin(engine, await create(engine, sequence("count")))
    await eventually(lambda: not len(engine._executor))
    assert noted.seen == [(UUID(execution.id), "handler:count")]
    assert tasks.requests == []


async def test_the_tasks_of_an_execution_that_is_held_go_on(launch: Launch, noted: Noted) -> None:
    tasks = Tasks()
    engine = await launch(MemoryStorage(), tasks)
    engine._executor.departures = noted
    execution = await begin(engine, await create(engine, sequence("gate")))
    await tasks.started.wait()
    engine._executor.hold(UUID(execution.id))
    assert UUID(execution.id) not in engine._executor
    assert noted.seen == [(UUID(execution.id), [])]
    tasks.gate.set()
    await eventually(lambda: noted.seen[1:] == [(UUID(execution.id), TaskSucceeded)])
    assert tasks.canceled == 0


async def test_messages_wait_in_the_storage_while_the_mailbox_is_full(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "_MOST_EVENTS", 3)
    storage, tasks = Answering(), Tasks()
    engine = await launch(storage, tasks)
    machine = await create(engine, sequence("gate"))
    storage.gate.clear()
    start = asyncio.create_task(begin(engine, machine, "x"))
    await storage.applied.wait()
    [execution] = storage._tables.active
    for number in range(10):
        assert await storage.send(execution, encode_message(TaskSucceeded(f"gone.{number}", {}, MOMENT)))
    assert await storage.send(execution, encode_message(Stopped("Enough")))
    await engine._parts.sweeper.read_messages()
    run = engine._executor._residents.find(execution)
    assert run is not None
    assert len(run.mailbox) == 3
    storage.gate.set()
    assert (await finished(engine, await start)).error == "Enough"
