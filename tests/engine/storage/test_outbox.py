"""What commits write to the outbox, on every storage."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from engine.storage import Storage, TermEnded, open_storage
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.outbox import Backlog
from engine.storage.records import Ending, Write
from tests.engine.storage.rows import (
    NOW,
    beginning,
    child,
    end,
    failed,
    later,
    redrive,
    start,
    step,
    stored_machine,
    stored_map_run,
)


@pytest.fixture
async def announcing(url: str) -> AsyncIterator[Storage]:
    """A storage that writes to its outbox."""
    opened = open_storage(url, pool_size=2, outbox=True)
    await opened.open()
    yield opened
    await opened.close()


async def ids(storage: Storage) -> list[str]:
    """Give the deduplication ids of all that is in the outbox, in order."""
    return [change.deduplication_id for change in await storage.status_changes(1000)]


async def test_a_change_of_status_is_written_once(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    first = start(machine)
    key = first.execution_id
    for write in (first, step(key, 2, 3), end(key, 3, 5)):
        assert await announcing.commit(lease.epoch, [write]) == {key}
    begun, ended = await announcing.status_changes(10)
    assert [begun.deduplication_id, ended.deduplication_id] == [f"{key}:0:RUNNING", f"{key}:0:SUCCEEDED"]
    assert (begun.occurred_at, ended.occurred_at) == (NOW, later(9))
    assert begun.id < ended.id
    [execution] = await announcing.executions_by_id([key, key, time_ordered_uuid()])
    assert execution == await announcing.get_execution(key)


async def test_a_refused_write_leaves_nothing(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    other = await announcing.register_process("b", 60)
    first, again = start(machine), start(machine)
    await announcing.commit(lease.epoch, [first])
    assert await announcing.commit(lease.epoch, [again]) == frozenset()
    assert await announcing.commit(lease.epoch, [end(first.execution_id, 5, 3)]) == frozenset()
    assert await announcing.commit(other.epoch, [end(first.execution_id, 2, 3)]) == frozenset()
    assert await announcing.commit(lease.epoch, [redrive(first.execution_id, 3)]) == frozenset()
    assert await ids(announcing) == [f"{first.execution_id}:0:RUNNING"]


async def test_a_redrive_gives_new_ids_and_keeps_what_the_first_run_said(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    first = start(machine)
    key = first.execution_id
    for write in (first, failed(key, 2, 3), redrive(key, 4), end(key, 2, 5)):
        assert await announcing.commit(lease.epoch, [write]) == {key}
    assert await ids(announcing) == [f"{key}:0:RUNNING", f"{key}:0:FAILED", f"{key}:1:RUNNING", f"{key}:1:SUCCEEDED"]
    changes = await announcing.status_changes(10)
    assert [(change.error, change.cause) for change in changes] == [
        (None, None),
        ("Custom", "because"),
        (None, None),
        (None, None),
    ]
    assert changes[2].occurred_at == later(21)


async def test_an_execution_that_begins_and_ends_at_once_says_both_in_order(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    writes = [
        Write(
            execution_id=time_ordered_uuid(),
            sequence=1,
            snapshot=b"",
            beginning=beginning(machine, f"e{number}"),
            ending=Ending("FAILED", None, "Custom", "because", later(1)) if number % 2 else None,
        )
        for number in range(50)
    ]
    await announcing.commit(lease.epoch, writes)
    found = await ids(announcing)
    for number, write in enumerate(writes):
        own = [each for each in found if each.startswith(str(write.execution_id))]
        assert [each.rpartition(":")[2] for each in own] == ["RUNNING", "FAILED"][: 1 + number % 2]


async def test_children_of_a_map_run_announce_unless_they_are_express(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    parent = start(machine)
    await announcing.commit(lease.epoch, [parent])
    standard = await stored_map_run(announcing, machine, parent)
    known = replace(standard, id=time_ordered_uuid(), label="quick", execution_type="EXPRESS")
    express = await announcing.create_map_run(known)
    ending = Ending("FAILED", None, "Custom", "because", later(9))
    quick = replace(child(machine, express, 0), ending=ending)
    slow = child(machine, standard, 0)
    await announcing.commit(lease.epoch, [quick, slow])
    again = replace(redrive(quick.execution_id, 2), ending=ending)
    assert await announcing.commit(lease.epoch, [again]) == {quick.execution_id}
    assert await ids(announcing) == [f"{key}:0:RUNNING" for key in (parent.execution_id, slow.execution_id)]


async def test_a_storage_without_an_outbox_writes_nothing(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    await storage.commit(lease.epoch, [start(machine)])
    assert await storage.status_changes(10) == []
    assert await storage.backlog() == Backlog(0, None)


async def test_what_was_published_is_removed_by_the_leader_alone(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    starts = [start(machine, f"e{number}") for number in range(5)]
    for write in starts:
        await announcing.commit(lease.epoch, [write])
    leading = await announcing.elect(lease.epoch)
    assert leading is not None
    changes = await announcing.status_changes(10)
    held = [changes[0].execution_id, changes[2].execution_id]
    assert await announcing.status_changes(2, held) == [changes[1], changes[3]]
    assert await announcing.backlog() == Backlog(5, NOW)
    with pytest.raises(TermEnded):
        await announcing.remove_published(leading.term + 1, [changes[0].id])
    await announcing.remove_published(leading.term, [changes[0].id, changes[2].id])
    left = await announcing.status_changes(10)
    assert left == [changes[1], changes[3], changes[4]]


async def test_an_id_is_never_given_twice(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    leading = await announcing.elect(lease.epoch)
    assert leading is not None
    given = []
    for number in range(3):
        await announcing.commit(lease.epoch, [start(machine, f"e{number}")])
        [change] = await announcing.status_changes(10)
        given.append(change.id)
        await announcing.remove_published(leading.term, [change.id])
    assert given == sorted(set(given))


async def test_erased_data_are_gone_from_the_outbox(announcing: Storage) -> None:
    machine, lease = await stored_machine(announcing), await announcing.register_process("a", 60)
    first = start(machine)
    await announcing.commit(lease.epoch, [first])
    await announcing.commit(lease.epoch, [failed(first.execution_id, 2, 3)])
    await announcing.begin_erasure(first.execution_id, "somebody")
    assert [(change.error, change.cause) for change in await announcing.status_changes(10)] == [(None, None)] * 2
