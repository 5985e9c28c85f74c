"""Executions that need what their process can't do, on every storage."""

from __future__ import annotations

import pytest

from engine.storage import LeaseLapsed, Storage
from engine.storage.lifecycle import SET_ASIDE, SetAside
from engine.storage.records import Position, Write
from tests.engine.storage.rows import start, step, stored_machine


async def set_aside(storage: Storage, *needs: str) -> tuple[int, list[Write]]:
    """Give a process, and executions that it has set aside, one for each need."""
    machine = await stored_machine(storage)
    owner = await storage.register_process("old", 60)
    await storage.publish(owner.epoch, ["handler:a"])
    writes = [start(machine, f"e{number}") for number in range(len(needs))]
    await storage.commit(owner.epoch, writes)
    asides = [SetAside(write.execution_id, need) for write, need in zip(writes, needs, strict=True)]
    await storage.set_aside(owner.epoch, asides)
    return owner.epoch, writes


async def able(storage: Storage, *abilities: str) -> int:
    """Give a new process that can do something."""
    lease = await storage.register_process("new", 60)
    await storage.publish(lease.epoch, abilities)
    return lease.epoch


async def test_whoever_has_what_is_needed_goes_on(storage: Storage, neighbor: Storage) -> None:
    old, [b, c] = await set_aside(storage, "handler:b", "handler:c")
    assert await storage.positions([b.execution_id]) == {b.execution_id: Position(1, SET_ASIDE)}
    assert await storage.commit(old, [step(b.execution_id, 2, 3)]) == frozenset()
    assert await storage.claim_set_aside(old, 60, "handler:", 10) == []
    new = await able(neighbor, "handler:a", "handler:b")
    [claimed] = await neighbor.claim_set_aside(new, 60, "handler:", 10)
    assert (claimed.execution.id, claimed.execution.sequence, claimed.served) == (b.execution_id, 1, True)
    assert await neighbor.commit(new, [step(b.execution_id, 2, 3)]) == {b.execution_id}
    assert await neighbor.claim_set_aside(new, 60, "handler:", 10) == []
    assert await storage.positions([c.execution_id]) == {c.execution_id: Position(1, SET_ASIDE)}


async def test_what_nobody_can_do_is_given_back_after_a_while(storage: Storage) -> None:
    old, [b] = await set_aside(storage, "handler:b")
    assert await storage.claim_set_aside(old, 60, "handler:", 10) == []
    [claimed] = await storage.claim_set_aside(old, 0, "handler:", 10)
    assert (claimed.execution.id, claimed.served) == (b.execution_id, False)
    assert await storage.commit(old, [step(b.execution_id, 2, 3)]) == {b.execution_id}


async def test_what_another_process_can_do_is_left_to_it(storage: Storage) -> None:
    old, [b] = await set_aside(storage, "handler:b")
    new = await able(storage, "handler:b")
    assert await storage.claim_set_aside(old, 0, "handler:", 10) == []
    await storage.remove_process(new)
    assert [each.execution.id for each in await storage.claim_set_aside(old, 0, "handler:", 10)] == [b.execution_id]


async def test_some_needs_are_never_given_up(storage: Storage) -> None:
    old, [newer] = await set_aside(storage, "format:99")
    assert await storage.claim_set_aside(old, 0, "handler:", 10) == []
    new = await able(storage, "format:99")
    [claimed] = await storage.claim_set_aside(new, 0, "handler:", 10)
    assert claimed.execution.id == newer.execution_id


async def test_only_the_owner_sets_aside(storage: Storage) -> None:
    machine = await stored_machine(storage)
    owner, other = await storage.register_process("a", 60), await storage.register_process("b", 60)
    first = start(machine)
    await storage.commit(owner.epoch, [first])
    await storage.set_aside(other.epoch, [SetAside(first.execution_id, "handler:b")])
    assert await storage.positions([first.execution_id]) == {first.execution_id: Position(1, owner.epoch)}
    assert await storage.claim_set_aside(await able(storage, "handler:b"), 0, "handler:", 10) == []


async def test_what_is_set_aside_can_be_paused_and_awakened(storage: Storage) -> None:
    _, [paused, stopped] = await set_aside(storage, "handler:b", "handler:b")
    await storage.pause(paused.execution_id, "alice")
    await storage.awaken(stopped.execution_id)
    new = await able(storage, "handler:b")
    assert await storage.claim_set_aside(new, 0, "handler:", 10) == []
    assert [each.id for each in await storage.claim(new, 10)] == [stopped.execution_id]
    await storage.resume(paused.execution_id)
    assert [each.id for each in await storage.claim(new, 10)] == [paused.execution_id]


async def test_a_process_without_a_lease_claims_nothing_that_was_set_aside(storage: Storage) -> None:
    await set_aside(storage, "handler:b")
    lapsed = await storage.register_process("lapsed", 0)
    await storage.publish(lapsed.epoch, ["handler:b"])
    with pytest.raises(LeaseLapsed):
        await storage.claim_set_aside(lapsed.epoch, 0, "handler:", 10)
