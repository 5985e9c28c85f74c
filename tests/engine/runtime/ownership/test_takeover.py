"""Executions outlive the processes that run them, on every storage."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from engine.runtime.errors import Unavailable
from engine.storage import Storage
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
    types,
    waiting,
)


async def test_another_process_goes_on_after_a_crash(open_new: OpenStorage, launch: Launch) -> None:
    first_tasks, second_tasks = Tasks(), Tasks()
    first = make_engine(open_new(), first_tasks, lease_seconds=0.5)
    await first.start()
    machine = await create(first, sequence("count", "gate", "count"))
    executions = [await begin(first, machine, f"e{number}") for number in range(5)]
    await eventually(lambda: first_tasks.runs()["S2"] == 5)
    await crash(first)
    second_tasks.gate.set()
    second = await launch(open_new(), second_tasks, lease_seconds=0.5)
    for execution in executions:
        over = await finished(second, execution)
        assert (over.status, json.loads(over.output or "")) == ("SUCCEEDED", {"n": 2})
        assert (await types(second, execution))["TaskSucceeded"] == 3
    assert second_tasks.runs() == {"S2": 5, "S3": 5}
    keys = [
        {r.idempotency_key for r in tasks.requests if r.state_name == "S2"} for tasks in (first_tasks, second_tasks)
    ]
    assert keys[0] == keys[1]


async def test_a_wait_goes_on_in_another_process(open_new: OpenStorage, launch: Launch) -> None:
    first = make_engine(open_new(), lease_seconds=0.3)
    await first.start()
    execution = await begin(first, await create(first, waiting(1)))
    await crash(first)
    second = await launch(open_new(), lease_seconds=0.3)
    over = await finished(second, execution)
    assert over.status == "SUCCEEDED"
    assert over.stopped_at is not None
    assert over.stopped_at - over.started_at >= timedelta(seconds=1)


async def test_a_zombie_cannot_write(open_new: OpenStorage, launch: Launch) -> None:
    zombie_tasks, tasks = Tasks(), Tasks()
    zombie = await launch(open_new(), zombie_tasks, lease_seconds=0.3)
    execution = await begin(zombie, await create(zombie, sequence("gate", "count")), "x")
    await zombie_tasks.started.wait()
    epoch = zombie._lease.epoch
    zombie._background[0].cancel()  # it renews its lease no more, as if the process were stopped
    zombie._background[1].cancel()
    heir = await launch(open_new(), tasks, lease_seconds=0.3)
    await tasks.started.wait()
    zombie_tasks.gate.set()
    await eventually(lambda: zombie._lease.epoch != epoch and not len(zombie._executor))
    assert (await types(heir, execution))["TaskSucceeded"] == 0
    assert zombie_tasks.runs() == {"S1": 1}
    tasks.gate.set()
    assert (await finished(heir, execution)).status == "SUCCEEDED"
    assert (await types(heir, execution))["TaskSucceeded"] == 2
    assert tasks.runs() == {"S1": 1, "S2": 1}


async def test_a_process_that_lost_its_lease_takes_a_new_one(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks, lease_seconds=0.3)
    machine = await create(engine, sequence("gate", "count"))
    execution = await begin(engine, machine)
    await tasks.started.wait()
    lost = engine._lease.epoch
    assert lost is not None
    await engine._storage.remove_process(lost)
    tasks.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert engine._lease.epoch not in (None, lost)
    assert (await types(engine, execution))["TaskSucceeded"] == 2
    assert (await finished(engine, await begin(engine, machine))).status == "SUCCEEDED"


async def test_a_start_survives_the_loss_of_the_lease(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), lease_seconds=0.3)
    machine = await create(engine, sequence("count"))
    assert engine._lease.epoch is not None
    await engine._storage.remove_process(engine._lease.epoch)
    execution = await begin(engine, machine, "x")
    assert (await finished(engine, execution)).status == "SUCCEEDED"


async def test_a_stopped_engine_hands_over_at_once(open_new: OpenStorage, launch: Launch) -> None:
    storage: Storage = open_new()
    first_tasks, second_tasks = Tasks(), Tasks()
    second_tasks.gate.set()
    first = make_engine(storage, first_tasks, lease_seconds=60.0)
    await first.start()
    machine = await create(first, sequence("gate", "count"))
    execution, wait = await begin(first, machine), await begin(first, await create(first, waiting(1), "w"))
    await first_tasks.started.wait()
    await first.stop(0.05)
    assert first_tasks.canceled == 1
    with pytest.raises(Unavailable):
        await begin(first, machine)
    second = await launch(open_new(), second_tasks, lease_seconds=60.0)
    for handed_over in (execution, wait):
        assert (await finished(second, handed_over)).status == "SUCCEEDED"
    assert (await types(second, execution))["TaskSucceeded"] == 2


async def test_a_running_process_takes_over_from_one_that_stops(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    tasks.gate.set()
    leaving = make_engine(open_new(), lease_seconds=60.0)
    await leaving.start()
    execution = await begin(leaving, await create(leaving, sequence("gate", "count")))
    staying = await launch(open_new(), tasks, lease_seconds=1.5)
    await leaving.stop(0)
    assert (await finished(staying, execution)).status == "SUCCEEDED"


async def test_a_task_that_ends_in_time_is_committed_before_the_stop(open_new: OpenStorage, launch: Launch) -> None:
    first_tasks, second_tasks = Tasks(), Tasks()
    first = make_engine(open_new(), first_tasks)
    await first.start()
    machine = await create(first, sequence("gate", "count"))
    execution = await begin(first, machine)
    await first_tasks.started.wait()
    stopping = asyncio.create_task(first.stop(60))
    await draining(first)
    first_tasks.gate.set()
    await asyncio.wait_for(stopping, 30)
    assert (first_tasks.canceled, first_tasks.runs()) == (0, {"S1": 1})
    second = await launch(open_new(), second_tasks)
    assert (await finished(second, execution)).status == "SUCCEEDED"
    assert second_tasks.runs() == {"S2": 1}


async def test_a_stop_asked_for_while_nobody_runs_it_is_not_forgotten(open_new: OpenStorage, launch: Launch) -> None:
    first = make_engine(open_new(), lease_seconds=0.5)
    await first.start()
    execution = await begin(first, await create(first, sequence("gate")))
    await crash(first)
    second = await launch(open_new(), lease_seconds=0.5)
    await second.stop_execution(ORGANIZATION, execution.arn, error="Changed.Mind")
    over = await finished(second, execution)
    assert (over.status, over.error) == ("ABORTED", "Changed.Mind")
    assert [event.type for event in await events(second, execution)][-1] == "ExecutionAborted"


async def test_far_waits_leave_the_memory_and_come_back_in_time(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), timer_horizon_seconds=0.4)
    machine = await create(engine, waiting(2))
    executions = await asyncio.gather(*(begin(engine, machine) for _ in range(10)))
    await eventually(lambda: (len(engine._executor), len(engine._executor.timers)) == (0, 0))
    assert not (await engine.describe_execution(ORGANIZATION, executions[0].arn)).finished
    for execution in executions:
        over = await finished(engine, execution)
        assert over.status == "SUCCEEDED"
        assert over.stopped_at is not None
        assert over.stopped_at - over.started_at >= timedelta(seconds=2)


async def test_far_waits_can_be_stopped_and_are_taken_over(open_new: OpenStorage, launch: Launch) -> None:
    first = make_engine(open_new(), lease_seconds=0.3, timer_horizon_seconds=0.1)
    await first.start()
    machine = await create(first, waiting(1000))
    one, two = await begin(first, machine), await begin(first, machine)
    assert (await first.stop_execution(ORGANIZATION, one.arn)).status == "ABORTED"
    await crash(first)
    second = await launch(open_new(), lease_seconds=0.3, timer_horizon_seconds=5000.0)
    await eventually(lambda: len(second._executor.timers) == 1)
    assert (await second.stop_execution(ORGANIZATION, two.arn)).status == "ABORTED"
