"""Activities and their tasks, on every storage."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import msgspec
import pytest

from engine.storage import Storage
from engine.storage.records import Activity, ActivityTask, Write
from tests.engine.storage.rows import NOW, end, failed, redrive, start, stored_machine


def _activity(name: str = "approve", organization: str = "default") -> Activity:
    return Activity(id=uuid4(), organization=organization, name=name, created_at=NOW, configuration='{"a": 1}')


def _asking(write: Write, activity: Activity, *tasks: str) -> Write:
    added = tuple(ActivityTask(write.execution_id, task, activity.id, f'"{task}"') for task in tasks)
    return msgspec.structs.replace(write, activity_tasks_added=added)


def _started(task: ActivityTask) -> bytes:
    return f"started {task.task_id}".encode()


@pytest.fixture
async def activity(storage: Storage) -> Activity:
    """A stored activity."""
    await stored_machine(storage)
    made = _activity()
    assert await storage.create_activity(made)
    return made


async def _begun(storage: Storage, activity: Activity, *tasks: str, name: str = "one") -> tuple[int, UUID]:
    machine, lease = await storage.find_machine("default", "orders"), await storage.register_process("a", 60)
    assert machine is not None
    write = _asking(start(machine, name), activity, *tasks)
    assert await storage.commit(lease.epoch, [write]) == {write.execution_id}
    return lease.epoch, write.execution_id


async def test_activities_are_made_found_listed_and_deleted(storage: Storage, activity: Activity) -> None:
    assert await storage.find_activity("default", "approve") == activity
    assert not await storage.create_activity(_activity())
    for name in ("c", "a"):
        assert await storage.create_activity(_activity(name))
    assert [a.name for a in await storage.list_activities("default", 2, None)] == ["a", "approve"]
    assert [a.name for a in await storage.list_activities("default", 2, "approve")] == ["c"]
    assert await storage.list_activities("other", 2, None) == []
    await storage.set_tags(activity.id, {"a": "1"})
    await _begun(storage, activity, "1")
    assert await storage.delete_activity("default", "approve")
    assert not await storage.delete_activity("default", "approve")
    assert await storage.find_activity("default", "approve") is None
    assert await storage.list_tags(activity.id) == {}
    assert await storage.take_activity_task(activity.id, _started) is None


async def test_tasks_are_taken_oldest_first_and_the_owner_hears(storage: Storage, activity: Activity) -> None:
    epoch, key = await _begun(storage, activity, "2", "1")
    taken = [await storage.take_activity_task(activity.id, _started) for _ in range(3)]
    assert taken == [ActivityTask(key, "2", activity.id, '"2"'), ActivityTask(key, "1", activity.id, '"1"'), None]
    messages = await storage.messages(epoch, 10)
    assert [(message.execution_id, message.data) for message in messages] == [(key, b"started 2"), (key, b"started 1")]


async def test_each_task_goes_to_one_worker(storage: Storage, neighbor: Storage, activity: Activity) -> None:
    epoch, _ = await _begun(storage, activity, *map(str, range(10)))
    polls = [asked.take_activity_task(activity.id, _started) for asked in (storage, neighbor) * 8]
    taken = [task.task_id for task in await asyncio.gather(*polls) if task is not None]
    while (task := await storage.take_activity_task(activity.id, _started)) is not None:
        taken.append(task.task_id)
    assert sorted(taken) == [str(number) for number in range(10)]
    assert len(await storage.messages(epoch, 100)) == 10


async def test_a_task_that_was_removed_is_not_taken(storage: Storage, activity: Activity) -> None:
    epoch, key = await _begun(storage, activity, "1", "2")
    write = Write(execution_id=key, sequence=2, snapshot=b"", activity_tasks_removed=("1", "unknown"))
    assert await storage.commit(epoch, [write]) == {key}
    task = await storage.take_activity_task(activity.id, _started)
    assert task is not None
    assert task.task_id == "2"


async def test_tasks_go_with_their_execution(storage: Storage, activity: Activity) -> None:
    epoch, key = await _begun(storage, activity, "1")
    _, other = await _begun(storage, activity, "2", name="two")
    await storage.commit(epoch, [failed(key, 2, 3)])
    await storage.commit(epoch, [redrive(key, 4)])
    task = await storage.take_activity_task(activity.id, _started)
    assert task is not None
    assert task.execution_id == other
    assert await storage.take_activity_task(activity.id, _started) is None


async def test_a_write_that_is_not_applied_asks_for_nothing(storage: Storage, activity: Activity) -> None:
    epoch, key = await _begun(storage, activity)
    stale = _asking(Write(execution_id=key, sequence=7, snapshot=b""), activity, "1")
    over = _asking(end(key, 2, 3), activity, "2")
    assert await storage.commit(epoch, [stale]) == frozenset()
    assert await storage.commit(epoch, [over]) == {key}
    assert await storage.take_activity_task(activity.id, _started) is None


async def test_an_error_while_a_task_is_taken_leaves_it(storage: Storage, activity: Activity) -> None:
    epoch, _ = await _begun(storage, activity, "1")

    def broken(task: ActivityTask) -> bytes:
        raise LookupError(task.task_id)

    with pytest.raises(LookupError):
        await storage.take_activity_task(activity.id, broken)
    assert await storage.messages(epoch, 10) == []
    assert await storage.take_activity_task(activity.id, _started) is not None


async def test_pollers_are_told_of_tasks(storage: Storage, activity: Activity) -> None:
    told: asyncio.Queue[UUID] = asyncio.Queue()
    await storage.listen(lambda _: None, told.put_nowait)
    epoch, key = await _begun(storage, activity)
    sequence = 1
    async with asyncio.timeout(60):
        while told.empty():
            sequence += 1
            write = Write(execution_id=key, sequence=sequence, snapshot=b"")
            assert await storage.commit(epoch, [_asking(write, activity, f"{sequence}")]) == {key}
    assert told.get_nowait() == activity.id
