"""How long it takes until what a killed process ran goes on: in made-up time, for many moments of its death."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from tests.reliability.mixed import machine_arn
from tests.reliability.simulation import clients
from tests.reliability.simulation.loop import VirtualLoop
from tests.reliability.simulation.scenario import made_up
from tests.reliability.simulation.storage import Faults
from tests.reliability.simulation.world import OPTIONS, ORGANIZATION, World

ON_THE_WAY_SECONDS = 0.05


async def _takeover(world: World) -> float:
    """Kill the process that runs an execution, and give the seconds until the other one runs it."""
    loop = asyncio.get_running_loop()
    first, second = world.processes
    await asyncio.gather(first.start(), second.start())
    await clients.create(world, ["waits"])
    assert first.engine is not None
    await first.engine.start_execution(
        organization=ORGANIZATION, state_machine_arn=machine_arn("waits"), name="one", input="{}"
    )
    [active] = world.tables.active.values()
    before = active.owner
    await asyncio.sleep(world.random.random() * OPTIONS.lease_seconds)
    await first.kill()
    killed_at = loop.time()
    while active.owner == before:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    taken_at = loop.time()
    await second.kill()
    return taken_at - killed_at


@pytest.mark.parametrize("notice_lost", [0.0, 1.0])
def test_what_a_killed_process_ran_goes_on_within_four_thirds_of_the_lease(notice_lost: float) -> None:
    times = []
    for seed in range(25):
        loop, random = VirtualLoop(), Random(seed)
        with made_up(loop, random), asyncio.Runner(loop_factory=lambda loop=loop: loop) as runner:  # type: ignore[misc]
            times.append(runner.run(_takeover(World(loop, random, Faults(notice_lost=notice_lost), 2))))
    assert OPTIONS.lease_seconds < max(times) <= OPTIONS.lease_seconds * 4 / 3 + ON_THE_WAY_SECONDS
