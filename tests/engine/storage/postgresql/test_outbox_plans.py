"""That the outbox is read from its beginning alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from engine.storage import open_storage
from engine.storage.outbox import MOST_COUNTED
from engine.storage.postgresql import PostgresStorage
from engine.storage.postgresql.outbox import (
    BACKLOG,
    READ_OUTBOX,
    REMOVE_PUBLISHED,
)
from tests.engine.storage.rows import start, stored_machine
from tests.support.postgres import Databases


@pytest.fixture
async def full(databases: Databases) -> AsyncIterator[PostgresStorage]:
    """A storage with thousands of changes in its outbox."""
    with databases.migrated() as url:
        opened = open_storage(url, pool_size=2, outbox=True)
        assert isinstance(opened, PostgresStorage)
        await opened.open()
        machine, lease = await stored_machine(opened), await opened.register_process("a", 600)
        await opened.commit(lease.epoch, [start(machine, f"e{number}") for number in range(3000)])
        databases.execute(url, "analyze")
        yield opened
        await opened.close()


async def _plan(storage: PostgresStorage, statement: str, *values: object, **settings: str) -> str:
    async with storage._database.transaction() as connection:
        for name, value in settings.items():
            await connection.execute(f"set local {name} = '{value}'")
        [row] = await connection.fetch(f"explain (format json) {statement}", *values)
        return str(json.loads(row[0]))


async def test_the_outbox_is_read_from_its_beginning(full: PostgresStorage) -> None:
    read = await _plan(full, READ_OUTBOX, [], 500)
    assert "Seq Scan" not in read
    assert "Sort" not in read
    assert "Seq Scan" not in await _plan(full, REMOVE_PUBLISHED, [1, 2, 3])
    [oldest] = await full._database.fetch(BACKLOG, MOST_COUNTED)
    assert oldest["pending"] == 3000
    assert "outbox_pkey" in await _plan(full, BACKLOG, MOST_COUNTED)
