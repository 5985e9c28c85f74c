"""Temporal: its development server on SQLite, and a worker of its Python SDK.

Usage: python -m benchmarks.sides.temporal SERVER FOLDER. SERVER is the `temporal` program, FOLDER where it may keep its
data. On PostgreSQL it is slower still.
"""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import timedelta
from functools import partial
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from benchmarks.sides.protocol import Job, commands, serve
from benchmarks.sides.sockets import await_port, free_ports

WIDTH = 100
QUEUE = "benchmark"
LIMIT = timedelta(seconds=60)


@activity.defn  # type: ignore[untyped-decorator]
async def step(done: int) -> int:
    """Count the step."""
    return done + 1


async def _do_step(done: int) -> int:
    return int(await workflow.execute_activity(step, done, start_to_close_timeout=LIMIT))


@workflow.defn
class ThreeSteps:
    """Three steps, one after the other."""

    @workflow.run  # type: ignore[untyped-decorator]
    async def run(self, done: int) -> int:
        """Run them."""
        for _ in range(3):
            done = await _do_step(done)
        return done


@workflow.defn
class Parallel:
    """A hundred steps side by side."""

    @workflow.run  # type: ignore[untyped-decorator]
    async def run(self, done: int) -> int:
        """Run them."""
        return len(await asyncio.gather(*(_do_step(done) for _ in range(WIDTH))))


def jobs(client: Client) -> dict[str, Job]:
    """What can be run."""

    async def run(kind: type[ThreeSteps | Parallel]) -> None:
        await client.execute_workflow(kind.run, 0, id=uuid4().hex, task_queue=QUEUE)

    return {"three-steps": partial(run, ThreeSteps), "parallel": partial(run, Parallel)}


async def main(server: str, folder: str) -> None:
    """Run until stdin ends."""
    [port] = free_ports(1)
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - before anything else runs here
    options = ("--headless", "--port", str(port), "--db-filename", f"{folder}/temporal.db", "--log-level", "error")
    process = await asyncio.create_subprocess_exec(
        server, "server", "start-dev", *options, stdin=asyncio.subprocess.DEVNULL, stdout=2
    )
    try:
        await await_port(port)
        client = await Client.connect(f"127.0.0.1:{port}")
        runner = UnsandboxedWorkflowRunner()
        workflows = [ThreeSteps, Parallel]
        async with Worker(client, task_queue=QUEUE, workflows=workflows, activities=[step], workflow_runner=runner):
            await serve(commands(jobs(client)), {})
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
