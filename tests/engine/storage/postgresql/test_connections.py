"""What keeps a connection from being made."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from engine.storage import OutcomeUnknown, StorageUnavailable, open_storage
from engine.storage.postgresql import PostgresStorage
from tests.engine.storage.rows import start, step, stored_machine
from tests.support.postgres import Databases


async def test_a_server_that_cannot_be_reached_is_named() -> None:
    storage = open_storage("postgresql://nobody@127.0.0.1:1/x")
    with pytest.raises(StorageUnavailable, match=r"PostgreSQL at 127\.0\.0\.1:1 is unavailable: .*Errno"):
        await storage.open()


async def test_a_password_that_cannot_be_had() -> None:
    async def password(*, refresh: bool = False) -> str:
        raise LookupError(f"the secret is away, refresh={refresh}")

    storage = open_storage("postgresql://nobody@127.0.0.1:1/x", password=password)
    with pytest.raises(StorageUnavailable, match="The password for PostgreSQL can't be had: the secret is away"):
        await storage.open()


async def _opened(url: str, **options: float) -> PostgresStorage:
    storage = open_storage(url, pool_size=2, **options)  # type: ignore[arg-type]
    assert isinstance(storage, PostgresStorage)
    await storage.open()
    return storage


async def test_the_pool_has_no_more_connections_than_it_may(databases: Databases) -> None:
    with databases.migrated() as url:
        storage = await _opened(url)
        backends = "select pg_backend_pid() as pid, pg_sleep(0.02)"
        rows = await asyncio.gather(*(storage._database.fetch(backends) for _ in range(8)))
        assert 1 <= len({row[0]["pid"] for row in rows}) <= 2
        assert storage.pool().size <= 2
        await storage.close()


async def test_a_statement_that_takes_too_long_gives_its_connection_up(databases: Databases) -> None:
    with databases.migrated() as url:
        storage = await _opened(url, command_timeout_seconds=0.5)
        before = (await storage._database.fetch("select pg_backend_pid() as pid"))[0]["pid"]
        with pytest.raises(StorageUnavailable, match="PostgreSQL is unavailable: TimeoutError"):
            await storage._database.fetch("select pg_sleep(60)")
        after = (await storage._database.fetch("select pg_backend_pid() as pid"))[0]["pid"]
        assert after != before
        await storage.close()


async def test_a_commit_whose_statement_is_not_made_ready_in_time_gives_its_connection_up(databases: Databases) -> None:
    with databases.migrated() as url:
        storage, other = await _opened(url, command_timeout_seconds=0.5), await asyncpg.connect(url)
        machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
        first = start(machine)
        await storage.commit(lease.epoch, [first])
        before = storage._committer._connection
        async with other.transaction():
            await other.execute("lock table active_executions in access exclusive mode")
            with pytest.raises(StorageUnavailable, match="PostgreSQL is unavailable: TimeoutError") as raised:
                await storage.commit(lease.epoch, [step(first.execution_id, 2, 3)])
        assert not isinstance(raised.value, OutcomeUnknown)  # nothing was asked for yet
        assert before is not None
        assert before.is_closed()
        assert await storage.commit(lease.epoch, [step(first.execution_id, 2, 3)]) == {first.execution_id}
        await other.close()
        await storage.close()
