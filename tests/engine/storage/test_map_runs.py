"""Map runs and their children, on every storage."""

from __future__ import annotations

from uuid import UUID, uuid4

import msgspec

from engine.storage import Storage
from engine.storage.identifiers import child_id
from engine.storage.records import ChildCount, ExecutionFilter, Machine, MapRun, Origin
from tests.engine.storage.rows import child, end, failed, later, start, stored_machine, stored_map_run


async def _running(storage: Storage) -> tuple[Machine, int, MapRun]:
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    parent = start(machine, "parent")
    await storage.commit(lease.epoch, [parent])
    return machine, lease.epoch, await stored_map_run(storage, machine, parent)


async def test_a_map_run_is_made_once(storage: Storage) -> None:
    _, epoch, run = await _running(storage)
    assert await storage.find_map_run(run.id) == run
    assert await storage.find_map_run(uuid4()) is None
    assert await storage.update_map_run(epoch, msgspec.structs.replace(run, state=b"progress"))
    again = await storage.create_map_run(msgspec.structs.replace(run, status="FAILED"))
    assert again == msgspec.structs.replace(run, state=b"progress")


async def test_its_coordinator_stores_progress_and_not_the_limits(storage: Storage) -> None:
    _, epoch, run = await _running(storage)
    assert await storage.limit_map_run(run.id, max_concurrency=3, tolerated_failure_percentage=0.5)
    assert await storage.limit_map_run(run.id, tolerated_failure_count=0)
    changed = msgspec.structs.replace(
        run,
        status="SUCCEEDED",
        stopped_at=later(7),
        items=20,
        executions=10,
        results_written=9,
        state=b"all",
        redrive_count=1,
        redriven_at=later(6),
    )
    assert await storage.update_map_run(epoch, changed)
    assert await storage.find_map_run(run.id) == msgspec.structs.replace(
        changed, max_concurrency=3, tolerated_failure_count=0, tolerated_failure_percentage=0.5
    )
    assert not await storage.limit_map_run(run.id, max_concurrency=4)
    assert not await storage.limit_map_run(uuid4(), max_concurrency=4)


async def test_only_the_executions_owner_stores_progress(storage: Storage) -> None:
    _, epoch, run = await _running(storage)
    other = await storage.register_process("b", 60)
    assert not await storage.update_map_run(other.epoch, msgspec.structs.replace(run, state=b"zombie"))
    assert not await storage.update_map_run(epoch, msgspec.structs.replace(run, id=uuid4()))
    await storage.commit(epoch, [end(run.execution_id, 2, 3)])
    aborted = msgspec.structs.replace(run, status="ABORTED")
    assert await storage.update_map_run(other.epoch, aborted)
    assert await storage.find_map_run(run.id) == aborted


async def test_a_map_run_that_is_over_with_its_execution_stays_as_it_is(storage: Storage) -> None:
    _, epoch, run = await _running(storage)
    zombie = await storage.register_process("b", 60)
    succeeded = msgspec.structs.replace(run, status="SUCCEEDED")
    assert await storage.update_map_run(epoch, succeeded)
    await storage.commit(epoch, [end(run.execution_id, 2, 3)])
    assert not await storage.update_map_run(zombie.epoch, run)
    assert await storage.find_map_run(run.id) == succeeded


async def test_what_was_read_before_a_redrive_is_not_written_after_it(storage: Storage) -> None:
    _, epoch, run = await _running(storage)
    redriven = msgspec.structs.replace(run, redrive_count=1, redriven_at=later(6))
    assert await storage.update_map_run(epoch, redriven)
    assert not await storage.update_map_run(epoch, msgspec.structs.replace(run, status="ABORTED"))
    assert await storage.find_map_run(run.id) == redriven


async def test_an_executions_map_runs_are_listed_latest_first(storage: Storage) -> None:
    machine, epoch, run = await _running(storage)
    parent, other = start(machine, "other"), start(machine, "none")
    await storage.commit(epoch, [parent, other])
    runs = [await stored_map_run(storage, machine, parent, seconds) for seconds in (2, 4, 3)]
    expected = [runs[1], runs[2], runs[0]]
    assert await storage.list_map_runs(parent.execution_id, 10, None) == expected
    assert await storage.list_map_runs(parent.execution_id, 2, None) == expected[:2]
    assert await storage.list_map_runs(parent.execution_id, 2, runs[2].id) == expected[2:]
    assert await storage.list_map_runs(run.execution_id, 10, None) == [run]
    assert await storage.list_map_runs(other.execution_id, 10, None) == []


async def test_children_are_counted_and_listed_by_index(storage: Storage) -> None:
    machine, epoch, run = await _running(storage)
    writes = [child(machine, run, index) for index in (2, 300, 0, 1)]
    assert len(await storage.commit(epoch, writes)) == 4
    assert await storage.commit(epoch, [child(machine, run, 1)]) == frozenset()
    await storage.commit(epoch, [end(child_id(run.id, 0), 2, 1), failed(child_id(run.id, 300), 2, 1)])
    assert await storage.count_children(run.id) == [
        ChildCount("FAILED", 1, 2),
        ChildCount("RUNNING", 2, 4),
        ChildCount("SUCCEEDED", 1, 2),
    ]
    assert await storage.count_children(uuid4()) == []
    children = await storage.list_children(run.id, None, 10, data=True)
    assert [each.index for each in children] == [0, 1, 2, 300]
    first, last = children[0], children[3]
    assert (first.id, first.status, first.items) == (child_id(run.id, 0), "SUCCEEDED", 2)
    assert (first.input, first.output, first.stopped_at) == ('{"item": 0}', '{"total": 3}', later(9))
    assert (last.error, last.cause, last.started_at, last.redrive_count) == ("Custom", "because", later(300), 0)
    assert [each.index for each in await storage.list_children(run.id, 1, 1)] == [2]
    assert {(each.input, each.output) for each in await storage.list_children(run.id, None, 10)} == {(None, None)}


async def test_children_are_executions_of_the_map_run_alone(storage: Storage) -> None:
    machine, epoch, run = await _running(storage)
    await storage.commit(epoch, [child(machine, run, index) for index in range(3)])
    key = child_id(run.id, 1)
    assert [e.name for e in await storage.list_executions("default", None, None, 10, None)] == ["parent"]
    assert [e.name for e in await storage.list_executions("default", "orders", None, 10, None)] == ["parent"]
    assert await storage.find_execution("default", "orders", str(key)) is None
    chosen = ExecutionFilter(map_run=run.id)
    listed = await storage.list_executions("default", None, None, 10, None, chosen)
    assert [e.id for e in listed] == [child_id(run.id, index) for index in (2, 1, 0)]
    assert await storage.list_executions("default", None, "FAILED", 10, None, chosen) == []
    assert await storage.list_executions("default", None, "RUNNING", 1, key, chosen) == listed[2:]
    assert await storage.list_executions("other", None, None, 10, None, chosen) == []
    found = await storage.get_execution(key)
    assert found == listed[1]
    assert found is not None
    assert (found.state_machine_id, found.state_machine_name, found.label) == (machine.id, "orders", "each")
    assert found.origin == Origin(map_run=run.id, parent=run.execution_id, parent_task="7", items=2)


async def test_a_child_is_taken_over_with_what_it_runs(storage: Storage) -> None:
    machine, epoch, run = await _running(storage)
    write = child(machine, run, 0)
    await storage.commit(epoch, [write])
    [loaded] = await storage.load(epoch, [write.execution_id])
    assert (loaded.state_machine_id, loaded.version, loaded.pointer, loaded.label) == (
        machine.id,
        1,
        "$.States.Each",
        "each",
    )
    assert write.beginning is not None
    assert loaded.origin == write.beginning.origin
    other = await storage.register_process("b", 60)
    await storage.remove_process(epoch)
    claimed = {execution.id: execution for execution in await storage.claim(other.epoch, 10)}
    assert claimed[write.execution_id] == loaded
    assert claimed[run.execution_id].pointer is None


async def test_running_map_runs_of_a_process_and_of_nobody(storage: Storage) -> None:
    machine, epoch, run = await _running(storage)
    other = await storage.register_process("b", 60)
    parent = start(machine, "parent of the other")
    await storage.commit(other.epoch, [parent])
    theirs = await stored_map_run(storage, machine, parent)

    async def ids(asking: int, limit: int = 10) -> set[UUID]:
        return {each.id for each in await storage.running_map_runs(asking, limit)}

    assert (await ids(epoch), await ids(other.epoch)) == ({run.id}, {theirs.id})
    await storage.commit(other.epoch, [end(parent.execution_id, 2, 3)])
    assert await ids(epoch) == {run.id, theirs.id}
    assert len(await ids(epoch, 1)) == 1
    await storage.update_map_run(epoch, msgspec.structs.replace(theirs, status="ABORTED"))
    assert await ids(epoch) == {run.id}
