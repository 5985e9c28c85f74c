"""A process that publishes until it is killed: `python -m tests.engine.runtime.outbox.worker URL FILE`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from engine.runtime import Engine, EngineOptions
from engine.storage import open_storage
from tests.engine.runtime.outbox.sinks import FileSink
from tests.engine.runtime.support import Tasks


async def main(url: str, path: str) -> None:
    """Run the engine."""
    options = EngineOptions(lease_seconds=0.6, poll_seconds=0.02)
    await Engine(open_storage(url, outbox=True), Tasks(), options, sink=FileSink(Path(path))).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
