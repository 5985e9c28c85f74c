"""Messages from one execution to another, on every storage."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from engine.storage import Storage
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.records import Write
from tests.engine.storage.rows import end, failed, redrive, start, step, stored_machine


async def _received(storage: Storage, epoch: int) -> list[bytes]:
    return [message.data for message in await storage.messages(epoch, 10)]


@pytest.mark.parametrize("last", [False, True])
async def test_a_transition_leaves_a_message_for_another_execution(storage: Storage, last: bool) -> None:
    machine = await stored_machine(storage)
    one, two = await storage.register_process("a", 60), await storage.register_process("b", 60)
    child, parent = start(machine, "child"), start(machine, "parent")
    await storage.commit(one.epoch, [child])
    await storage.commit(two.epoch, [parent])
    write = end(child.execution_id, 2, 3) if last else step(child.execution_id, 2, 3)
    sent = ((parent.execution_id, b"first"), (parent.execution_id, b"second"))
    await storage.commit(one.epoch, [msgspec.structs.replace(write, sent=sent)])
    messages = await storage.messages(two.epoch, 10)
    assert [(message.execution_id, message.data) for message in messages] == list(sent)
    assert await storage.messages(one.epoch, 10) == []


async def test_a_write_that_is_not_applied_sends_nothing(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    child, parent = start(machine, "child"), start(machine, "parent")
    await storage.commit(lease.epoch, [child, parent])
    stale = msgspec.structs.replace(step(child.execution_id, 5, 3), sent=((parent.execution_id, b"no"),))
    good = msgspec.structs.replace(step(parent.execution_id, 2, 3), sent=((child.execution_id, b"yes"),))
    assert await storage.commit(lease.epoch, [stale, good]) == {parent.execution_id}
    assert [(m.execution_id, m.data) for m in await storage.messages(lease.epoch, 10)] == [(child.execution_id, b"yes")]


async def test_messages_for_what_is_over_are_dropped(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    sender, over, ending = start(machine, "sender"), start(machine, "over"), start(machine, "ending")
    await storage.commit(lease.epoch, [sender, over, ending])
    await storage.commit(lease.epoch, [failed(over.execution_id, 2, 3)])
    receivers = (over.execution_id, ending.execution_id, time_ordered_uuid())
    write = msgspec.structs.replace(step(sender.execution_id, 2, 3), sent=tuple((key, b"late") for key in receivers))
    await storage.commit(lease.epoch, [write, failed(ending.execution_id, 2, 3)])
    await storage.commit(lease.epoch, [redrive(over.execution_id, 4), redrive(ending.execution_id, 4)])
    assert await _received(storage, lease.epoch) == []


async def test_what_begins_in_the_same_commit_receives(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    sender, receiver, again = start(machine, "sender"), start(machine, "receiver"), start(machine, "again")
    await storage.commit(lease.epoch, [sender, again])
    await storage.commit(lease.epoch, [failed(again.execution_id, 2, 3)])
    sent = ((receiver.execution_id, b"to a new one"), (again.execution_id, b"to a redriven one"))
    write = msgspec.structs.replace(step(sender.execution_id, 2, 3), sent=sent)
    await storage.commit(lease.epoch, [write, receiver, redrive(again.execution_id, 4)])
    assert await _received(storage, lease.epoch) == [b"to a new one", b"to a redriven one"]


async def test_the_receivers_owner_is_told(storage: Storage) -> None:
    told: asyncio.Queue[int] = asyncio.Queue()
    await storage.listen(told.put_nowait)
    machine = await stored_machine(storage)
    one, two = await storage.register_process("a", 60), await storage.register_process("b", 60)
    sender, receiver = start(machine, "sender"), start(machine, "receiver")
    await storage.commit(one.epoch, [sender])
    await storage.commit(two.epoch, [receiver])
    sequence = 1
    async with asyncio.timeout(60):
        while told.empty() or told.get_nowait() != two.epoch:
            sequence += 1
            sent = ((receiver.execution_id, b"hello"),)
            write = Write(execution_id=sender.execution_id, sequence=sequence, snapshot=b"", sent=sent)
            assert await storage.commit(one.epoch, [write]) == {sender.execution_id}


async def test_a_key_keeps_a_second_message_away_until_the_first_is_dealt_with(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first, other = start(machine, "one"), start(machine, "two")
    await storage.commit(lease.epoch, [first, other])
    key = first.execution_id
    assert await storage.send(key, b"first", key="task")
    assert not await storage.send(key, b"second", key="task")
    assert await storage.send(key, b"another", key="other task")
    assert await storage.send(key, b"without")
    assert await storage.send(other.execution_id, b"elsewhere", key="task")
    messages = await storage.messages(lease.epoch, 10)
    assert [message.data for message in messages] == [b"first", b"another", b"without", b"elsewhere"]
    await storage.commit(lease.epoch, [step(key, 2, 3, messages=(messages[0].id,))])
    assert await storage.send(key, b"again", key="task")
    await storage.commit(lease.epoch, [failed(key, 3, 5)])
    assert not await storage.send(key, b"over", key="new task")
    await storage.commit(lease.epoch, [redrive(key, 6)])
    assert await storage.send(key, b"redriven", key="task")


async def test_what_was_meant_for_an_execution_before_its_redrive_is_not_left_for_it_afterwards(
    storage: Storage,
) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    write = start(machine)
    key = write.execution_id
    await storage.commit(lease.epoch, [write])
    assert await storage.send(key, b"in time", redrive_count=0)
    assert await _received(storage, lease.epoch) == [b"in time"]
    await storage.commit(lease.epoch, [failed(key, 2, 3)])
    assert not await storage.send(key, b"over", redrive_count=0)
    await storage.commit(lease.epoch, [redrive(key, 4)])
    assert not await storage.send(key, b"late", redrive_count=0)
    assert await storage.send(key, b"again", redrive_count=1)
    assert await _received(storage, lease.epoch) == [b"again"]


async def test_anybody_sees_the_state_of_a_running_execution(storage: Storage, neighbor: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first = start(machine)
    await storage.commit(lease.epoch, [first])
    assert await neighbor.running_snapshot(first.execution_id) == b'{"step":1}'
    await storage.commit(lease.epoch, [end(first.execution_id, 2, 3)])
    assert await neighbor.running_snapshot(first.execution_id) is None
    assert await neighbor.running_snapshot(time_ordered_uuid()) is None


async def test_messages_are_read_page_by_page(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    one, two = start(machine, "one"), start(machine, "two")
    await storage.commit(lease.epoch, [one, two])
    for number, receiver in enumerate((one, two, one)):
        await storage.send(receiver.execution_id, str(number).encode())
    first = await storage.messages(lease.epoch, 2)
    second = await storage.messages(lease.epoch, 2, first[-1].id)
    assert [message.data for message in (*first, *second)] == [b"0", b"1", b"2"]
    assert await storage.messages(lease.epoch, 2, second[-1].id) == []
