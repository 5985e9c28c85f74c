"""Those who pause executions, of any kind and at any moment, and let them go on."""

from __future__ import annotations

import asyncio
from uuid import UUID

from engine.runtime.errors import ConflictException
from tests.reliability.mixed import ARN
from tests.reliability.simulation.world import ORGANIZATION, World


async def pause_some(world: World, storm_seconds: float) -> None:
    """Pause one execution after another as long as the storm lasts; some worlds have nobody who does."""
    random = world.random
    end = asyncio.get_running_loop().time() + storm_seconds
    often = random.choice((0.0, 0.0, 1.0, 3.0))
    while often and asyncio.get_running_loop().time() < end:
        await asyncio.sleep(random.expovariate(often))
        running = [key for key in world.tables.active if key not in world.tables.paused]
        if running:
            await _pause(world, random.choice(running))


async def _pause(world: World, key: UUID) -> None:
    """Pause an execution for a while, in which it makes no transition; one that is stopped isn't paused any more."""
    arn = _arn(world, key)
    try:
        await world.ask(lambda engine: engine.pausing.pause(ORGANIZATION, arn, paused_by="operator"))
    except ConflictException:
        return
    pause, before = world.tables.paused.get(key), len(world.tables.history[key])
    await asyncio.sleep(world.random.random() * world.random.choice((0.1, 3.0, 8.0)))
    goes_on = len(world.tables.history[key]) > before
    if goes_on and pause is not None and world.tables.paused.get(key) is pause:
        world.problems.append(f"{arn} made a transition while it was paused")
    try:
        await world.ask(lambda engine: engine.pausing.resume(ORGANIZATION, arn))
    except ConflictException:
        return


def _arn(world: World, key: UUID) -> str:
    row = world.tables.executions[key]
    machine = row.state_machine_name if row.label is None else f"{row.state_machine_name}/{row.label}"
    return f"{ARN}:execution:{machine}:{row.name}"
