"""Paused executions, on every storage."""

from __future__ import annotations

from uuid import uuid4

from engine.storage import NOBODY, Storage
from engine.storage.lifecycle import PAUSED
from engine.storage.records import Position, Write
from tests.engine.storage.rows import end, start, step, stored_machine


async def running(storage: Storage) -> tuple[int, Write]:
    """Give a process and the first write of an execution that it owns."""
    machine = await stored_machine(storage)
    owner = await storage.register_process("owner", 60)
    first = start(machine)
    assert await storage.commit(owner.epoch, [first]) == {first.execution_id}
    return owner.epoch, first


async def owner_of(storage: Storage, write: Write) -> int | None:
    return (await storage.positions([write.execution_id]))[write.execution_id].owner


async def test_nothing_is_committed_for_a_paused_execution(storage: Storage, neighbor: Storage) -> None:
    epoch, first = await running(storage)
    assert await neighbor.pause(first.execution_id, "alice")
    for write in (step(first.execution_id, 2, 3), end(first.execution_id, 2, 3)):
        assert await storage.commit(epoch, [write]) == frozenset()
    assert await storage.positions([first.execution_id]) == {first.execution_id: Position(1, PAUSED)}
    [pause] = await storage.pauses([first.execution_id, uuid4()])
    assert (pause.execution_id, pause.paused_by) == (first.execution_id, "alice")


async def test_nobody_claims_a_paused_execution(storage: Storage) -> None:
    epoch, first = await running(storage)
    await storage.pause(first.execution_id, "alice")
    await storage.remove_process(epoch)
    other = await storage.register_process("other", 60)
    assert await storage.remove_lapsed() == []
    assert await storage.claim(other.epoch, 10) == []
    assert await storage.resume(first.execution_id)
    assert [execution.id for execution in await storage.claim(other.epoch, 10)] == [first.execution_id]
    assert await storage.commit(other.epoch, [step(first.execution_id, 2, 3)]) == {first.execution_id}


async def test_a_resumed_execution_waits_until_its_holder_lets_it_go(storage: Storage) -> None:
    epoch, first = await running(storage)
    await storage.pause(first.execution_id, "alice")
    assert await storage.held(epoch) == [first.execution_id]
    assert await storage.resume(first.execution_id)
    assert await owner_of(storage, first) == PAUSED
    assert await storage.pauses([first.execution_id]) == []
    await storage.let_go(epoch + 1, [first.execution_id])
    assert await owner_of(storage, first) == PAUSED
    await storage.let_go(epoch, [first.execution_id])
    assert await owner_of(storage, first) == NOBODY
    assert await storage.held(epoch) == []
    assert not await storage.resume(first.execution_id)


async def test_an_execution_that_was_let_go_stays_paused_until_it_is_resumed(storage: Storage) -> None:
    epoch, first = await running(storage)
    await storage.pause(first.execution_id, "alice")
    await storage.let_go(epoch, [first.execution_id])
    assert await storage.held(epoch) == []
    assert len(await storage.pauses([first.execution_id])) == 1
    assert await storage.resume(first.execution_id)
    assert await owner_of(storage, first) == NOBODY


async def test_a_holder_that_dies_holds_nothing(storage: Storage) -> None:
    epoch, first = await running(storage)
    await storage.pause(first.execution_id, "alice")
    await storage.resume(first.execution_id)
    await storage.free_resumed()
    assert await owner_of(storage, first) == PAUSED
    await storage.remove_process(epoch)
    await storage.free_resumed()
    assert await owner_of(storage, first) == NOBODY


async def test_a_pause_takes_a_resumption_back(storage: Storage) -> None:
    epoch, first = await running(storage)
    await storage.pause(first.execution_id, "alice")
    await storage.resume(first.execution_id)
    assert await storage.pause(first.execution_id, "bob")
    await storage.let_go(epoch, [first.execution_id])
    assert await owner_of(storage, first) == PAUSED
    assert [pause.paused_by for pause in await storage.pauses([first.execution_id])] == ["alice"]


async def test_what_is_over_cannot_be_paused_or_resumed(storage: Storage) -> None:
    epoch, first = await running(storage)
    await storage.commit(epoch, [end(first.execution_id, 2, 3)])
    for execution_id in (first.execution_id, uuid4()):
        assert not await storage.pause(execution_id, "alice")
        assert not await storage.resume(execution_id)
    assert await storage.pauses([first.execution_id]) == []


async def test_a_paused_execution_can_be_given_to_any_process_for_a_message(storage: Storage) -> None:
    epoch, first = await running(storage)
    await storage.pause(first.execution_id, "alice")
    assert await storage.send(first.execution_id, b"stop")
    assert await storage.messages(epoch, 10) == []
    await storage.awaken(first.execution_id)
    assert await owner_of(storage, first) == NOBODY
    assert await storage.held(epoch) == []
    [claimed] = await storage.claim(epoch, 10)
    assert [message.data for message in await storage.messages(epoch, 10)] == [b"stop"]
    await storage.awaken(claimed.id)
    assert await owner_of(storage, first) == epoch


async def test_what_was_told_something_is_awakened(storage: Storage) -> None:
    machine = await stored_machine(storage)
    owner = await storage.register_process("owner", 60)
    told, other, running_on = start(machine, "told"), start(machine, "other"), start(machine, "running")
    await storage.commit(owner.epoch, [told, other, running_on])
    for write in (told, other):
        await storage.pause(write.execution_id, "alice")
    for write, kind in ((told, "Stopped"), (other, "Else"), (running_on, "Stopped")):
        await storage.send(write.execution_id, f'{{"type":"{kind}","error":null}}'.encode())
    await storage.awaken_those_told(b'{"type":"Stopped"')
    owners = [await owner_of(storage, write) for write in (told, other, running_on)]
    assert owners == [NOBODY, PAUSED, owner.epoch]
    assert [each.execution_id for each in await storage.pauses([told.execution_id, other.execution_id])] == [
        other.execution_id
    ]


async def test_paused_executions_are_listed_newest_first(storage: Storage) -> None:
    machine = await stored_machine(storage)
    owner = await storage.register_process("owner", 60)
    writes = [start(machine, name) for name in ("one", "two", "three", "resumed", "running")]
    await storage.commit(owner.epoch, writes)
    ids = [write.execution_id for write in writes]
    for execution_id in ids[:4]:
        await storage.pause(execution_id, "alice")
    await storage.resume(ids[3])
    newest = sorted(ids[:3], reverse=True)
    organization, name = machine.organization, machine.name
    assert await storage.list_paused(organization, name, 10, None) == newest
    assert await storage.list_paused(organization, None, 2, None) == newest[:2]
    assert await storage.list_paused(organization, None, 2, newest[1]) == newest[2:]
    assert await storage.list_paused(organization, "other", 10, None) == []
    assert await storage.list_paused("other", None, 10, None) == []


async def test_epochs_of_processes_are_positive(storage: Storage) -> None:
    assert (await storage.register_process("first", 60)).epoch > NOBODY
