"""A load of so many executions a second, whatever they take."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from benchmarks import machines
from benchmarks.sides.protocol import Answer, Command
from benchmarks.sides.waiting import resident_bytes
from engine.runtime import Engine

_TICK_SECONDS: Final = 0.05
_LONGEST_WAIT: Final = 5


def commands(engine: Engine, machine: str, waiting: str, organization: str) -> dict[str, Command]:
    """Give `steady` and `resident`; every other execution is of `machine`, the others wait for some seconds."""

    async def start(number: int) -> None:
        arn, given = (machine, machines.INPUT) if number % 2 else (waiting, {"seconds": 1 + number % _LONGEST_WAIT})
        await engine.start_execution(
            organization=organization, state_machine_arn=arn, name=None, input=json.dumps(given)
        )

    async def steady(*, seconds: float, rate: float) -> Answer:
        """Start executions for so many seconds; returns when all starts are durable."""
        loop = asyncio.get_running_loop()
        began, started = loop.time(), 0
        async with asyncio.TaskGroup() as starts:
            while (passed := loop.time() - began) < seconds:
                due = int(passed * rate)
                for number in range(started, due):
                    starts.create_task(start(number))
                started = due
                await asyncio.sleep(_TICK_SECONDS)
        return {"started": started}

    async def resident() -> Answer:
        return {"bytes": resident_bytes()}

    return {"steady": steady, "resident": resident}
