"""A process that publishes to Kafka until it is killed: `python -m tests.engine.events.kafka.worker URL BROKERS`."""

from __future__ import annotations

import asyncio
import sys

from engine.events.kafka.connection import Connection
from engine.events.kafka.sink import KafkaSink
from engine.runtime import Engine, EngineOptions
from engine.storage import open_storage
from tests.engine.runtime.support import Tasks


async def main(url: str, brokers: str) -> None:
    """Run the engine."""
    options = EngineOptions(lease_seconds=0.6, poll_seconds=0.02)
    sink = KafkaSink(Connection(brokers.split(",")), "workflow.states", ())
    await Engine(open_storage(url, outbox=True), Tasks(), options, sink=sink).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2]))
