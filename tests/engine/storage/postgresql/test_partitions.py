"""The history in partitions by month: made ahead without holding anybody up, and dropped whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from msgspec import structs

from engine.storage import StorageUnavailable, open_storage
from engine.storage.identifiers import first_of_time
from engine.storage.migrations import Credentials, migrate
from engine.storage.postgresql import PostgresStorage, partitions
from engine.storage.records import Events, Machine, Write
from engine.storage.retention import Part
from tests.engine.storage.rows import end, later, start, stored_machine
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, Databases

NOW = datetime(2026, 3, 26, 12, tzinfo=UTC)
MADE = ["history_2026_05", "history_2026_06"]
ROLE = "partition_maker"


class History:
    """A new database, opened as the engine's own role, which may do no more than it must."""

    def __init__(self, url: str, storage: PostgresStorage, machine: Machine, epoch: int, databases: Databases) -> None:
        self.url = url
        self.storage = storage
        self.machine = machine
        self.epoch = epoch
        self._databases = databases

    async def write(self, moment: datetime, number: int = 0) -> UUID:
        """Store an execution that begins at a time and is over at once; gives its id."""
        key = UUID(int=first_of_time(moment).int | 0x7 << 76 | 0x2 << 62 | number)
        write = structs.replace(start(self.machine, f"e{key}"), execution_id=key)
        assert await self.storage.commit(self.epoch, [write]) == {key}
        assert await self.storage.commit(self.epoch, [end(key, 2, 3)]) == {key}
        return key

    async def archive(self, *ids: UUID) -> None:
        """Archive executions."""
        number = await self.storage.begin_archive(str(ids[0]))
        assert await self.storage.complete_archive(number, [Part(key, 0, 1) for key in ids], later(9999))

    def partitions(self) -> list[str]:
        """Give the names of the history's partitions."""
        found = self.execute("select inhrelid::regclass::text from pg_inherits where inhparent = 'history'::regclass")
        return sorted(str(name) for (name,) in found)

    def where(self, execution_id: UUID) -> set[str]:
        """Give the names of the partitions where an execution's history is."""
        rows = self.execute(
            "select distinct tableoid::regclass::text from history where execution_id = %s", execution_id
        )
        return {str(name) for (name,) in rows}

    def execute(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement as the administrator."""
        return self._databases.execute(self.url, statement, *values)


@pytest.fixture
async def history(databases: Databases) -> AsyncIterator[History]:
    """A database as it is after the migrations."""
    url = databases.empty()
    migrate(url, admin=Credentials(ADMIN, ADMIN_PASSWORD), engine=Credentials(ROLE, "x"), report=lambda _: None)
    storage = open_storage(f"postgresql://{ROLE}:x@{url.rpartition('@')[2]}", pool_size=2)
    assert isinstance(storage, PostgresStorage)
    await storage.open()
    lease = await storage.register_process("a", 600)
    await storage.publish(lease.epoch, [])
    yield History(url, storage, await stored_machine(storage), lease.epoch, databases)
    await storage.close()


async def _arrange(history: History, now: datetime = NOW, ended_before: datetime | None = None) -> list[str]:
    return await history.storage.arrange_history(now, ended_before)


async def test_partitions_are_made_ahead_and_once(history: History) -> None:
    assert history.partitions() == ["history_before"]
    assert await _arrange(history) == [
        "The history before 2026-05 is the first partition.",
        "Made the history's partition of 2026-05.",
        "Made the history's partition of 2026-06.",
    ]
    assert history.partitions() == [*MADE, "history_before", "history_default"]
    assert await _arrange(history) == []
    assert await _arrange(history, NOW + timedelta(days=31)) == ["Made the history's partition of 2026-07."]


async def test_rows_go_where_they_belong_before_and_after(history: History) -> None:
    early, late = await history.write(NOW), await history.write(datetime(2031, 1, 1, tzinfo=UTC))
    assert history.where(early) == history.where(late) == {"history_before"}
    await _arrange(history)
    assert (history.where(early), history.where(late)) == ({"history_before"}, {"history_default"})
    assert history.where(await history.write(datetime(2026, 5, 1, tzinfo=UTC))) == {"history_2026_05"}
    assert history.where(await history.write(datetime(2026, 6, 30, 23, 59, tzinfo=UTC))) == {"history_2026_06"}
    assert history.where(await history.write(datetime(2026, 9, 1, tzinfo=UTC))) == {"history_default"}
    for key in (early, late):
        groups = await history.storage.read_history(key, after=None, limit=10, reverse=False)
        assert [group.first for group in groups] == [1, 3]


async def test_a_month_whose_rows_are_elsewhere_gets_no_partition(history: History) -> None:
    await _arrange(history)
    await history.write(datetime(2026, 7, 15, tzinfo=UTC))
    assert await _arrange(history, datetime(2026, 5, 2, tzinfo=UTC)) == ["Made the history's partition of 2026-08."]


async def test_a_big_table_is_looked_through_while_all_go_on(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "_SMALL_BYTES", 0)
    early, late = await history.write(NOW), await history.write(datetime(2031, 1, 1, tzinfo=UTC))
    assert await _arrange(history) == []  # of the one execution PostgreSQL couldn't be told that it isn't there
    history.execute("delete from history where execution_id = %s", late)
    other = await history.storage.register_process("of an older release", 600)
    assert await _arrange(history) == []
    await history.storage.remove_process(other.epoch)
    history.execute("select bound_history(%s)", first_of_time(NOW + timedelta(days=300)))  # a killed process left that
    assert (await _arrange(history, datetime.now(UTC)))[0].endswith("is the first partition.")
    assert history.where(early) == {"history_before"}
    checks = "select count(*) from pg_constraint where contype = 'c' and conrelid = 'history_before'::regclass"
    assert history.execute(checks) == [(0,)]


async def test_nobody_waits_for_a_lock_that_is_held_for_long(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "_ATTEMPTS", 2)
    with psycopg.connect(history.url) as reader:
        reader.execute("select count(*) from history")
        with pytest.raises(StorageUnavailable, match="Somebody holds the table history for long"):
            await _arrange(history)
        await history.write(NOW)
    assert history.partitions() == ["history_before"]
    assert await _arrange(history)


async def test_a_month_goes_whole_when_all_in_it_is_archived(history: History) -> None:
    await _arrange(history)
    first, second = [await history.write(datetime(2026, 5, day, tzinfo=UTC)) for day in (1, 31)]
    june = await history.write(datetime(2026, 6, 1, tzinfo=UTC))
    old = await history.write(NOW)
    later_on = datetime(2026, 6, 20, tzinfo=UTC)
    await history.archive(first, june)
    assert "Dropped the history's partition history_2026_05." not in await _arrange(history, later_on, later_on)
    await history.archive(second)
    assert await _arrange(history, later_on, later_on) == ["Dropped the history's partition history_2026_05."]
    assert (history.where(june), history.where(old)) == ({"history_2026_06"}, {"history_before"})
    await history.archive(old)
    assert await _arrange(history, later_on, later_on) == ["Dropped the history's partition history_before."]
    assert history.where(june) == {"history_2026_06"}
    assert history.where(await history.write(NOW, 1)) == {"history_default"}


async def test_a_month_stays_while_a_map_run_of_it_may_have_more_children(history: History) -> None:
    await _arrange(history)
    parent = await history.write(NOW)
    moment = datetime(2026, 5, 9, tzinfo=UTC)
    history.execute(
        "insert into map_runs (id, execution_id, state_machine_id, version, label, pointer, execution_type, status, "
        "max_concurrency, tolerated_failure_count, tolerated_failure_percentage, started_at, results_written, state, "
        "redrive_count) values (%s, %s, %s, 1, 'x', 'x', 'STANDARD', 'SUCCEEDED', 0, 0, 0, now(), 0, '', 0)",
        first_of_time(moment),
        parent,
        history.machine.id,
    )
    after = datetime(2026, 6, 20, tzinfo=UTC)
    assert "history_2026_05" not in "".join(await _arrange(history, after, after))
    await history.archive(parent)
    assert "Dropped the history's partition history_2026_05." in await _arrange(history, after, after)


async def test_rows_go_where_a_month_cannot(history: History) -> None:
    await _arrange(history)
    gone, stays = [await history.write(datetime(2026, 5, day, tzinfo=UTC)) for day in (1, 2)]
    stray = await history.write(datetime(2026, 8, 1, tzinfo=UTC))
    await history.archive(gone, stray)
    soon, late = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    await _arrange(history, soon, soon)
    assert history.where(gone) == {"history_2026_05"}
    done = await _arrange(history, late, late)
    assert "Deleted 4 rows of archived histories." in done
    assert (history.where(gone), history.where(stray)) == (set(), set())
    assert history.where(stays) == {"history_2026_05"}


async def test_the_engines_role_can_drop_nothing_that_is_needed(history: History) -> None:
    await _arrange(history)
    key = await history.write(datetime(2026, 5, 1, tzinfo=UTC))
    low, high = (first_of_time(datetime(2026, month, 1, tzinfo=UTC)) for month in (5, 6))
    fetch = history.storage._database.fetch
    for name, bounds in (
        ("history_2026_05", (low, high)),
        ("executions", (low, high)),
        ("history_2026_06", (low, high)),
    ):
        [row] = await fetch("select drop_history($1, $2, $3) as dropped", name, *bounds)
        assert not row["dropped"]
    [row] = await fetch("select trim_history($1) as removed", [key])
    assert row["removed"] == 0
    assert history.where(key) == {"history_2026_05"}


async def test_a_whole_commit_goes_to_several_months(history: History) -> None:
    await _arrange(history)
    keys = [first_of_time(datetime(2026, month, 2, tzinfo=UTC)) for month in (4, 5, 6, 7)]
    writes = [
        Write(
            execution_id=key, sequence=1, snapshot=b"", beginning=start(history.machine, str(key)).beginning, events=e
        )
        for key, e in zip(keys, [Events(1, 2, b"[]")] * 4, strict=True)
    ]
    assert await history.storage.commit(history.epoch, writes) == set(keys)
    assert [history.where(key) for key in keys] == [
        {"history_before"},
        {"history_2026_05"},
        {"history_2026_06"},
        {"history_default"},
    ]
