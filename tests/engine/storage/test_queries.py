"""State machines, lists, histories, timers and messages, on every storage."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec
import pytest

from engine.storage import NOBODY, Storage
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.records import Machine, Write
from tests.engine.storage.rows import beginning, end, later, start, step, stored_machine


async def test_an_account_is_given_once_and_to_one_organization(storage: Storage) -> None:
    assert await storage.account_of("a", ["000000000001"]) == "000000000001"
    assert await storage.account_of("b", ["000000000001", "000000000002"]) == "000000000002"
    assert await storage.account_of("a", ["000000000003"]) == "000000000001"


async def test_a_state_machine_comes_back_as_it_went_in(storage: Storage) -> None:
    machine = await stored_machine(storage)
    assert await storage.find_machine("default", "orders") == machine
    assert await storage.get_version(machine.id, 1) == machine
    assert await storage.find_machine("default", "other") is None
    assert await storage.find_machine("other", "orders") is None
    assert await storage.get_version(machine.id, 2) is None


async def test_a_name_is_taken_once_in_an_organization(storage: Storage) -> None:
    machine = await stored_machine(storage)
    await stored_machine(storage, organization="other")
    assert not await storage.create_machine(msgspec.structs.replace(machine, id=time_ordered_uuid()))


async def test_versions_follow_each_other_and_stay(storage: Storage) -> None:
    first = await stored_machine(storage)
    second = msgspec.structs.replace(first, version=2, definition="{}", updated_at=later(5))
    assert await storage.add_version(second)
    assert not await storage.add_version(second)
    assert not await storage.add_version(msgspec.structs.replace(first, version=4))
    assert await storage.find_machine("default", "orders") == second
    assert await storage.get_version(first.id, 1) == first


async def test_state_machines_are_listed_by_name(storage: Storage) -> None:
    for name in ("c", "a", "b"):
        await stored_machine(storage, name)
    await stored_machine(storage, "x", "other")

    async def names(limit: int, after: str | None) -> list[str]:
        return [machine.name for machine in await storage.list_machines("default", limit, after)]

    assert await names(10, None) == ["a", "b", "c"]
    assert await names(2, None) == ["a", "b"]
    assert await names(2, "b") == ["c"]


async def test_executions_are_listed_newest_first(storage: Storage) -> None:
    orders, refunds = await stored_machine(storage), await stored_machine(storage, "refunds")
    lease = await storage.register_process("a", 60)
    writes = [start(machine, f"e{n}") for n, machine in enumerate([orders, orders, refunds, orders])]
    keys = sorted(UUID(bytes=bytes([n]) * 16) for n in range(1, 5))
    writes = [msgspec.structs.replace(write, execution_id=key) for write, key in zip(writes, keys, strict=True)]
    await storage.commit(lease.epoch, writes)
    await storage.commit(lease.epoch, [end(keys[0], 2, 3)])

    async def names(machine: str | None, status: str | None, limit: int, before: UUID | None) -> list[str]:
        return [e.name for e in await storage.list_executions("default", machine, status, limit, before)]

    assert await names(None, None, 10, None) == ["e3", "e2", "e1", "e0"]
    assert await names("orders", None, 10, None) == ["e3", "e1", "e0"]
    assert await names("orders", "RUNNING", 10, None) == ["e3", "e1"]
    assert await names(None, "SUCCEEDED", 10, None) == ["e0"]
    assert await names(None, None, 2, None) == ["e3", "e2"]
    assert await names(None, None, 2, keys[2]) == ["e1", "e0"]
    assert await storage.list_executions("other", None, None, 10, None) == []


async def _with_history(storage: Storage, machine: Machine, epoch: int) -> UUID:
    first = start(machine)
    await storage.commit(epoch, [first])
    await storage.commit(epoch, [step(first.execution_id, 2, 3)])
    await storage.commit(epoch, [end(first.execution_id, 3, 5)])
    return first.execution_id


@pytest.mark.parametrize(
    ("after", "limit", "reverse", "firsts"),
    [
        (None, 10, False, [1, 3, 5]),
        (None, 2, False, [1, 3]),
        (2, 10, False, [3, 5]),
        (3, 10, False, [3, 5]),
        (5, 10, False, []),
        (None, 10, True, [5, 3, 1]),
        (None, 1, True, [5]),
        (5, 10, True, [3, 1]),
        (4, 10, True, [3, 1]),
        (1, 10, True, []),
    ],
)
async def test_a_history_is_read_in_parts(
    storage: Storage, after: int | None, limit: int, reverse: bool, firsts: list[int]
) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    key = await _with_history(storage, machine, lease.epoch)
    chunks = await storage.read_history(key, after=after, limit=limit, reverse=reverse)
    assert [chunk.first for chunk in chunks] == firsts


async def test_timers_are_stored_replaced_and_removed(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    key = time_ordered_uuid()

    async def due(after: datetime | None, until: datetime) -> list[UUID]:
        return await storage.due_executions(lease.epoch, after=after, until=until)

    timers = (("x", later(10)), ("y", later(100)))
    first = Write(execution_id=key, sequence=1, snapshot=b"", beginning=beginning(machine), timers_set=timers)
    await storage.commit(lease.epoch, [first])
    assert await due(None, later(9)) == []
    assert await due(None, later(10)) == [key]
    assert await due(None, later(1000)) == [key]
    assert await due(later(10), later(99)) == []
    again = Write(
        execution_id=key, sequence=2, snapshot=b"", timers_set=(("x", later(50)),), timers_removed=("y", "unknown")
    )
    await storage.commit(lease.epoch, [again])
    assert await due(None, later(49)) == []
    assert await due(later(50), later(1000)) == []
    assert await due(later(49), later(50)) == [key]
    await storage.commit(lease.epoch, [end(key, 3, 1)])
    assert await due(None, later(1000)) == []


async def test_timers_belong_to_the_executions_owner(storage: Storage) -> None:
    machine = await stored_machine(storage)
    leaving, staying = await storage.register_process("a", 60), await storage.register_process("b", 60)
    write = msgspec.structs.replace(start(machine), timers_set=(("x", later(1)),))
    await storage.commit(leaving.epoch, [write])
    assert await storage.due_executions(staying.epoch, after=None, until=later(5)) == []
    await storage.release(leaving.epoch, None)
    await storage.claim(staying.epoch, 10)
    assert await storage.due_executions(staying.epoch, after=None, until=later(5)) == [write.execution_id]


async def test_messages_wait_until_they_are_dealt_with(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first = start(machine)
    await storage.commit(lease.epoch, [first])
    for data in (b"one", b"two", b"three"):
        assert await storage.send(first.execution_id, data)
    messages = await storage.messages(lease.epoch, 2)
    assert [(message.execution_id, message.data) for message in messages] == [
        (first.execution_id, b"one"),
        (first.execution_id, b"two"),
    ]
    await storage.commit(lease.epoch, [step(first.execution_id, 2, 3, messages=(messages[0].id,))])
    assert [message.data for message in await storage.messages(lease.epoch, 10)] == [b"two", b"three"]
    assert await storage.messages(lease.epoch + 1, 10) == []
    await storage.commit(lease.epoch, [end(first.execution_id, 3, 5)])
    assert await storage.messages(lease.epoch, 10) == []
    assert not await storage.send(first.execution_id, b"too late")


async def test_owners_are_told_of_messages_and_handed_over_executions(storage: Storage) -> None:
    told: asyncio.Queue[int] = asyncio.Queue()
    await storage.listen(told.put_nowait)
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first = start(machine)
    await storage.commit(lease.epoch, [first])
    async with asyncio.timeout(60):
        while told.empty() or told.get_nowait() != lease.epoch:
            await storage.send(first.execution_id, b"hello")
        while told.empty() or told.get_nowait() != NOBODY:
            await storage.release(lease.epoch, None)
