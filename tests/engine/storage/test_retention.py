"""Executions go to archives on every storage, as a whole or not at all."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec import structs

from engine.storage import Storage
from engine.storage.identifiers import children_of, first_of_time, map_runs_near
from engine.storage.records import MapRun, Write
from engine.storage.retention import FIRST_ID, LAST_ID, Archived, Candidate, Part, Stretch
from tests.engine.storage.rows import child, end, failed, later, start, step, stored_machine, stored_map_run

AFTER = later(100)


class Stored:
    """A storage with three executions: one that succeeded, one that failed, one that runs."""

    def __init__(self, storage: Storage, epoch: int, writes: list[Write]) -> None:
        self.storage = storage
        self.epoch = epoch
        self.ids = [write.execution_id for write in writes]

    async def commit(self, *writes: Write) -> None:
        """Commit all of the writes."""
        applied = await self.storage.commit(self.epoch, writes)
        assert applied == {write.execution_id for write in writes}

    async def archive(self, *ids: UUID, name: str = "a.gz") -> bool:
        """Archive executions."""
        number = await self.storage.begin_archive(name)
        parts = [Part(execution_id, 10 * place, 10) for place, execution_id in enumerate(ids)]
        return await self.storage.complete_archive(number, parts, AFTER)

    async def untouched(self, execution_id: UUID) -> bool:
        """Whether an execution is where it was."""
        execution = await self.storage.get_execution(execution_id)
        assert execution is not None
        return execution.archived is None and execution.input == '{"n": 1}'


@pytest.fixture
async def stored(storage: Storage) -> Stored:
    """A storage with executions."""
    machine, lease = await stored_machine(storage), await storage.register_process("a", 600)
    writes = sorted((start(machine, f"e{n}") for n in range(3)), key=lambda write: write.execution_id)
    made = Stored(storage, lease.epoch, writes)
    await made.commit(*writes)
    await made.commit(end(made.ids[0], 2, 3), failed(made.ids[1], 2, 3), step(made.ids[2], 2, 3))
    return made


async def test_an_archived_execution_keeps_its_row(stored: Stored) -> None:
    one, other, _ = stored.ids
    assert await stored.archive(one, other)
    for execution_id, position in ((one, 0), (other, 10)):
        execution = await stored.storage.get_execution(execution_id)
        assert execution is not None
        assert (execution.input, execution.output) == ("{}", None)
        assert execution.archived == Archived("a.gz", position, 10)
        found = await stored.storage.find_execution("default", "orders", execution.name)
        assert found == execution
        assert execution.error == (None if execution_id == one else "Custom")
    assert await stored.storage.load_finished(other) is None
    listed = await stored.storage.list_executions("default", "orders", None, 10, None)
    assert {execution.id for execution in listed} == set(stored.ids)


async def test_what_cannot_be_archived_leaves_all_as_it_was(stored: Stored) -> None:
    one, other, running = stored.ids
    assert not await stored.archive(one, running)
    assert await stored.archive(other, name="b.gz")
    assert not await stored.archive(one, other, name="c.gz")
    assert await stored.untouched(one)
    assert await stored.storage.read_history(one, after=None, limit=10, reverse=False)
    number = await stored.storage.begin_archive("d.gz")
    assert not await stored.storage.complete_archive(number, [Part(one, 0, 1)], later(0))  # it ended after that
    assert await stored.untouched(one)


async def test_an_execution_whose_data_is_erased_meanwhile_is_not_archived(stored: Stored) -> None:
    one = stored.ids[0]
    number = await stored.storage.begin_archive("a.gz")
    await stored.storage.begin_erasure(one, "somebody")
    assert not await stored.storage.complete_archive(number, [Part(one, 0, 1)], AFTER)
    await stored.storage.finish_erasure(one)
    assert not await stored.storage.complete_archive(number, [Part(one, 0, 1)], AFTER)
    assert await stored.archive(one, name="later.gz")


async def test_an_abandoned_archive_is_never_completed(stored: Stored) -> None:
    now = (await stored.storage.register_process("b", 1)).now
    number = await stored.storage.begin_archive("a.gz")
    assert await stored.storage.abandon_archives(now - timedelta(hours=1)) == []
    await stored.storage.forget_archive(number)
    [abandoned] = await stored.storage.abandon_archives(now + timedelta(hours=1))
    assert (abandoned.id, abandoned.name) == (number, "a.gz")
    assert not await stored.storage.complete_archive(number, [Part(stored.ids[0], 0, 1)], AFTER)
    assert await stored.storage.abandon_archives(now + timedelta(hours=1)) == [abandoned]
    await stored.storage.forget_archive(number)
    assert await stored.storage.abandon_archives(now + timedelta(hours=1)) == []
    assert await stored.archive(stored.ids[0])
    assert await stored.storage.abandon_archives(now + timedelta(hours=1)) == []


async def test_candidates_come_in_order_without_those_that_are_archived(stored: Stored) -> None:
    one, other, running = stored.ids
    found = await stored.storage.candidates(FIRST_ID, LAST_ID, 10, AFTER)
    ended = later(9)
    assert found == [Candidate(one, ended, False), Candidate(other, ended, False), Candidate(running, None, False)]
    assert await stored.storage.candidates(FIRST_ID, LAST_ID, 1, AFTER) == found[:1]
    assert await stored.storage.candidates(one, other, 10, AFTER) == found[1:2]
    assert await stored.archive(one)
    assert await stored.storage.candidates(FIRST_ID, LAST_ID, 10, AFTER) == found[1:]


async def _family(stored: Stored) -> MapRun:
    """Give a map run of the running execution, with a child that is over."""
    machine = await stored.storage.find_machine("default", "orders")
    assert machine is not None
    parent = structs.replace(start(machine), execution_id=stored.ids[2])
    run = await stored_map_run(stored.storage, machine, parent)
    born = child(machine, run, 0)
    await stored.commit(born)
    await stored.commit(end(born.execution_id, 2, 1))
    return run


async def test_children_wait_for_the_execution_of_their_map_run(stored: Stored) -> None:
    run = await _family(stored)
    [waiting] = await stored.storage.candidates(*children_of(run.id), 10, AFTER)
    assert waiting.held
    await stored.commit(end(stored.ids[2], 3, 5))
    [waiting] = await stored.storage.candidates(*children_of(run.id), 10, later(5))
    assert waiting.held
    [free] = await stored.storage.candidates(*children_of(run.id), 10, AFTER)
    assert not free.held


async def test_running_map_runs_are_found_in_a_range(stored: Stored) -> None:
    run = await _family(stored)
    assert await stored.storage.map_runs_within(FIRST_ID, LAST_ID) == [run.id]
    assert await stored.storage.map_runs_within(run.id, LAST_ID) == []
    assert await stored.storage.map_runs_within(*map_runs_near(run.id)) == [run.id]
    await stored.storage.update_map_run(stored.epoch, structs.replace(run, status="SUCCEEDED"))
    assert await stored.storage.map_runs_within(FIRST_ID, LAST_ID) == []


async def test_stretches_are_shortened_ended_and_due_later(storage: Storage) -> None:
    now = later(0)
    [everything] = await storage.due_stretches(now, 10)
    assert (everything.after, everything.last) == (FIRST_ID, LAST_ID)
    position = first_of_time(now)
    await storage.advance(everything, position, [Stretch(FIRST_ID, position, later(60))])
    [everything] = await storage.due_stretches(now, 10)
    assert everything.after == position
    always, due = await storage.due_stretches(later(60), 10)
    assert (always, due.after, due.last, due.due) == (everything, FIRST_ID, position, later(60))
    assert await storage.due_stretches(later(60), 1) == [everything]
    await storage.advance(due, None, [])
    assert await storage.due_stretches(later(99), 10) == [everything]
