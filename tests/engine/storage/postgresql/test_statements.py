"""How PostgreSQL executes the statements that run all the time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from msgspec import structs

from engine.storage import SslMode, StorageError, open_storage
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.postgresql import PostgresStorage
from engine.storage.postgresql.executions import DUE_EXECUTIONS, READ_HISTORY
from engine.storage.records import Write
from tests.engine.storage.rows import beginning, later, start, step, stored_machine
from tests.support.postgres import Databases


@pytest.fixture
async def storage(databases: Databases) -> AsyncIterator[PostgresStorage]:
    """A storage with 2,000 running executions."""
    with databases.migrated() as url:
        opened = open_storage(url, pool_size=2)
        assert isinstance(opened, PostgresStorage)
        await opened.open()
        machine, lease = await stored_machine(opened), await opened.register_process("a", 600)
        starts = [start(machine, f"e{number}") for number in range(2000)]
        timed = [structs.replace(w, timers_set=(("t", later(60 * n)),)) for n, w in enumerate(starts)]
        await opened.commit(lease.epoch, timed)
        databases.execute(url, "analyze")
        yield opened
        await opened.close()


async def _plan(storage: PostgresStorage, statement: str, *values: object, **settings: str) -> str:
    async with storage._database.transaction() as connection:
        for name, value in settings.items():
            await connection.execute(f"set local {name} = '{value}'")
        [row] = await connection.fetch(f"explain (format json, verbose) {statement}", *values)
        return str(json.loads(row[0]))


async def test_history_and_due_timers_come_by_way_of_an_index(storage: PostgresStorage) -> None:
    history = await _plan(storage, READ_HISTORY, time_ordered_uuid(), 0, 100)
    assert "'Node Type': 'Index Scan'" in history
    assert "history_" in history
    assert "timers_by_due_time" in await _plan(storage, DUE_EXECUTIONS, 1, later(0), later(1))


async def test_transitions_update_rows_in_place(storage: PostgresStorage) -> None:
    [lease] = await storage._database.fetch("select epoch from processes where epoch > 0")
    statistics = "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'active_executions'"
    [before] = await storage._database.fetch(statistics)  # of tests that had the database earlier
    executions = await storage.list_executions("default", None, None, 200, None)
    for sequence in range(2, 12):
        writes = [step(execution.id, sequence, 2 * sequence) for execution in executions]
        assert len(await storage.commit(lease["epoch"], writes)) == 200
    await storage.close()
    await storage.open()
    updated = in_place = 0
    while updated < 2000:
        [row] = await storage._database.fetch(statistics)
        updated = row["n_tup_upd"] - before["n_tup_upd"]
        in_place = row["n_tup_hot_upd"] - before["n_tup_hot_upd"]
    assert in_place / updated > 0.9


async def test_values_that_cannot_be_stored_are_an_error_of_the_write(storage: PostgresStorage) -> None:
    machine = await storage.find_machine("default", "orders")
    assert machine is not None
    for text in ("\0", "\ud800"):
        write = Write(
            execution_id=time_ordered_uuid(), sequence=1, snapshot=b"", beginning=beginning(machine, "x", text)
        )
        with pytest.raises(StorageError) as refused:
            await storage.commit(1, [write])
        assert type(refused.value) is StorageError


async def test_ssl_that_the_server_lacks_is_refused(databases: Databases) -> None:
    with databases.migrated() as url:
        modes: tuple[SslMode, ...] = ("require", "verify-full")
        for mode in modes:
            storage = open_storage(url, ssl_mode=mode)
            with pytest.raises(StorageError, match="SSL"):
                await storage.open()
        storage = open_storage(url, ssl_mode="disable")
        await storage.open()
        await storage.close()
