"""Tables and indexes are as large as what is in them, however many transitions there were, and updates are in place."""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import psycopg
import pytest
from msgspec import structs

from engine.storage import open_storage
from engine.storage.migrations import migrate
from engine.storage.postgresql import PostgresStorage
from engine.storage.postgresql.outbox import REMOVE_PUBLISHED
from engine.storage.records import ActivityTask, Machine, Write
from tests.engine.storage.rows import end, later, start, step, stored_machine
from tests.support.postgres import Databases

AT_ONCE: Final = 500
BETWEEN_VACUUMS: Final = 1_000
STEPS: Final = 3
PAGE: Final = 8_192

COME_AND_GO: Final = ("active_executions", "timers", "messages", "activity_tasks", "outbox")
# Bytes of an entry with its line pointer; names have seven characters. Pages of a B-tree are at least half full.
ENTRIES: Final = {
    "executions_pkey": 28,
    "executions_state_machine_id_name_key": 36,
    "executions_by_state_machine": 44,
    "history_before_pkey": 36,
}
_RELATIONS: Final = """
select oid::regclass::text, pg_relation_size(oid), relkind = 'i' from pg_class
where oid = any(%s::text[]::regclass[]) or oid in
    (select indexrelid from pg_index where indrelid = any(%s::text[]::regclass[]))
"""
_COUNTS: Final = """
select n_tup_ins as inserted, n_tup_upd as updated, n_tup_hot_upd as in_place,
    (select sum(heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read)::bigint from pg_statio_user_tables)
        as blocks
from pg_stat_user_tables where relname = $1
"""
_DATA: Final = "select count(*), sum(pg_column_size({table}.*) + 4) from {table}"

Round = list[Write]


class Grown:
    """A storage that can be asked for its tables' sizes."""

    def __init__(self, url: str, databases: Databases, storage: PostgresStorage, machine: Machine, epoch: int) -> None:
        self._url = url
        self._databases = databases
        self._storage = storage
        self._machine = machine
        self._epoch = epoch
        self._names = itertools.count()

    def starts(self, count: int) -> Round:
        """Begin executions, each with a timer, a message, and a task for a worker."""
        begun = [start(self._machine, f"{next(self._names) * 7_654_321 % 9_999_991:07}") for _ in range(count)]
        return [
            structs.replace(
                write,
                timers_set=(("t", later(60)),),
                sent=((write.execution_id, b"hello"),),
                activity_tasks_added=(ActivityTask(write.execution_id, "1", self._machine.id, "{}"),),
            )
            for write in begun
        ]

    async def run(self, rounds: Iterator[Round]) -> None:
        """Commit rounds; vacuum, publish and renew the lease as often as a server and an engine do meanwhile."""
        begun = 0
        for writes in rounds:
            assert len(await self._storage.commit(self._epoch, writes)) == len(writes)
            begun += sum(write.beginning is not None for write in writes)
            if begun >= BETWEEN_VACUUMS:
                begun = 0
                await self._storage.renew_process(self._epoch, 600)
                published = [change.id for change in await self._storage.status_changes(2 * BETWEEN_VACUUMS)]
                await self._storage._database.fetch(REMOVE_PUBLISHED, published)
                self._databases.execute(self._url, f"vacuum {', '.join(COME_AND_GO)}, executions, processes")

    async def counts(self, table: str, *, inserted: int) -> dict[str, int]:
        """Give a table's counts, once they tell of so many rows."""
        while True:
            await self._storage.close()  # the server counts what a connection did when it ends, at the latest
            await self._storage.open()
            [row] = await self._storage._database.fetch(_COUNTS, table)
            if row["inserted"] >= inserted:
                return dict(row)

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Hold a snapshot, as a backup does: nothing that was there when it was taken may be pruned or vacuumed."""
        with psycopg.connect(self._url) as connection:
            connection.execute("set transaction isolation level repeatable read")
            connection.execute("select count(*) from executions")
            yield
            connection.rollback()

    def size(self, relation: str) -> int:
        """Give the bytes of a table or an index."""
        [(size,)] = self._databases.execute(self._url, "select pg_relation_size(%s::text::regclass)", relation)
        assert isinstance(size, int)
        return size

    def come_and_go(self) -> dict[tuple[str, bool], int]:
        """Give the bytes of the tables whose rows come and go, and of their indexes: by name, and whether an index."""
        rows = self._databases.execute(self._url, _RELATIONS, list(COME_AND_GO), list(COME_AND_GO))
        return {(str(name), bool(index)): int(str(size)) for name, size, index in rows}

    def data(self, table: str) -> tuple[int, int]:
        """Give a table's rows and their bytes, with their line pointers."""
        [(rows, size)] = self._databases.execute(self._url, _DATA.format(table=table))
        return int(str(rows)), int(str(size or 0))


def in_lockstep(grown: Grown, count: int) -> Iterator[Round]:
    """Run executions, as many together as are written at once, which all go on in every round."""
    for _ in range(count // AT_ONCE):
        begun = grown.starts(AT_ONCE)
        yield begun
        for sequence in range(2, 2 + STEPS):
            yield [_next(write.execution_id, sequence) for write in begun]
        yield [end(write.execution_id, 2 + STEPS, 20) for write in begun]


def at_random(grown: Grown, count: int) -> Iterator[Round]:
    """Run executions, up to 2,000 at a time, that go on as chance has it."""
    numbers, live, left = random.Random(1), dict[UUID, int](), count
    while live or left:
        writes: Round = []
        for key in numbers.sample(sorted(live), min(len(live), AT_ONCE)):
            live[key] += 1
            over = live[key] == 2 + STEPS
            writes.append(end(key, live[key], 20) if over else _next(key, live[key]))
            if over:
                del live[key]
        new = grown.starts(min(left, AT_ONCE) if len(live) < 4 * AT_ONCE else 0)
        live.update((write.execution_id, 1) for write in new)
        left -= len(new)
        yield [*writes, *new]


def _next(key: UUID, sequence: int) -> Write:
    """Go on; half of the executions take their timer and their task away themselves, the others leave it to the end."""
    write = step(key, sequence, 2 * sequence)
    if sequence == 2 and key.int % 2:
        return structs.replace(write, timers_removed=("t",), activity_tasks_removed=("1",))
    return write


@pytest.fixture
async def grown(databases: Databases) -> AsyncIterator[Grown]:
    """A new database."""
    url = databases.empty()
    migrate(url, report=lambda _: None)
    for table in (*COME_AND_GO, "executions"):  # the test vacuums itself, at times that no load of the machine changes
        databases.execute(url, f"alter table {table} set (autovacuum_enabled = off)")
    storage = open_storage(url, pool_size=2, outbox=True)
    assert isinstance(storage, PostgresStorage)
    await storage.open()
    machine, lease = await stored_machine(storage), await storage.register_process("a", 600)
    yield Grown(url, databases, storage, machine, lease.epoch)
    await storage.close()


def assert_as_large_as_before(before: dict[tuple[str, bool], int], after: dict[tuple[str, bool], int]) -> None:
    """Check that what came and went has left nothing.

    A row left behind by each execution would make a table twice as large. An index whose keys come in no order fills
    its pages by and by until it is as full as it stays; an entry left behind would add half of it and more.
    """
    for (name, index), size in before.items():
        assert after[name, index] <= (1.25 if index else 1.05) * size + 2 * PAGE, name


def assert_no_larger_than_their_data(grown: Grown) -> None:
    """Check tables against their rows, and indexes against their entries."""
    executions, size = grown.data("executions")
    assert grown.size("executions") <= size / 0.45 * 1.05 + PAGE
    rows, size = grown.data("history")
    assert grown.size("history_before") <= size * 1.05 + PAGE
    for index, entry in ENTRIES.items():
        count = rows if index.startswith("history") else executions
        assert grown.size(index) <= count * entry / 0.5 + 2 * PAGE
    assert grown.size("processes") <= 2 * PAGE
    for table in COME_AND_GO[:-1]:  # what was announced since it was published last is in the outbox
        assert grown.data(table)[0] == 0


async def assert_updated_in_place(grown: Grown, executions: int) -> int:
    """Check how rows were updated, and give the blocks that were touched so far."""
    for table in ("active_executions", "executions"):
        counts = await grown.counts(table, inserted=executions)
        assert counts["updated"] == executions * (STEPS if table == "active_executions" else 1)
        assert counts["in_place"] >= 0.98 * counts["updated"]
    return counts["blocks"]


async def test_executions_that_go_in_lockstep_leave_nothing_but_their_data(grown: Grown) -> None:
    await grown.run(in_lockstep(grown, 5_000))
    before = grown.come_and_go()
    await grown.run(in_lockstep(grown, 3_000))
    after = grown.come_and_go()
    assert_as_large_as_before(before, after)
    assert_no_larger_than_their_data(grown)
    await assert_updated_in_place(grown, 8_000)


async def test_updates_are_in_place_again_after_a_snapshot_that_was_held(grown: Grown) -> None:
    with grown.snapshot():
        await grown.run(at_random(grown, 2_000))
    between = await grown.counts("active_executions", inserted=2_000)
    assert between["in_place"] < between["updated"]
    await grown.run(at_random(grown, 2_000))
    after = await grown.counts("active_executions", inserted=4_000)
    assert after["in_place"] - between["in_place"] >= 0.98 * (after["updated"] - between["updated"])


async def test_twenty_thousand_executions_leave_nothing_but_their_data(grown: Grown) -> None:
    await grown.run(at_random(grown, 10_000))
    before, early = grown.come_and_go(), await assert_updated_in_place(grown, 10_000)
    await grown.run(at_random(grown, 10_000))
    after, late = grown.come_and_go(), await assert_updated_in_place(grown, 20_000)
    assert_as_large_as_before(before, after)
    assert_no_larger_than_their_data(grown)
    assert late - early <= 1.1 * early  # the last ones are as little work as the first
