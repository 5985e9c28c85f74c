"""Storages that several engines can open, and engines that are stopped at the end of a test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from engine.runtime import Engine, Observer
from engine.storage import Storage, open_storage
from engine.storage.memory import MemoryStorage
from engine.storage.migrations import migrate
from tests.engine.runtime.support import Tasks, make_engine
from tests.support.postgres import Databases

OpenStorage = Callable[[], Storage]
Launch = Callable[..., Awaitable[Engine]]


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[str]:
    """A PostgreSQL database of the test's own, with the engine's schema."""
    with databases.migrated() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def open_new(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStorage:
    """Opens the same database again and again, as engines in other processes would."""
    if request.param == "memory":
        shared = MemoryStorage()
        return lambda: shared
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/engine.db"
        migrate(url, report=lambda _: None)
    else:
        url = request.getfixturevalue("postgres_url")
    return lambda: open_storage(url, pool_size=3)


@pytest.fixture
async def launch() -> AsyncIterator[Launch]:
    """Starts engines."""
    engines: list[Engine] = []

    async def start(
        storage: Storage,
        tasks: Tasks | None = None,
        observer: Observer | None = None,
        *,
        handlers: Callable[[], frozenset[str]] | None = None,
        **options: object,
    ) -> Engine:
        engine = make_engine(storage, tasks, observer, handlers=handlers, **options)
        await engine.start()
        engines.append(engine)
        return engine

    yield start
    for engine in engines:
        await engine.stop(0)
