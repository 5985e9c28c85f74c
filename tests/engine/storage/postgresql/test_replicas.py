"""A real streaming replica answers what it can, and nobody ever sees less than was acknowledged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from engine.storage import open_storage
from engine.storage.postgresql import PostgresStorage, executions, replicas
from engine.storage.records import Machine
from sandbox.data.postgres import PostgresServer
from tests.engine.storage.rows import end, start, stored_machine
from tests.support.postgres import Databases, running_server
from tests.support.standby import Standby, following


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of these tests' own."""
    with running_server(tmp_path_factory.mktemp("primary")) as server:
        yield server


@pytest.fixture(scope="module")
def standby(primary: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standby]:
    """Its replica, on the next address."""
    prefix, _, last = primary.address.rpartition(".")
    with following(primary, tmp_path_factory.mktemp("replica") / "data", f"{prefix}.{int(last) + 1}") as server:
        yield server


class Read:
    """A storage with a replica, and whom it asked."""

    def __init__(self, storage: PostgresStorage, machine: Machine, epoch: int) -> None:
        self.storage = storage
        self.machine = machine
        self.epoch = epoch
        self.now = 0.0
        self.asked: list[str] = []
        self._spy()

    def _spy(self) -> None:
        fetch = self.storage._database.fetch
        [replica] = self.storage._replicas._replicas
        replica._clock = lambda: self.now

        async def of_primary(statement: str, *values: object) -> list[asyncpg.Record]:
            if statement in (executions.LIST_EXECUTIONS, executions.READ_HISTORY):
                self.asked.append("primary")
            return await fetch(statement, *values)

        self.storage._database.fetch = of_primary  # type: ignore[method-assign]

    async def names(self) -> list[str]:
        """Start an execution, list all, and tell who answered."""
        before = len(await self.storage.list_executions("default", None, None, 100, None))
        self.asked.clear()
        write = start(self.machine, f"e{before}")
        assert await self.storage.commit(self.epoch, [write]) == {write.execution_id}
        assert await self.storage.commit(self.epoch, [end(write.execution_id, 2, 3)]) == {write.execution_id}
        found = await self.storage.list_executions("default", None, None, 100, None)
        assert found[0].name == f"e{before}"
        assert (found[0].status, len(found)) == ("SUCCEEDED", before + 1)
        history = await self.storage.read_history(write.execution_id, after=None, limit=9, reverse=False)
        assert [group.first for group in history] == [1, 3]
        return self.asked


@pytest.fixture(scope="module")
def on_primary(primary: PostgresServer) -> Databases:
    """Makes databases on the primary."""
    return Databases(primary)


@pytest.fixture
async def read(on_primary: Databases, standby: Standby) -> AsyncIterator[Read]:
    """A storage whose replica is well."""
    with on_primary.migrated() as url:
        storage = open_storage(url, pool_size=2, read_replicas=[(standby.address, standby.port)])
        assert isinstance(storage, PostgresStorage)
        await storage.open()
        lease = await storage.register_process("a", 600)
        yield Read(storage, await stored_machine(storage), lease.epoch)
        await storage.close()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy test machine's replica may take longer than a real one."""
    monkeypatch.setattr(replicas, "_WAITS_SECONDS", (0.05,) * 100)


async def test_a_replica_answers_with_what_was_acknowledged(read: Read) -> None:
    for _ in range(5):
        assert await read.names() == []


async def test_a_replica_that_stays_behind_is_passed_over(
    read: Read, standby: Standby, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await read.names() == []
    monkeypatch.setattr(replicas, "_WAITS_SECONDS", (0.001,))
    with standby._administrator() as connection:
        connection.execute("select pg_wal_replay_pause()")
        for _ in range(3):
            assert await read.names() == ["primary", "primary"]
        connection.execute("select pg_wal_replay_resume()")
    monkeypatch.setattr(replicas, "_WAITS_SECONDS", (0.05,) * 100)
    assert await read.names() == []


async def test_a_replica_that_is_away_rests(read: Read, standby: Standby) -> None:
    assert await read.names() == []
    standby.stop()
    assert await read.names() == ["primary", "primary"]
    standby.start()
    assert await read.names() == ["primary", "primary"]
    read.now = 11.0
    assert await read.names() == []


async def test_a_server_that_follows_nobody_does_not_answer(primary: PostgresServer, on_primary: Databases) -> None:
    with on_primary.migrated() as url:
        storage = open_storage(url, pool_size=2, read_replicas=[(primary.address, primary.port)])
        assert isinstance(storage, PostgresStorage)
        await storage.open()
        [replica] = storage._replicas._replicas
        assert await replica.fetch("0/0", "select 1") is None
        assert not replica.rests
        assert await storage.list_executions("default", None, None, 9, None) == []
        await storage.close()
