"""A commit that finds rows locked goes by what they are when they are free again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from engine.storage import LeaseLapsed, Storage, open_storage
from engine.storage.postgresql.erasures import FINISH
from engine.storage.records import Position
from tests.engine.storage.rows import end, failed, redrive, start, step, stored_machine
from tests.support.postgres import Databases

MOVE = "update active_executions set owner = -1 where execution_id = $1"
LOCK = "select from active_executions where execution_id = $1 for update"
REMOVE = "delete from processes where epoch = $1"
WAITING = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """The URL of a database with the schema."""
    with databases.migrated() as url:
        yield url


@pytest.fixture(params=[False, True], ids=["plain", "announcing"])
async def storage(url: str, request: pytest.FixtureRequest) -> AsyncIterator[Storage]:
    """An open storage, without an outbox and with one."""
    opened = open_storage(url, outbox=request.param)
    await opened.open()
    yield opened
    await opened.close()


@asynccontextmanager
async def until_waited_for(url: str, statement: str, key: object) -> AsyncIterator[None]:
    """Lock or change a row, and commit that once somebody waits for it."""
    connection, watch = await asyncpg.connect(url), await asyncpg.connect(url)
    async with connection.transaction():
        await connection.execute(statement, key)
        yield
        while not await watch.fetchval(WAITING):  # noqa: ASYNC110 - nobody tells when
            await asyncio.sleep(0.005)
    await connection.close()
    await watch.close()


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("statement", [MOVE, LOCK])
async def test_an_execution_that_was_taken_away_meanwhile_stays_as_it_was(
    storage: Storage, url: str, statement: str, *, ends: bool
) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first, other, new = (start(machine, name) for name in ("first", "other", "new"))
    await storage.commit(lease.epoch, [first, other])
    key = first.execution_id
    write = end(key, 2, 3) if ends else step(key, 2, 3)
    async with until_waited_for(url, statement, key):
        commit = asyncio.create_task(storage.commit(lease.epoch, [new, write, step(other.execution_id, 2, 3)]))
    others = {new.execution_id, other.execution_id}
    kept = statement == LOCK
    assert await commit == (others | {key} if kept else others)
    events = await storage.read_history(key, after=None, limit=10, reverse=False)
    found = await storage.find_execution("default", "orders", "first")
    assert found is not None
    assert (len(events), found.status) == (2 if kept else 1, "SUCCEEDED" if kept and ends else "RUNNING")
    if not kept:
        assert await storage.positions([key]) == {key: Position(1, -1)}


async def test_a_lease_that_was_taken_away_meanwhile_writes_nothing(storage: Storage, url: str) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first, new = start(machine, "first"), start(machine, "new")
    key = first.execution_id
    await storage.commit(lease.epoch, [first])
    async with until_waited_for(url, REMOVE, lease.epoch):
        commit = asyncio.create_task(storage.commit(lease.epoch, [new, step(key, 2, 3)]))
    with pytest.raises(LeaseLapsed):
        await commit
    assert await storage.positions([key, new.execution_id]) == {key: Position(1, lease.epoch)}
    assert len(await storage.read_history(key, after=None, limit=10, reverse=False)) == 1


@pytest.mark.parametrize("written", [False, True])
async def test_an_execution_whose_erasure_ends_meanwhile_does_not_run_again(
    storage: Storage, url: str, *, written: bool
) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first, other = start(machine, "first"), start(machine, "other")
    key, others = first.execution_id, other.execution_id
    await storage.commit(lease.epoch, [first, other])
    await storage.commit(lease.epoch, [failed(key, 2, 3), failed(others, 2, 3)])
    await storage.begin_erasure(key, "alice")
    lock = "select from executions where id = $1 for update"
    async with until_waited_for(url, FINISH if written else lock, key):
        commit = asyncio.create_task(storage.commit(lease.epoch, [redrive(key, 4), redrive(others, 4)]))
    assert await commit == ({others} if written else {key, others})
    [erasure] = await storage.erasures([key])
    assert (erasure.finished_at is not None) == written
