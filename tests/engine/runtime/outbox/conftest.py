"""Storages with an outbox, and engines that publish."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from engine.events import Sink
from engine.runtime import Engine, EngineOptions
from engine.storage import Storage, open_storage
from engine.storage.memory import MemoryStorage
from engine.storage.migrations import migrate
from tests.engine.runtime.support import Tasks

OpenStorage = Callable[[], Storage]
Publish = Callable[..., Awaitable[Engine]]


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_announcing(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStorage:
    """Opens the same database again and again, with an outbox."""
    if request.param == "memory":
        shared = MemoryStorage(outbox=True)
        return lambda: shared
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/engine.db"
        migrate(url, report=lambda _: None)
    else:
        url = request.getfixturevalue("postgres_url")
    return lambda: open_storage(url, pool_size=3, outbox=True)


@pytest.fixture
async def publishing() -> AsyncIterator[Publish]:
    """Starts engines that publish, and stops them at the end of the test."""
    engines: list[Engine] = []

    async def start(storage: Storage, sink: Sink, tasks: Tasks | None = None) -> Engine:
        options = EngineOptions(lease_seconds=30.0, poll_seconds=0.02, instance="test")
        engine = Engine(storage, tasks or Tasks(), options, sink=sink)
        await engine.start()
        engines.append(engine)
        return engine

    yield start
    for engine in engines:
        await engine.stop(0)
