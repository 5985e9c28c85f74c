"""What happens in a world: clients with their wishes, a storm, and a quiet end in which everything has to finish."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random as chance
from collections.abc import Iterator, Sequence, Sized
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Final
from unittest.mock import patch

import msgspec
import orjson

from engine.language import parse
from engine.runtime.errors import ExecutionAlreadyExists, ExecutionDoesNotExist, ExecutionNotRedrivable, TaskTimedOut
from tests.reliability.mixed import ACTIVITY, STARTED, machine_arn, machines
from tests.reliability.oracle import Oracle
from tests.reliability.simulation.loop import VirtualLoop
from tests.reliability.simulation.storage import Faults
from tests.reliability.simulation.world import BEGINNING, OPTIONS, ORGANIZATION, Process, World

KINDS: Final = ("kill", "stall", "stop", "clock", "nothing")
QUIET_SECONDS: Final = 120.0
_ROLE: Final = "arn:aws:iam::000000000000:role/load"
_GOOD: Final = Faults()
_CLOCKS_APART: Final = timedelta(minutes=10)
"""The database's clock is set here."""


class Size(msgspec.Struct, frozen=True):
    """How much there is in a world: seconds of storm, most executions that clients start, and most engines."""

    storm: float
    executions: int
    engines: int


_BIG: Final = Size(12.0, 8, 3)
_SMALL: Final = Size(4.0, 3, 2)
_BIG_EVERY: Final = 8
"""Most worlds are small: more different ones in the same time, and most of what goes wrong takes few to go wrong."""


class Report(msgspec.Struct, kw_only=True):
    """What a world came to.

    Attributes:
        seed: where it came from.
        problems: what went wrong, a sentence each; none if all was well.
        trace: the same number for the same course of events.
        executions: how many there were.
        effects: side effects of handlers.
        kills: processes killed.
        seconds: made-up time that it took.
    """

    seed: int
    problems: list[str] = []
    trace: int = 0
    executions: int = 0
    effects: int = 0
    kills: int = 0
    seconds: float = 0.0


def run(seed: int, kinds: Sequence[str] = KINDS) -> Report:
    """Let the world of this seed happen, with some of these kinds of trouble besides those of the lines."""
    loop = VirtualLoop()
    random = Random(seed)
    report = Report(seed=seed)
    size = _SMALL if seed % _BIG_EVERY else _BIG
    with _made_up(loop, random), asyncio.Runner(loop_factory=lambda: loop) as runner:
        loop.set_exception_handler(lambda _, context: report.problems.append(str(context["message"])))
        world = World(loop, random, _faults(random), random.randint(1, size.engines))
        runner.run(_happen(world, size, report, kinds))
        report.seconds = loop.time()
    return report


async def _happen(world: World, size: Size, report: Report, kinds: Sequence[str]) -> None:
    await asyncio.gather(*(process.start() for process in world.processes))
    await _create(world)
    for number in range(world.random.randint(1, size.executions)):
        world.spawn(_client(world, f"{world.random.choice(STARTED)}-{number}", size.storm))
    workers = [asyncio.create_task(_work(world, f"worker-{number}")) for number in range(2)]
    await _storm(world, size.storm, report, kinds)
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            await world.clients_end()
            while world.storage._tables.active:  # noqa: ASYNC110 - children whose parent was stopped; nobody tells
                await asyncio.sleep(0.1)
    except TimeoutError:
        report.problems.append("not everything had ended after the storm")
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers)
    await _judge(world, report)
    for process in world.processes:
        await process.kill()


# Clients


async def _create(world: World) -> None:
    for name, definition in machines().items():
        text = orjson.dumps(definition).decode()
        await world.ask(
            lambda engine, name=name, text=text: engine.machines.create(  # type: ignore[misc]
                organization=ORGANIZATION, name=name, definition=text, role_arn=_ROLE
            )
        )
    await world.ask(lambda engine: engine.activities.create(ORGANIZATION, "work"))


async def _client(world: World, name: str, storm_seconds: float) -> None:
    """Start an execution some time in the storm, maybe stop it, maybe redrive it, and wait for its end."""
    random = world.random
    await asyncio.sleep(random.random() * storm_seconds)
    machine, _, number = name.partition("-")
    text = orjson.dumps({"n": int(number), "items": [1, 2, 3]}).decode()
    arn = machine_arn(machine)
    execution = f"{arn.replace(':stateMachine:', ':execution:')}:{name}"
    if random.random() < 0.1:
        world.spawn(_stop(world, execution))
    with contextlib.suppress(ExecutionAlreadyExists):  # the answer to the first start may have been lost
        await world.ask(
            lambda engine: engine.start_execution(
                organization=ORGANIZATION, state_machine_arn=arn, name=name, input=text
            )
        )
    if random.random() < 0.15:
        await asyncio.sleep(random.random() * 3)
        await _stop(world, execution)
        if random.random() < 0.5:
            with contextlib.suppress(ExecutionNotRedrivable):
                await world.ask(lambda engine: engine.redrive_execution(ORGANIZATION, execution, client_token=name))
    while not (await world.ask(lambda engine: engine.wait_for_execution(ORGANIZATION, execution, 4.0))).finished:
        pass


async def _stop(world: World, execution: str) -> None:
    """Stop an execution, which may be about to start only now."""
    for _ in range(20):
        try:
            await world.ask(lambda engine: engine.stop_execution(ORGANIZATION, execution))
        except ExecutionDoesNotExist:
            await asyncio.sleep(0.01)
        else:
            return


async def _work(world: World, name: str) -> None:
    """Do the tasks of the activity."""
    while True:
        task = await world.ask(lambda engine: engine.callbacks.get_activity_task(ORGANIZATION, ACTIVITY, name, 6.0))
        if task is not None:
            await asyncio.sleep(world.random.random())
            with contextlib.suppress(TaskTimedOut):
                await world.ask(
                    lambda engine, task=task: engine.callbacks.succeed(ORGANIZATION, task.token, task.input)  # type: ignore[misc]
                )


# The storm


def _faults(random: Random) -> Faults:
    """Choose how bad it gets: some worlds have only one kind of trouble, so that it isn't hidden by others."""

    def some(most: float) -> float:
        return random.choice((0.0, 0.0, random.random() * most))

    return Faults(
        refused=some(0.1),
        answer_lost=some(0.1),
        delay=random.choice((0.002, 0.02, 0.3)),
        notice_lost=some(1.0),
        notice_delay=random.choice((0.002, 0.5)),
    )


async def _storm(world: World, seconds: float, report: Report, possible: Sequence[str]) -> None:
    loop, random = asyncio.get_running_loop(), world.random
    end = loop.time() + seconds
    kinds = random.sample(possible, random.randint(1, len(possible)))
    while loop.time() < end:
        await asyncio.sleep(random.expovariate(0.7))
        process = random.choice(world.processes)
        match random.choice(kinds):
            case "kill" if process.engine is not None:
                report.kills += 1
                await process.kill()
                world.spawn(_back(process, random.random() * 5))
            case "stall":
                process.line.held_until = loop.time() + random.random() * 3 * OPTIONS.lease_seconds
            case "clock":
                world.shift += timedelta(seconds=random.uniform(-5.0, 5.0))
            case "stop" if process.engine is not None:
                world.spawn(_restart(process))
    world.faults = _GOOD
    for process in world.processes:
        process.line.faults = _GOOD


async def _back(process: Process, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await process.start()


async def _restart(process: Process) -> None:
    await process.stop()
    await process.start()


# The end


async def _judge(world: World, report: Report) -> None:
    tables = world.storage._tables
    oracle = Oracle(world.storage, tables.token_key or b"", OPTIONS, _CLOCKS_APART)
    verdict = await oracle.judge(ORGANIZATION, world.effects)
    report.problems += verdict.problems
    report.executions, report.effects = verdict.executions, verdict.effects
    left: dict[str, Sized] = {
        "active_executions": tables.active,
        "timers": tables.timers,
        "messages": tables.messages,
        "activity_tasks": tables.activity_tasks,
    }
    report.problems += [f"{len(rows)} rows are left in {name}" for name, rows in left.items() if rows]
    report.trace = hash((len(world.effects), tables.epochs, tables.message_ids, *_moments(world)))


def _moments(world: World) -> Iterator[float]:
    for execution in world.storage._tables.executions.values():
        if execution.stopped_at is not None:
            yield (execution.stopped_at - BEGINNING).total_seconds()


_parse: Final = functools.lru_cache(parse)
"""All worlds have the same definitions."""


@contextlib.contextmanager
def _made_up(loop: VirtualLoop, random: Random) -> Iterator[None]:
    """Let nothing come from outside: no time, no random numbers."""
    time = SimpleNamespace(time_ns=lambda: int((BEGINNING.timestamp() + loop.time()) * 1e9), monotonic=loop.time)
    state = chance.getstate()
    chance.seed(random.random())
    try:
        with (
            patch("engine.storage.identifiers.time", time),
            patch("engine.runtime.engine.time", time),
            patch("engine.runtime.callbacks.activity_tasks.time", time),
            patch("engine.runtime.maps.aborts.time", time),
            patch("engine.runtime.maps.ends.time", time),
            patch("engine.runtime.definitions.parse", _parse),
            patch("engine.runtime.control_plane.state_machines.parse", _parse),
            patch("engine.storage.identifiers.os", SimpleNamespace(urandom=random.randbytes)),
        ):
            yield
    finally:
        chance.setstate(state)
