"""Payloads that events refer to, on every storage."""

from __future__ import annotations

from msgspec import structs

from engine.storage import Storage
from engine.storage.retention import Part
from tests.engine.storage.rows import end, later, start, step, stored_machine

ONE, OTHER = (b"digest of one", b"one"), (b"digest of the other", b"\0\xff other")


async def test_payloads_are_written_with_the_events_and_kept_once(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 600)
    first = structs.replace(start(machine), payloads=(ONE,))
    key = first.execution_id
    assert await storage.commit(lease.epoch, [first]) == {key}
    again = structs.replace(step(key, 2, 3), payloads=(ONE, OTHER))
    assert await storage.commit(lease.epoch, [again]) == {key}
    assert await storage.read_payloads(key, [ONE[0], OTHER[0], b"absent"]) == dict((ONE, OTHER))
    assert await storage.read_payloads(structs.replace(start(machine)).execution_id, [ONE[0]]) == {}


async def test_payloads_of_a_write_that_is_not_applied_are_not_stored(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 600)
    first = start(machine)
    assert await storage.commit(lease.epoch, [first]) == {first.execution_id}
    late = structs.replace(step(first.execution_id, 7, 3), payloads=(ONE,))
    assert await storage.commit(lease.epoch, [late]) == frozenset()
    assert await storage.read_payloads(first.execution_id, [ONE[0]]) == {}


async def test_payloads_go_when_the_execution_is_archived_or_erased(storage: Storage) -> None:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 600)
    writes = [structs.replace(start(machine, name), payloads=(ONE,)) for name in ("archived", "erased")]
    archived, erased = (write.execution_id for write in writes)
    await storage.commit(lease.epoch, writes)
    await storage.commit(lease.epoch, [end(archived, 2, 3), end(erased, 2, 3)])
    number = await storage.begin_archive("a")
    assert await storage.complete_archive(number, [Part(archived, 0, 1)], later(99))
    await storage.begin_erasure(erased, "somebody")
    for key in (archived, erased):
        assert await storage.read_payloads(key, [ONE[0]]) == {}
