"""What happens in a world: clients with their wishes, a storm, and a quiet end in which everything has to finish."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import random as chance
from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Final
from unittest.mock import patch

import msgspec

from engine.language import parse
from tests.reliability.mixed import STARTED
from tests.reliability.simulation import clients, operators
from tests.reliability.simulation.loop import VirtualLoop
from tests.reliability.simulation.storage import Faults
from tests.reliability.simulation.verdict import is_busy, judge, trace
from tests.reliability.simulation.world import BEGINNING, OPTIONS, Process, World

KINDS: Final = ("kill", "stall", "stop", "clock", "nothing")
QUIET_SECONDS: Final = 120.0
_GOOD: Final = Faults()


class Size(msgspec.Struct, frozen=True):
    """How much there is in a world: seconds of storm, most executions that clients start, and most engines."""

    storm: float
    executions: int
    engines: int


_BIG: Final = Size(12.0, 8, 3)
_SMALL: Final = Size(4.0, 2, 2)
_BIG_EVERY: Final = 10
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
    with made_up(loop, random), asyncio.Runner(loop_factory=lambda: loop) as runner:
        loop.set_exception_handler(lambda _, context: report.problems.append(str(context["message"])))
        world = World(loop, random, _faults(random), random.randint(1, size.engines))
        runner.run(_happen(world, size, report, kinds))
        report.seconds = loop.time()
    return report


async def _happen(world: World, size: Size, report: Report, kinds: Sequence[str]) -> None:
    await asyncio.gather(*(process.start() for process in world.processes))
    chosen = [world.random.choice(STARTED) for _ in range(world.random.randint(1, size.executions))]
    await clients.create(world, chosen)
    for number, machine in enumerate(chosen):
        world.spawn(clients.live(world, f"{machine}-{number}", size.storm))
    world.spawn(operators.pause_some(world, size.storm))
    if world.random.random() < 0.2:
        world.spawn(clients.schedule(world, size.storm))
    workers = [asyncio.create_task(clients.work(world, f"worker-{number}")) for number in range(2)]
    await _storm(world, size.storm, report, kinds)
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            await world.clients_end()
            while is_busy(world):  # noqa: ASYNC110 - children whose parent was stopped; nobody tells
                await asyncio.sleep(0.1)
    except TimeoutError:
        report.problems.append("not everything had ended after the storm")
    for worker in workers:
        worker.cancel()
    await asyncio.wait(workers)
    verdict = await judge(world)
    report.problems += verdict.problems
    report.executions, report.effects, report.trace = verdict.executions, verdict.effects, trace(world)
    for process in world.processes:
        await process.kill()


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


_parse: Final = functools.lru_cache(parse)
"""All worlds have the same definitions."""


@contextlib.contextmanager
def made_up(loop: VirtualLoop, random: Random) -> Iterator[None]:
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
