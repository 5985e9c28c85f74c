"""A process that runs an engine until it is killed: `python -m tests.engine.runtime.schedules.worker URL NAME`."""

from __future__ import annotations

import asyncio
import sys

from engine.runtime import Engine, EngineOptions
from engine.storage import open_storage
from tests.engine.runtime.support import Tasks


async def main(url: str, name: str) -> None:
    """Run the engine, and say so."""
    options = EngineOptions(lease_seconds=1.0, poll_seconds=0.05, instance=name)
    await Engine(open_storage(url), Tasks(), options).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
