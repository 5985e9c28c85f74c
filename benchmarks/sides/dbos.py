"""DBOS on the same PostgreSQL.

Usage: python -m benchmarks.sides.dbos DSN. Executions are calls of a workflow within the process, as its users make
them; steps are recorded as it records them.
"""

from __future__ import annotations

import asyncio
import sys

import uvloop
from dbos import DBOS, DBOSConfig

from benchmarks.sides.protocol import Job, commands, serve

WIDTH = 100


async def _step(done: int) -> int:
    return done + 1


step = DBOS.step(name="step")(_step)


async def _three_steps(done: int) -> int:
    for _ in range(3):
        done = await step(done)
    return done


async def _parallel(done: int) -> int:
    return len(await asyncio.gather(*(step(done) for _ in range(WIDTH))))


three_steps = DBOS.workflow(name="three-steps")(_three_steps)
parallel = DBOS.workflow(name="parallel")(_parallel)


async def run_three_steps() -> None:
    """Run three steps, one after the other."""
    await three_steps(0)


async def run_parallel() -> None:
    """Run a hundred steps side by side."""
    await parallel(0)


JOBS: dict[str, Job] = {"three-steps": run_three_steps, "parallel": run_parallel}


async def main(database: str) -> None:
    """Run until stdin ends."""
    url = database.replace("postgresql://", "postgresql+psycopg://", 1)
    config: DBOSConfig = {"name": "benchmark", "system_database_url": url, "log_level": "ERROR"}
    DBOS(config=config)
    DBOS.launch()
    try:
        await serve(commands(JOBS), {})
    finally:
        DBOS.destroy()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
