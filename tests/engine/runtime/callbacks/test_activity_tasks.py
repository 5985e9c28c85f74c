"""Tasks of activities: workers fetch them from any process, on every storage."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine.runtime import Engine, ExecutionRecord
from engine.runtime.callbacks import activity_queues
from engine.runtime.errors import ActivityDoesNotExist, ActivityWorkerLimitExceeded, InvalidArn
from engine.runtime.records import ActivityTaskRecord
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    begin,
    crash,
    create,
    events,
    eventually,
    finished,
    make_engine,
    single,
    types,
    until,
)

WORKER = "worker-1"


async def start(engine: Engine, name: str | None = None, **fields: object) -> ExecutionRecord:
    """Start an execution that asks a worker."""
    activity = await engine.activities.create(ORGANIZATION, "pack")
    machine = await create(engine, single(activity.arn, **fields), f"orders-{len(fields)}")
    return await begin(engine, machine, name, json.dumps({"name": name}))


async def fetch(engine: Engine, seconds: float = 10) -> ActivityTaskRecord:
    """Wait for a task."""
    activity = await engine.activities.create(ORGANIZATION, "pack")
    task = await engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, WORKER, seconds)
    assert task is not None
    return task


async def has(engine: Engine, execution: ExecutionRecord, event_type: str) -> None:
    """Wait until an event is in the history."""

    async def is_there() -> bool:
        return (await types(engine, execution))[event_type] > 0

    await until(is_there)


async def test_a_worker_does_the_task(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    execution = await start(engine, "x")
    task = await fetch(engine)
    assert json.loads(task.input) == {"name": "x"}
    await has(engine, execution, "ActivityStarted")
    assert (len(engine._executor), engine._executor.tasks.running) == (0, 0)
    await engine.callbacks.succeed(ORGANIZATION, task.token, '{"packed": true}')
    over = await finished(engine, execution)
    assert (over.status, json.loads(over.output or "")) == ("SUCCEEDED", {"packed": True})
    kinds = {event.type: event.details for event in await events(engine, execution)}
    assert kinds["ActivityStarted"] == {"workerName": WORKER}
    assert "ActivityScheduled" in kinds
    assert "ActivitySucceeded" in kinds


async def test_a_worker_that_waits_gets_the_next_task(open_new: OpenStorage, launch: Launch) -> None:
    engine, other = await launch(open_new()), await launch(open_new())
    waiting = asyncio.create_task(fetch(other))
    await asyncio.sleep(0.05)
    execution = await start(engine)
    await other.callbacks.fail(ORGANIZATION, (await waiting).token, "Broken", "tape")
    over = await finished(engine, execution)
    assert (over.status, over.error, over.cause) == ("FAILED", "Broken", "tape")


async def test_each_task_goes_to_one_worker_the_oldest_first(open_new: OpenStorage, launch: Launch) -> None:
    engine, other = await launch(open_new()), await launch(open_new())
    executions = [await start(engine, f"e{number}") for number in range(6)]
    first = await fetch(engine)
    assert json.loads(first.input) == {"name": "e0"}
    rest = await asyncio.gather(*(fetch(each) for each in (engine, other) * 2), fetch(other))
    names = sorted(json.loads(task.input)["name"] for task in rest)
    assert names == ["e1", "e2", "e3", "e4", "e5"]
    for task in (first, *rest):
        await other.callbacks.succeed(ORGANIZATION, task.token, task.input)
    for execution in executions:
        assert (await finished(engine, execution)).output == json.dumps({"name": execution.name}, separators=(",", ":"))


async def test_without_a_task_the_worker_gets_nothing(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    activity = await engine.activities.create(ORGANIZATION, "pack")
    assert await engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, None, 0.01) is None
    with pytest.raises(ActivityDoesNotExist, match=f"Activity Does Not Exist: '{activity.arn}x'"):
        await engine.callbacks.get_activity_task(ORGANIZATION, activity.arn + "x", None, 0.01)
    with pytest.raises(ActivityDoesNotExist):
        await engine.callbacks.get_activity_task("other", activity.arn, None, 0.01)
    with pytest.raises(InvalidArn):
        await engine.callbacks.get_activity_task(ORGANIZATION, "x", None, 0.01)


async def test_waiting_workers_are_limited(
    open_new: OpenStorage, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_queues, "_MOST_WORKERS", 1)
    engine = await launch(open_new())
    activity = await engine.activities.create(ORGANIZATION, "work")
    waiting = asyncio.create_task(engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, None, 60))
    await eventually(lambda: bool(engine._parts.queues._queues))
    with pytest.raises(ActivityWorkerLimitExceeded, match="1 workers wait for this activity's tasks already"):
        await engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, None, 60)
    waiting.cancel()


async def test_a_stopping_engine_sends_workers_away(open_new: OpenStorage) -> None:
    engine = make_engine(open_new())
    await engine.start()
    activity = await engine.activities.create(ORGANIZATION, "pack")
    waiting = asyncio.create_task(engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, None, 60))
    await asyncio.sleep(0.05)
    await engine.stop(0)
    assert await waiting is None


async def test_a_worker_that_goes_away_leaves_the_task_to_the_next(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    gone = asyncio.create_task(fetch(engine))
    await asyncio.sleep(0.05)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await start(engine, "x")
    assert json.loads((await fetch(engine)).input) == {"name": "x"}


async def test_a_task_that_is_given_up_is_offered_no_more(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    execution = await start(engine)
    await engine.stop_execution(ORGANIZATION, execution.arn)
    activity = await engine.activities.create(ORGANIZATION, "pack")
    assert await engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, None, 0.01) is None


async def test_a_worker_that_is_silent_loses_the_task(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    execution = await start(engine, HeartbeatSeconds=1)
    task = await fetch(engine)
    await engine.callbacks.heartbeat(ORGANIZATION, task.token)
    over = await finished(engine, execution)
    assert (over.status, over.error) == ("FAILED", "States.Timeout")
    assert (await types(engine, execution))["ActivityTimedOut"] == 1


async def test_a_task_without_its_activity_fails(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    arn = "arn:aws:states:us-east-1:000000000000:activity:absent"
    over = await finished(engine, await begin(engine, await create(engine, single(arn))))
    assert (over.status, over.error) == ("FAILED", "States.Runtime")
    assert f"The activity {arn} does not exist." in (over.cause or "")


async def test_a_task_waits_on_when_its_process_dies(open_new: OpenStorage, launch: Launch) -> None:
    first = make_engine(open_new(), lease_seconds=0.5)
    await first.start()
    untaken, taken = await start(first, "a"), await start(first, "b")
    task = await fetch(first)
    await has(first, untaken, "ActivityStarted")
    await crash(first)
    second = await launch(open_new(), lease_seconds=0.5)
    other = await fetch(second)
    assert [json.loads(each.input)["name"] for each in (task, other)] == ["a", "b"]
    for each in (task, other):
        await second.callbacks.succeed(ORGANIZATION, each.token, "{}")
    for execution in (untaken, taken):
        assert (await finished(second, execution)).status == "SUCCEEDED"
        assert (await types(second, execution))["ActivityStarted"] == 1


async def test_a_task_taken_just_before_the_owner_dies_is_started(open_new: OpenStorage, launch: Launch) -> None:
    """The worker asked another process; the owner dies before it hears of it."""
    owner = make_engine(open_new(), lease_seconds=0.5)
    await owner.start()
    execution = await start(owner)
    owner._background[1].cancel()  # it hears nothing any more
    other = await launch(open_new(), lease_seconds=0.5)
    task = await fetch(other)
    assert (await types(other, execution))["ActivityStarted"] == 0
    await crash(owner)
    await other.callbacks.succeed(ORGANIZATION, task.token, "{}")
    assert (await finished(other, execution)).status == "SUCCEEDED"
    assert (await types(other, execution))["ActivityStarted"] == 1
