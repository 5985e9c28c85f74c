"""Those who want something of the engines: executions, their ends, tasks of an activity, schedules."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from uuid import UUID

import orjson

from engine.runtime.errors import (
    ConflictException,
    ExecutionAlreadyExists,
    ExecutionDoesNotExist,
    ExecutionNotRedrivable,
    TaskTimedOut,
)
from engine.runtime.records import ActivityTaskRecord, ExecutionRecord
from engine.runtime.schedules.configuration import Invocation, ScheduleConfiguration
from tests.reliability.mixed import ACTIVITY, machine_arn, machines
from tests.reliability.simulation.verdict import told_to_stop
from tests.reliability.simulation.world import ORGANIZATION, World

SCHEDULE: Final = "once"
_STARTED_BY_OTHERS: Final = ("asked", "sequence", "waits")
_TEXTS: Final = {name: orjson.dumps(definition).decode() for name, definition in machines().items()}
_ROLE: Final = "arn:aws:iam::000000000000:role/load"
_MOST_REDRIVES: Final = 3


async def create(world: World, names: Iterable[str]) -> None:
    """Create the state machines of these names, those that they and schedules start, and the activity."""
    for name in sorted({*names, *_STARTED_BY_OTHERS}):
        text = _TEXTS[name]
        await world.ask(
            lambda engine, name=name, text=text: engine.machines.create(  # type: ignore[misc]
                organization=ORGANIZATION, name=name, definition=text, role_arn=_ROLE
            )
        )
    await world.ask(lambda engine: engine.activities.create(ORGANIZATION, "work"))


async def live(world: World, name: str, storm_seconds: float) -> None:
    """Start an execution some time in the storm, maybe stop it, maybe redrive it, wait for its end, maybe erase it."""
    random = world.random
    await asyncio.sleep(random.random() * storm_seconds)
    machine, _, number = name.partition("-")
    arn = machine_arn(machine)
    execution = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
    if random.random() < 0.1:
        world.spawn(_stop(world, execution))
    await _start(world, arn, name, int(number))
    if random.random() < 0.2:
        await asyncio.sleep(random.random() * 3)
        await _stop(world, execution)
        if random.random() < 0.3:
            await _terminate(world, execution)
    record = await _end(world, execution, 0.0)
    wishes = random.choice((0, 0, 1, _MOST_REDRIVES))
    for count in range(wishes):
        if record.status != "SUCCEEDED":
            since = await _redrive(world, execution, f"{name}-{count}")
            record = await _end(world, execution, since)
    if random.random() < 0.15:
        await _erase(world, execution, redrives=random.random() < 0.3)


async def _start(world: World, arn: str, name: str, number: int) -> None:
    text = orjson.dumps({"n": number, "items": [1, 2, 3]}).decode()
    with contextlib.suppress(ExecutionAlreadyExists):  # the answer to the first start may have been lost
        await world.ask(
            lambda engine: engine.start_execution(
                organization=ORGANIZATION, state_machine_arn=arn, name=name, input=text
            )
        )


async def _end(world: World, execution: str, since: float) -> ExecutionRecord:
    """Wait for the end of an execution that runs since then; it may end well, or as somebody wanted it to."""
    while True:
        record = await world.ask(lambda engine: engine.wait_for_execution(ORGANIZATION, execution, 4.0))
        if record.finished:
            break
    is_stopped = world.stops[execution] > 0 or world.stopped_at.get(execution, -1.0) >= since
    may_fail = record.name.startswith("tolerant-")
    if record.status not in ("SUCCEEDED", *(["ABORTED"] if is_stopped else []), *(["FAILED"] if may_fail else [])):
        world.problems.append(f"{execution} is {record.status}: {record.error}: {record.cause}")
    return record


async def _stop(world: World, execution: str) -> None:
    """Stop an execution, which may be about to start only now."""
    world.stops[execution] += 1
    for _ in range(20):
        with contextlib.suppress(ExecutionDoesNotExist):
            await world.ask(lambda engine: engine.stop_execution(ORGANIZATION, execution))
            break
        await asyncio.sleep(0.01)
    world.stops[execution] -= 1
    world.stopped_at[execution] = asyncio.get_running_loop().time()


async def _terminate(world: World, execution: str) -> None:
    """Stop what an execution that is over had started: all that it had started by then is over, or told to stop."""
    record = await _end(world, execution, 0.0)
    started = [key for key, each in world.tables.executions.items() if each.origin.parent == UUID(record.id)]
    await world.ask(lambda engine: engine.termination.stop_descendants(ORGANIZATION, execution))
    left = [key for key in started if key in world.tables.active and not told_to_stop(world, key)]
    world.problems += [f"{key} wasn't stopped with its parent {execution}" for key in left]


async def _redrive(world: World, execution: str, token: str) -> float:
    """Have an execution redriven, if it may be; gives the time since when it runs by that."""
    asked_at = asyncio.get_running_loop().time()
    try:
        await world.ask(lambda engine: engine.redrive_execution(ORGANIZATION, execution, client_token=token))
    except ExecutionNotRedrivable:
        return 0.0
    return asked_at


async def _erase(world: World, execution: str, *, redrives: bool) -> None:
    """Have an execution's data erased, maybe while it is redriven, after which it may not be erased yet."""
    redriving = asyncio.create_task(_redrive(world, execution, "again")) if redrives else None
    with contextlib.suppress(ConflictException):
        await world.ask(lambda engine: engine.erasing.erase(ORGANIZATION, execution, requested_by="somebody"))
    if redriving is not None:
        await redriving
    await _end(world, execution, 0.0)


async def schedule(world: World, storm_seconds: float) -> None:
    """Have an execution started at a time in the storm, and wait for its end."""
    at = world.now() + timedelta(seconds=2 + world.random.random() * storm_seconds)
    chosen = ScheduleConfiguration(
        expression=f"at({at:%Y-%m-%dT%H:%M:%S})", target=Invocation(arn=machine_arn("sequence"), input='{"n": 5}')
    )
    await world.ask(lambda engine: engine.schedules.create(ORGANIZATION, SCHEDULE, chosen, client_token=SCHEDULE))
    while True:
        record = await world.ask(lambda engine: engine.schedules.describe(ORGANIZATION, SCHEDULE))
        if record.latest_execution is not None:
            return
        await asyncio.sleep(0.5)


async def work(world: World, name: str) -> None:
    """Do the tasks of the activity, with heartbeats; now and then fail, or go away with a task."""
    while True:
        task = await world.ask(lambda engine: engine.callbacks.get_activity_task(ORGANIZATION, ACTIVITY, name, 6.0))
        if task is not None and world.random.random() < 0.9:
            with contextlib.suppress(TaskTimedOut):
                await _do(world, task)


async def _do(world: World, task: ActivityTaskRecord) -> None:
    random = world.random
    for _ in range(random.choice((0, 0, 0, 4))):
        await asyncio.sleep(random.random())
        await world.ask(lambda engine: engine.callbacks.heartbeat(ORGANIZATION, task.token))
    await asyncio.sleep(random.random())
    if random.random() < 0.1:
        await world.ask(lambda engine: engine.callbacks.fail(ORGANIZATION, task.token, "Worker.Failed"))
    else:
        await world.ask(lambda engine: engine.callbacks.succeed(ORGANIZATION, task.token, task.input))
