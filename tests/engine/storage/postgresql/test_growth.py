"""Tables grow with what is in them and nothing else, however many transitions there were."""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from engine.storage import open_storage
from engine.storage.migrations import migrate
from engine.storage.postgresql import PostgresStorage
from engine.storage.records import Machine, Write
from tests.engine.storage.rows import end, start, step, stored_machine
from tests.support.postgres import Databases

COUNT = 10_000
AT_ONCE = 200
MOST = 2_000
STEPS = 3

_STATISTICS = """
select n_tup_upd as updated, n_tup_hot_upd as in_place, n_tup_del as deleted, n_dead_tup as dead
from pg_stat_user_tables where relname = $1
"""


class Grown:
    """A storage that can be asked for its tables' sizes."""

    def __init__(self, url: str, storage: PostgresStorage, databases: Databases) -> None:
        self.url = url
        self.storage = storage
        self._databases = databases

    async def run(self, machine: Machine, epoch: int, name: str) -> None:
        """Run executions from their start to their end, up to 2,000 at a time, that go on as chance has it."""
        numbers, waiting, live = random.Random(name), iter(range(COUNT)), dict[UUID, int]()
        while True:
            writes: list[Write] = []
            for key in numbers.sample(sorted(live), min(len(live), AT_ONCE)):
                live[key] += 1
                over = live[key] == 2 + STEPS
                writes.append(end(key, live[key], 20) if over else step(key, live[key], 2 * live[key]))
                if over:
                    del live[key]
            new = [start(machine, f"{name}-{n}") for n in itertools.islice(waiting, AT_ONCE if len(live) < MOST else 0)]
            live.update((write.execution_id, 1) for write in new)
            if not writes and not new:
                return
            assert len(await self.storage.commit(epoch, [*writes, *new])) == len(writes) + len(new)

    async def statistics(self, table: str, *, updates: int) -> dict[str, int]:
        """Give a table's counts, once they tell of so many updates."""
        while True:
            [row] = await self.storage._database.fetch(_STATISTICS, table)
            if row["updated"] >= updates:
                return dict(row)
            await self.storage.close()  # the server counts what a connection did when it ends, at the latest
            await self.storage.open()

    def vacuumed(self, table: str) -> int:
        """Give a table's size with its indexes after a vacuum, which the server does by itself once a minute."""
        self._databases.execute(self.url, f"vacuum (truncate off) {table}")
        [(size,)] = self._databases.execute(self.url, "select pg_total_relation_size(%s::text::regclass)", table)
        assert isinstance(size, int)
        return size


@pytest.fixture
async def grown(databases: Databases) -> AsyncIterator[Grown]:
    """A new database."""
    url = databases.empty()
    migrate(url, report=lambda _: None)
    storage = open_storage(url, pool_size=2)
    assert isinstance(storage, PostgresStorage)
    await storage.open()
    yield Grown(url, storage, databases)
    await storage.close()


async def test_twenty_thousand_executions_leave_nothing_but_their_data(grown: Grown) -> None:
    machine, lease = await stored_machine(grown.storage), await grown.storage.register_process("a", 600)
    await grown.run(machine, lease.epoch, "first")
    active = await grown.statistics("active_executions", updates=COUNT * STEPS)
    assert active["in_place"] > 0.9 * active["updated"]
    assert active["dead"] <= 1.5 * active["deleted"]  # what updates left was pruned on the way
    over = await grown.statistics("executions", updates=COUNT)
    assert over["in_place"] > 0.9 * over["updated"]
    before = {table: grown.vacuumed(table) for table in ("active_executions", "timers", "messages", "executions")}
    await grown.run(machine, lease.epoch, "second")
    after = {table: grown.vacuumed(table) for table in before}
    assert after["active_executions"] <= 1.5 * before["active_executions"]
    assert after["timers"] == before["timers"]
    assert after["messages"] == before["messages"]
    assert after["executions"] <= 2.1 * before["executions"]
    [row] = await grown.storage._database.fetch("select count(*) from active_executions")
    assert row["count"] == 0
