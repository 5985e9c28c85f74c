"""Leases, takeover and hand-over, on every storage."""

from __future__ import annotations

import pytest

from engine.storage import NOBODY, LeaseLapsed, Storage
from engine.storage.records import ActiveExecution, Position
from tests.engine.storage.rows import NOW, end, start, step, stored_machine


async def test_epochs_are_never_given_twice(storage: Storage) -> None:
    first = await storage.register_process("a", 60)
    await storage.remove_process(first.epoch)
    second = await storage.register_process("a", 60)
    assert NOBODY < first.epoch < second.epoch


async def test_a_lapsed_lease_can_be_renewed_until_it_is_taken_away(storage: Storage) -> None:
    lease = await storage.register_process("a", 0)
    renewed = await storage.renew_process(lease.epoch, 0)
    assert renewed is not None
    assert renewed >= lease.now
    assert await storage.remove_lapsed() == [lease.epoch]
    assert await storage.renew_process(lease.epoch, 60) is None
    assert await storage.remove_lapsed() == []


async def test_executions_of_a_lapsed_process_are_claimed_by_one(storage: Storage) -> None:
    machine = await stored_machine(storage)
    dead = await storage.register_process("dead", 60)
    starts = [start(machine, f"e{number}") for number in range(10)]
    await storage.commit(dead.epoch, starts)
    await storage.commit(dead.epoch, [end(starts[0].execution_id, 2, 3)])
    one, two = await storage.register_process("one", 60), await storage.register_process("two", 60)
    assert await storage.claim(one.epoch, 100) == []
    await storage.remove_process(dead.epoch)
    claimed = await storage.claim(one.epoch, 4)
    assert len(claimed) == 4
    rest = await storage.claim(two.epoch, 100)
    assert {e.id for e in claimed} | {e.id for e in rest} == {write.execution_id for write in starts[1:]}
    assert len(rest) == 5
    assert await storage.claim(one.epoch, 100) == []


async def test_a_claimed_execution_has_all_it_takes_to_go_on(storage: Storage) -> None:
    machine = await stored_machine(storage)
    dead, alive = await storage.register_process("dead", 60), await storage.register_process("alive", 60)
    first = start(machine)
    await storage.commit(dead.epoch, [first])
    await storage.commit(dead.epoch, [step(first.execution_id, 2, 3)])
    await storage.remove_process(dead.epoch)
    claimed = await storage.claim(alive.epoch, 10)
    assert claimed == [
        ActiveExecution(
            id=first.execution_id,
            sequence=2,
            snapshot=b'{"step":2}',
            state_machine_id=machine.id,
            version=1,
            name="one",
            input='{"n": 1}',
            started_at=NOW,
        )
    ]
    assert await storage.load(alive.epoch, [first.execution_id]) == claimed
    assert await storage.commit(alive.epoch, [step(first.execution_id, 3, 5)]) == {first.execution_id}


async def test_a_zombie_cannot_write_after_the_takeover(storage: Storage) -> None:
    machine = await stored_machine(storage)
    zombie, alive = await storage.register_process("zombie", 60), await storage.register_process("alive", 60)
    first = start(machine)
    await storage.commit(zombie.epoch, [first])
    await storage.renew_process(zombie.epoch, 0)
    assert await storage.remove_lapsed() == [zombie.epoch]
    await storage.claim(alive.epoch, 10)
    for write in (step(first.execution_id, 2, 3), end(first.execution_id, 2, 3), start(machine, "two")):
        with pytest.raises(LeaseLapsed):
            await storage.commit(zombie.epoch, [write])
    assert await storage.positions([first.execution_id]) == {first.execution_id: Position(1, alive.epoch)}


async def test_a_process_without_a_lease_claims_nothing(storage: Storage) -> None:
    machine = await stored_machine(storage)
    dead, lapsed = await storage.register_process("dead", 60), await storage.register_process("lapsed", 0)
    first = start(machine)
    await storage.commit(dead.epoch, [first])
    await storage.remove_process(dead.epoch)
    with pytest.raises(LeaseLapsed):
        await storage.claim(lapsed.epoch, 10)
    assert await storage.positions([first.execution_id]) == {first.execution_id: Position(1, dead.epoch)}


@pytest.mark.parametrize("everything", [True, False])
async def test_released_executions_are_free_at_once(storage: Storage, everything: bool) -> None:
    machine = await stored_machine(storage)
    leaving, staying = await storage.register_process("a", 60), await storage.register_process("b", 60)
    one, two = start(machine, "one"), start(machine, "two")
    await storage.commit(leaving.epoch, [one, two])
    await storage.release(leaving.epoch, None if everything else [one.execution_id])
    claimed = {execution.id for execution in await storage.claim(staying.epoch, 10)}
    assert claimed == ({one.execution_id, two.execution_id} if everything else {one.execution_id})
    assert await storage.commit(leaving.epoch, [step(one.execution_id, 2, 3)]) == frozenset()


async def test_nobody_releases_what_another_owns(storage: Storage) -> None:
    machine = await stored_machine(storage)
    owner, other = await storage.register_process("a", 60), await storage.register_process("b", 60)
    first = start(machine)
    await storage.commit(owner.epoch, [first])
    await storage.release(other.epoch, [first.execution_id])
    assert await storage.claim(other.epoch, 10) == []


async def test_a_process_knows_what_it_owns(storage: Storage) -> None:
    machine = await stored_machine(storage)
    one, two = await storage.register_process("one", 60), await storage.register_process("two", 60)
    starts = [start(machine, f"e{number}") for number in range(5)]
    await storage.commit(one.epoch, starts)
    await storage.commit(two.epoch, [start(machine, "another's")])
    await storage.commit(one.epoch, [end(starts[0].execution_id, 2, 3)])
    keys = sorted(write.execution_id for write in starts[1:])
    assert await storage.owned(one.epoch, 3) == keys[:3]
    assert await storage.owned(one.epoch, 3, keys[2]) == keys[3:]
    assert await storage.owned(one.epoch, 3, keys[3]) == []
