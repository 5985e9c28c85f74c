"""Data that is erased, on every storage."""

from __future__ import annotations

from uuid import UUID, uuid4

from engine.storage import Storage
from engine.storage.lifecycle import Erasure, chained
from engine.storage.records import Write
from tests.engine.storage.rows import failed, redrive, start, step, stored_machine


def strip(data: bytes) -> bytes:
    return b"stripped " + data


async def ended(storage: Storage) -> tuple[int, Write]:
    """Give a process and the first write of an execution of three groups of events that failed."""
    machine = await stored_machine(storage)
    owner = await storage.register_process("owner", 60)
    first = start(machine)
    await storage.commit(owner.epoch, [first])
    await storage.commit(owner.epoch, [step(first.execution_id, 2, 3)])
    await storage.commit(owner.epoch, [failed(first.execution_id, 3, 5)])
    return owner.epoch, first


async def erase(storage: Storage, execution_id: UUID, limit: int = 2) -> Erasure:
    """Erase an execution's data from beginning to end."""
    assert await storage.begin_erasure(execution_id, "alice") is not None
    while await storage.erase_history(execution_id, strip, limit):
        pass
    await storage.finish_erasure(execution_id)
    [erasure] = await storage.erasures([execution_id])
    return erasure


async def history(storage: Storage, execution_id: UUID) -> list[bytes]:
    groups = await storage.read_history(execution_id, after=None, limit=100, reverse=False)
    return [group.data for group in groups]


async def test_the_data_goes_and_the_rest_stays(storage: Storage) -> None:
    _, first = await ended(storage)
    before = await storage.get_execution(first.execution_id)
    erasure = await erase(storage, first.execution_id)
    after = await storage.get_execution(first.execution_id)
    assert before is not None
    assert after is not None
    assert (after.input, after.output, after.error, after.cause) == ("{}", None, None, None)
    kept = ("name", "status", "started_at", "stopped_at", "version")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert await history(storage, first.execution_id) == [
        b"stripped events 1 to 2",
        b"stripped events 3 to 4",
        b"stripped event 5",
    ]
    assert await storage.load_finished(first.execution_id) is None
    assert (erasure.requested_by, erasure.events, erasure.finished_at is None) == ("alice", 3, False)


async def test_the_digest_proves_what_was_erased(storage: Storage) -> None:
    _, first = await ended(storage)
    erasure = await erase(storage, first.execution_id)
    digest = chained(b"", b'{"n": 1}', b"", b"Custom", b"because")
    digest = chained(chained(digest, b"events 1 to 2", b"events 3 to 4"), b"event 5")
    assert erasure.digest == digest


async def test_every_step_may_be_repeated(storage: Storage) -> None:
    _, first = await ended(storage)
    assert await storage.begin_erasure(first.execution_id, "alice")
    assert await storage.erase_history(first.execution_id, strip, 1) == 1
    assert await storage.unfinished_erasures(10) == [first.execution_id]
    once = await erase(storage, first.execution_id)
    assert await storage.unfinished_erasures(10) == []
    assert await erase(storage, first.execution_id) == once
    assert (await history(storage, first.execution_id))[0] == b"stripped events 1 to 2"


async def test_what_runs_is_not_erased(storage: Storage) -> None:
    machine = await stored_machine(storage)
    owner = await storage.register_process("owner", 60)
    first = start(machine)
    await storage.commit(owner.epoch, [first])
    assert await storage.begin_erasure(first.execution_id, "alice") is None
    assert await storage.begin_erasure(uuid4(), "alice") is None
    assert await storage.erasures([first.execution_id]) == []


async def test_an_execution_that_was_redriven_is_left_alone_until_it_is_over(storage: Storage) -> None:
    epoch, first = await ended(storage)
    await storage.begin_erasure(first.execution_id, "alice")
    assert await storage.commit(epoch, [redrive(first.execution_id, 6)]) == {first.execution_id}
    assert await storage.erase_history(first.execution_id, strip, 10) == 0
    assert await storage.begin_erasure(first.execution_id, "alice") is None
    await storage.commit(epoch, [failed(first.execution_id, 2, 7)])
    assert (await erase(storage, first.execution_id)).events == 5
    execution = await storage.get_execution(first.execution_id)
    assert execution is not None
    assert execution.error is None


async def test_an_execution_whose_data_is_gone_does_not_run_again(storage: Storage) -> None:
    epoch, first = await ended(storage)
    await erase(storage, first.execution_id)
    assert await storage.commit(epoch, [redrive(first.execution_id, 6)]) == frozenset()


async def test_the_erasure_of_what_runs_again_is_not_finished(storage: Storage) -> None:
    epoch, first = await ended(storage)
    assert await storage.begin_erasure(first.execution_id, "alice") is not None
    assert await storage.commit(epoch, [redrive(first.execution_id, 6)])
    await storage.finish_erasure(first.execution_id)
    [erasure] = await storage.erasures([first.execution_id])
    assert erasure.finished_at is None


async def test_what_is_elsewhere_is_noted_once(storage: Storage) -> None:
    _, first = await ended(storage)
    begun = await storage.begin_erasure(first.execution_id, "alice")
    assert begun is not None
    for _ in range(2):
        await storage.note_erased(first.execution_id, [b"in", b"out"])
    [noted] = await storage.erasures([first.execution_id])
    assert (noted.events, noted.digest) == (1, chained(begun.digest, b"in", b"out"))


async def test_messages_that_came_too_late_go_as_well(storage: Storage) -> None:
    machine = await stored_machine(storage)
    owner = await storage.register_process("owner", 60)
    first = start(machine)
    await storage.commit(owner.epoch, [first])
    await storage.send(first.execution_id, b"secret")
    await storage.commit(owner.epoch, [failed(first.execution_id, 2, 3)])
    await erase(storage, first.execution_id)
    await storage.commit(owner.epoch, [redrive(first.execution_id, 4)])
    assert await storage.messages(owner.epoch, 10) == []
