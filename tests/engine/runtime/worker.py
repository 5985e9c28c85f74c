"""A process that runs an engine until it is killed: `python -m tests.engine.runtime.worker URL`.

It says "ready" when it has started, and "running NAME KEY" whenever the state that waits begins to run.
"""

from __future__ import annotations

import asyncio
import sys

from engine.runtime import Engine, EngineOptions
from engine.storage import open_storage
from engine.tasks.requests import TaskRequest


class Endless:
    """Counts, except in the state ``S2``, which never ends."""

    async def run(self, request: TaskRequest) -> object:
        """Run a task."""
        if request.state_name == "S2":
            sys.stdout.write(f"running {request.execution_name} {request.idempotency_key}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()
        return request.input


async def main(url: str) -> None:
    """Run the engine."""
    await Engine(open_storage(url), Endless(), EngineOptions(lease_seconds=1.0)).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
