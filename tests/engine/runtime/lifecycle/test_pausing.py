"""Paused executions, on every storage."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID

import pytest

from engine.runtime import Engine, ExecutionRecord
from engine.runtime.errors import ConflictException, ExecutionDoesNotExist
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    crash,
    create,
    draining,
    events,
    eventually,
    finished,
    make_engine,
    sequence,
    single,
    types,
    until,
    waiting,
)


async def pause(engine: Engine, execution: ExecutionRecord) -> None:
    """Pause an execution and wait until its process has heard of it."""
    await engine.pausing.pause(ORGANIZATION, execution.arn, paused_by="alice")
    await eventually(lambda: UUID(execution.id) not in engine._executor)


async def is_let_go(engine: Engine, execution: ExecutionRecord) -> bool:
    """Whether the result of a task that ran on through a pause is stored: its process lets the execution go then."""
    return UUID(execution.id) not in await engine._storage.held(await engine._lease.wait())


async def is_paused(engine: Engine, execution: ExecutionRecord) -> bool:
    return execution.id in await engine.pausing.conditions([execution])


async def test_a_paused_execution_starts_nothing_and_keeps_results(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    await pause(engine, execution)
    assert await is_paused(engine, execution)
    before = await events(engine, execution)
    tasks.gate.set()
    await eventually(lambda: engine._executor.tasks.running == 0)
    assert await events(engine, execution) == before
    described = await engine.describe_execution(ORGANIZATION, execution.arn)
    assert described.status == "RUNNING"
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    over = await finished(engine, execution)
    assert (over.status, json.loads(over.output or "")) == ("SUCCEEDED", {"n": 1})
    assert tasks.runs() == {"S1": 1, "S2": 1}
    assert not await is_paused(engine, execution)


async def test_a_paused_execution_that_is_stopped_goes_no_step_further(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    await pause(engine, execution)
    tasks.gate.set()
    await until(lambda: is_let_go(engine, execution))
    assert (await engine.stop_execution(ORGANIZATION, execution.arn)).status == "ABORTED"
    assert tasks.runs() == {"S1": 1}


async def test_a_resumed_execution_waits_for_what_ran(open_new: OpenStorage, launch: Launch) -> None:
    tasks, others = Tasks(), Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    await launch(open_new(), others, lease_seconds=0.6)
    await pause(engine, execution)
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    await asyncio.sleep(0.3)
    assert not others.requests
    tasks.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert (tasks.runs() + others.runs())["S1"] == 1


async def test_a_pause_outlives_the_process(open_new: OpenStorage, launch: Launch) -> None:
    tasks, later = Tasks(), Tasks()
    later.gate.set()
    first = make_engine(open_new(), tasks, lease_seconds=0.4)
    await first.start()
    execution = await begin(first, await create(first, sequence("gate", "count")))
    await tasks.started.wait()
    await pause(first, execution)
    await crash(first)
    second = await launch(open_new(), later, lease_seconds=0.4)
    await asyncio.sleep(0.6)
    assert await is_paused(second, execution)
    assert not later.requests
    await second.pausing.resume(ORGANIZATION, execution.arn)
    assert (await finished(second, execution)).status == "SUCCEEDED"
    keys = {
        request.idempotency_key for each in (tasks, later) for request in each.requests if request.state_name == "S1"
    }
    assert len(keys) == 1


async def test_a_pause_outlives_a_stop_in_order(open_new: OpenStorage, launch: Launch) -> None:
    tasks, later = Tasks(), Tasks()
    first = make_engine(open_new(), tasks, lease_seconds=30.0)
    await first.start()
    execution = await begin(first, await create(first, sequence("gate", "count")))
    await tasks.started.wait()
    await pause(first, execution)
    stopping = asyncio.create_task(first.stop(60))
    await draining(first)
    tasks.gate.set()
    await stopping
    second = await launch(open_new(), later, lease_seconds=0.6)
    assert await is_paused(second, execution)
    await second.pausing.resume(ORGANIZATION, execution.arn)
    assert (await finished(second, execution)).status == "SUCCEEDED"
    assert (tasks.runs(), later.runs()) == ({"S1": 1}, {"S2": 1})


async def test_timers_act_after_the_pause(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), lease_seconds=0.6)
    execution = await begin(engine, await create(engine, waiting(1)))
    await pause(engine, execution)
    await asyncio.sleep(1.3)
    assert "WaitStateExited" not in await types(engine, execution)
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    over = await finished(engine, execution)
    assert over.status == "SUCCEEDED"


async def test_a_result_that_came_in_time_counts_after_the_timeout(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6)
    machine = await create(engine, single("handler:gate", TimeoutSeconds=1))
    execution = await begin(engine, machine)
    await tasks.started.wait()
    await pause(engine, execution)
    tasks.gate.set()
    await asyncio.sleep(1.3)
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    assert (await finished(engine, execution)).status == "SUCCEEDED"


async def test_what_waits_for_its_turn_is_not_begun(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6, max_concurrent_tasks=1)
    machine = await create(engine, sequence("gate"))
    one, two = await begin(engine, machine), await begin(engine, machine)
    await tasks.started.wait()
    await pause(engine, two)
    tasks.gate.set()
    assert (await finished(engine, one)).status == "SUCCEEDED"
    await asyncio.sleep(0.1)
    assert len(tasks.requests) == 1
    await engine.pausing.resume(ORGANIZATION, two.arn)
    assert (await finished(engine, two)).status == "SUCCEEDED"
    assert len(tasks.requests) == 2


async def test_a_paused_execution_can_be_stopped(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    await pause(engine, execution)
    stopped = await engine.stop_execution(ORGANIZATION, execution.arn, error="Enough")
    assert (stopped.status, stopped.error) == ("ABORTED", "Enough")
    await eventually(lambda: tasks.canceled == 1)
    assert tasks.runs() == {"S1": 1}


async def test_any_process_may_pause_and_resume(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    owner = await launch(open_new(), tasks, lease_seconds=0.6)
    other = await launch(open_new(), tasks, lease_seconds=0.6)
    execution = await begin(owner, await create(owner, sequence("gate", "count", "count")))
    await tasks.started.wait()
    await other.pausing.pause(ORGANIZATION, execution.arn, paused_by="alice")
    before = await events(owner, execution)
    tasks.gate.set()
    await eventually(lambda: UUID(execution.id) not in owner._executor)
    assert await events(other, execution) == before
    await other.pausing.resume(ORGANIZATION, execution.arn)
    assert (await finished(other, execution)).status == "SUCCEEDED"
    assert tasks.runs() == {"S1": 1, "S2": 1, "S3": 1}


async def test_pausing_twice_and_resuming_twice_do_no_harm(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), lease_seconds=0.6)
    execution = await begin(engine, await create(engine, waiting(1)))
    await pause(engine, execution)
    await pause(engine, execution)
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    assert (await finished(engine, execution)).status == "SUCCEEDED"


EACH = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "T",
    "States": {"T": {"Type": "Task", "Resource": "handler:gate", "End": True}},
}


async def test_a_paused_map_run_starts_no_children(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6)
    state = {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "ItemProcessor": EACH, "End": True}
    machine = await create(engine, {"StartAt": "M", "States": {"M": state}})
    execution = await begin(engine, machine, text='{"items": [1, 2, 3]}')
    await tasks.started.wait()
    await pause(engine, execution)
    tasks.gate.set()
    await asyncio.sleep(0.3)
    assert len(tasks.requests) == 1
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert len(tasks.requests) == 3


async def test_a_paused_child_ends_with_its_parent(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.6)
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": EACH, "End": True}
    machine = await create(engine, {"StartAt": "M", "States": {"M": state}})
    execution = await begin(engine, machine, text='{"items": [1]}')
    await tasks.started.wait()
    [run] = (await engine.map_runs.list(ORGANIZATION, execution.arn)).items
    [child] = (await engine.list_executions(ORGANIZATION, map_run_arn=run.arn)).items
    await pause(engine, child)
    await engine.stop_execution(ORGANIZATION, execution.arn)

    async def told() -> bool:
        await engine._parts.lifecycle.stopping.awaken_all()
        return (await engine.describe_execution(ORGANIZATION, child.arn)).finished

    await until(told)
    assert (await engine.describe_execution(ORGANIZATION, child.arn)).status == "ABORTED"


async def test_what_is_over_or_unknown_is_refused(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    execution = await finished(engine, await begin(engine, await create(engine, sequence("count"))))
    with pytest.raises(ConflictException, match=r"is over \(SUCCEEDED\) and can't be paused"):
        await engine.pausing.pause(ORGANIZATION, execution.arn, paused_by="alice")
    with pytest.raises(ConflictException, match=r"is over \(SUCCEEDED\) and can't be resumed"):
        await engine.pausing.resume(ORGANIZATION, execution.arn)
    with pytest.raises(ExecutionDoesNotExist):
        await engine.pausing.pause("other", execution.arn, paused_by="mallory")


async def test_a_worker_takes_no_task_of_a_paused_execution(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), lease_seconds=0.6)
    activity = await engine.activities.create(ORGANIZATION, "approve")
    execution = await begin(engine, await create(engine, single(activity.arn)))
    await until(lambda: _scheduled(engine, execution))
    await pause(engine, execution)
    assert await engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, None, 0.2) is None
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    task = await engine.callbacks.get_activity_task(ORGANIZATION, activity.arn, None, 10)
    assert task is not None
    await engine.callbacks.succeed(ORGANIZATION, task.token, "{}")
    assert (await finished(engine, execution)).status == "SUCCEEDED"


async def _scheduled(engine: Engine, execution: ExecutionRecord) -> bool:
    return "ActivityScheduled" in await types(engine, execution)
