"""A takeover is broken off: what was taken must not be forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from engine.storage import OutcomeUnknown, Storage, StorageUnavailable, open_storage
from engine.storage.lifecycle import SetAside
from engine.storage.memory import MemoryStorage
from engine.storage.postgresql.connections import PooledConnection
from engine.storage.postgresql.database import Database
from engine.storage.records import ActiveExecution, Machine
from tests.engine.runtime.support import Tasks, begin, crash, create, finished, make_engine, sequence
from tests.engine.storage.rows import start, stored_machine
from tests.support.postgres import Databases


class BreaksOnce(MemoryStorage):
    """Another process's way to a storage, which breaks once at a given place of a takeover."""

    def __init__(self, shared: MemoryStorage, place: str) -> None:
        super().__init__()
        self._tables = shared._tables
        self.place: str | None = place
        self._taken: Sequence[ActiveExecution] = ()

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """Claim, and maybe lose the answer."""
        claimed = await super().claim(epoch, limit)
        self._taken = self._taken or claimed
        if claimed and self.place == "claim":
            self.place = None
            raise OutcomeUnknown("the answer was lost")
        return claimed

    async def get_version(self, machine_id: object, version: int) -> Machine | None:
        """Read a definition, unless the connection breaks."""
        if self._taken and self.place == "get_version":
            self.place = None
            raise StorageUnavailable("the connection was lost")
        return await super().get_version(machine_id, version)  # type: ignore[arg-type]


async def _taken_over(place: str) -> None:
    shared, tasks, others = MemoryStorage(), Tasks(), Tasks()
    first = make_engine(shared, tasks)
    await first.start()
    executions = [await begin(first, await create(first, sequence("gate", "count"))) for _ in range(3)]
    epoch = first._lease.epoch
    await crash(first)
    assert epoch is not None
    await shared.remove_process(epoch)
    others.gate.set()
    storage = BreaksOnce(shared, place)
    second = make_engine(storage, others, lease_seconds=0.3)
    await second.start()
    for execution in executions:
        assert (await finished(second, execution)).status == "SUCCEEDED"
    assert storage.place is None
    assert others.runs() == {"S1": 3, "S2": 3}
    await second.stop(0)


@pytest.mark.fault(
    "the answer to a takeover is lost",
    "The process looks up what it owns and goes on with it.",
)
async def test_a_takeover_whose_answer_is_lost() -> None:
    await _taken_over("claim")


@pytest.mark.fault(
    "the database goes away between a takeover and the reading of what was taken over",
    "Once it is back, the process looks up what it owns and goes on with it.",
)
async def test_a_takeover_that_is_broken_off() -> None:
    await _taken_over("get_version")


async def _claimed(storage: Storage, way: str, epoch: int) -> int:
    """Take over, one way or the other; gives how many executions."""
    if way == "claim":
        return len(await storage.claim(epoch, 9))
    return len(await storage.claim_set_aside(epoch, 60, "handler:", 9))


@pytest.mark.fault(
    "PostgreSQL ends the connection of a takeover just before its commit",
    "The process knows that it doesn't know what it owns.",
)
@pytest.mark.parametrize("way", ["claim", "claim_set_aside"])
async def test_a_takeover_that_may_be_committed(
    databases: Databases, url: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Database.transaction

    @asynccontextmanager
    async def ended(database: Database) -> AsyncIterator[PooledConnection]:
        async with whole(database) as connection:
            yield connection
            databases.execute(url, f"select pg_terminate_backend({connection.get_server_pid()})")

    storage = open_storage(url, pool_size=2)
    await storage.open()
    try:
        dead, heir = await storage.register_process("dead", 60), await storage.register_process("heir", 60)
        write = start(await stored_machine(storage))
        await storage.commit(dead.epoch, [write])
        if way == "claim_set_aside":
            await storage.publish(heir.epoch, ["handler:x"])
            await storage.set_aside(dead.epoch, [SetAside(write.execution_id, "handler:x")])
        await storage.remove_process(dead.epoch)
        with monkeypatch.context() as patch:
            patch.setattr(Database, "transaction", ended)
            with pytest.raises(OutcomeUnknown):
                await _claimed(storage, way, heir.epoch)
        assert await _claimed(storage, way, heir.epoch) == 1
    finally:
        await storage.close()
