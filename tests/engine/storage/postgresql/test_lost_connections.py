"""What is raised when a connection is lost, and that the next attempt goes well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from asyncpg import Record
from msgspec import structs

from engine.storage import OutcomeUnknown, Storage, StorageUnavailable, open_storage
from engine.storage.postgresql.executions import active_execution
from engine.storage.records import ActiveExecution, Activity, ActivityTask, Write
from tests.engine.storage.rows import NOW, start, stored_machine
from tests.support.postgres import Databases

_END_ALL = """
select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
"""


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """The URL of a database with the schema."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
async def storage(url: str) -> AsyncIterator[Storage]:
    """An open storage."""
    opened = open_storage(url, pool_size=1)
    await opened.open()
    yield opened
    await opened.close()


async def _asking(storage: Storage) -> tuple[int, Write, Activity]:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    activity = Activity(id=machine.id, organization="default", name="approve", created_at=NOW)
    await storage.create_activity(activity)
    write = start(machine)
    task = ActivityTask(write.execution_id, "1", activity.id, "{}")
    return lease.epoch, structs.replace(write, activity_tasks_added=(task,)), activity


async def test_each_statement_of_commits_is_tried_again_on_a_new_connection(
    storage: Storage, databases: Databases, url: str
) -> None:
    epoch, first, activity = await _asking(storage)
    key = first.execution_id
    assert await storage.commit(epoch, [first]) == {key}
    plain = Write(execution_id=key, sequence=2, snapshot=b"2")
    another = Write(execution_id=key, sequence=3, snapshot=b"3", activity_tasks_removed=("1",))
    for write in (plain, another):
        databases.execute(url, _END_ALL)
        with pytest.raises(StorageUnavailable):
            await storage.commit(epoch, [write])
        assert await storage.commit(epoch, [write]) == {key}
    assert await storage.take_activity_task(activity.id, lambda _: b"") is None


async def test_a_task_whose_taking_was_lost_is_given_again(storage: Storage, databases: Databases, url: str) -> None:
    epoch, first, activity = await _asking(storage)
    await storage.commit(epoch, [first])

    def cut(_: ActivityTask) -> bytes:
        databases.execute(url, _END_ALL)
        return b"never"

    with pytest.raises(OutcomeUnknown):
        await storage.take_activity_task(activity.id, cut)
    assert await storage.messages(epoch, 10) == []
    assert await storage.take_activity_task(activity.id, lambda _: b"started") is not None
    assert [message.data for message in await storage.messages(epoch, 10)] == [b"started"]


async def test_a_takeover_whose_answer_was_lost_is_unknown(
    storage: Storage, databases: Databases, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch, first, _ = await _asking(storage)
    await storage.commit(epoch, [first])
    heir = await storage.register_process("heir", 60)
    await storage.remove_process(epoch)

    def cut(row: Record) -> ActiveExecution:
        databases.execute(url, _END_ALL)
        return active_execution(row)

    with monkeypatch.context() as patch:
        patch.setattr("engine.storage.postgresql.leases.active_execution", cut)
        with pytest.raises(OutcomeUnknown):
            await storage.claim(heir.epoch, 10)
    assert await storage.owned(heir.epoch, 10) == []
    assert [execution.id for execution in await storage.claim(heir.epoch, 10)] == [first.execution_id]
