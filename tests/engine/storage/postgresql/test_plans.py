"""That no query reads a table that grows from end to end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from msgspec import structs

from engine.storage import open_storage
from engine.storage.identifiers import child_id, first_of_time
from engine.storage.postgresql import (
    PostgresStorage,
    activities,
    erasures,
    executions,
    leases,
    map_runs,
    partitions,
    pauses,
    retention,
)
from engine.storage.records import Activity, ActivityTask, MapRun
from engine.storage.retention import FIRST_ID
from tests.engine.storage.postgresql.plans import Node, indexes, nodes, read_throughout
from tests.engine.storage.rows import NOW, child, failed, later, start, stored_machine, stored_map_run
from tests.support.postgres import Databases

GROWING = {"executions", "active_executions", "history", "timers", "messages"}
GROWING |= {"activity_tasks", "final_snapshots", "map_runs", "payloads", "erasures"}

_MORE_MAP_RUNS = """
insert into map_runs
select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'execution_id', e.id))).*
from map_runs as r, executions as e
"""


# Most executions are over, and have been for long.
_MORE_EXECUTIONS = """
insert into executions (id, state_machine_id, version, name, status, input, started_at, stopped_at)
select gen_random_uuid(), m.id, 1, 'old-' || n, 'SUCCEEDED', '{}', now(), now()
from state_machines as m, generate_series(1, 20000) as n
"""
_MORE_PAYLOADS = "insert into payloads select id, '', '' from executions"
_MORE_ERASURES = """
insert into erasures (execution_id, requested_by, finished_at) select id, 'somebody', now() from executions
"""


class Full:
    """A storage with thousands of rows."""

    def __init__(self, storage: PostgresStorage, run: MapRun, activity: UUID) -> None:
        self.storage = storage
        self.run = run
        self.activity = activity

    async def plan(self, statement: str, *values: object, **settings: str) -> list[Node]:
        """Give the nodes of a statement's plan."""
        async with self.storage._database.transaction() as connection:
            for name, value in settings.items():
                await connection.execute(f"set local {name} = '{value}'")
            [row] = await connection.fetch(f"explain (format json) {statement}", *values)
            return nodes(json.loads(row[0])[0]["Plan"])


@pytest.fixture
async def full(databases: Databases) -> AsyncIterator[Full]:
    """A storage with executions, a map run's children, tasks and snapshots."""
    with databases.migrated() as url:
        storage = open_storage(url, pool_size=2)
        assert isinstance(storage, PostgresStorage)
        await storage.open()
        machine, lease = await stored_machine(storage), await storage.register_process("a", 600)
        activity = Activity(id=machine.id, organization="default", name="approve", created_at=NOW)
        await storage.create_activity(activity)
        starts = [start(machine, f"e{number}") for number in range(1500)]
        tasks = [(ActivityTask(write.execution_id, "1", activity.id, "{}"),) for write in starts]
        asking = [structs.replace(w, activity_tasks_added=t) for w, t in zip(starts, tasks, strict=True)]
        await storage.commit(lease.epoch, asking)
        run = await stored_map_run(storage, machine, starts[0])
        databases.execute(url, _MORE_MAP_RUNS)
        await storage.commit(lease.epoch, [child(machine, run, index) for index in range(1500)])
        over = [failed(write.execution_id, 2, 3) for write in starts[500:1000]]
        await storage.commit(lease.epoch, over)
        for statement in (_MORE_EXECUTIONS, _MORE_PAYLOADS, _MORE_ERASURES, "analyze"):
            databases.execute(url, statement)
        yield Full(storage, run, activity.id)
        await storage.close()


def _unread(plan: list[Node]) -> None:
    scanned = {node["Relation Name"] for node in plan if node["Node Type"] == "Seq Scan"}
    assert not scanned & GROWING


async def test_executions_are_found_by_way_of_an_index(full: Full) -> None:
    key = child_id(full.run.id, 7)
    everything = (None, 100, None, None, None, None)
    _unread(await full.plan(executions.FIND_EXECUTION, "default", "orders", "e7"))
    _unread(await full.plan(executions.GET_EXECUTION, key))
    _unread(await full.plan(executions.LIST_EXECUTIONS, "default", None, *everything))
    _unread(await full.plan(executions.LIST_CHILDREN, "default", full.run.id, *everything))
    for statement, where in ((executions.LIST_RUNNING, "orders"), (executions.LIST_RUNNING_CHILDREN, full.run.id)):
        plan = await full.plan(statement, "default", where, "RUNNING", *everything[1:], enable_seqscan="off")
        _unread(plan)
        assert "active_executions_pkey" in indexes(plan)
    _unread(await full.plan(executions.LOAD, 1, [key, full.run.execution_id]))
    _unread(await full.plan(executions.LOAD_FINISHED, full.run.execution_id))
    _unread(await full.plan(executions.PURGE_SNAPSHOTS, later(0)))
    _unread(await full.plan(executions.RUNNING_SNAPSHOT, key))
    _unread(await full.plan(executions.SEND, key, b"data", "channel", "key"))
    _unread(await full.plan(executions.SEND_FENCED, key, b"data", "channel", "key", 0))


async def test_what_a_process_owns_is_found_by_way_of_an_index(full: Full) -> None:
    nobody, keys = UUID(int=0), [child_id(full.run.id, 7)]
    for statement, values in (
        (leases.CLAIM, (1, 100)),
        (leases.OWNED, (1, 100, nobody)),
        (leases.RELEASE, (1, keys, "channel")),
        (pauses.LIST_PAUSED, ("default", None, 100, None)),
    ):
        _unread(await full.plan(statement, *values, enable_seqscan="off"))


async def test_single_executions_are_not_looked_for_among_all_of_their_process(full: Full) -> None:
    keys = [child_id(full.run.id, 7)]
    for statement, values in (
        (executions.LOAD, (1, keys)),
        (executions.DUE_EXECUTIONS, (1, later(0), later(1))),
        (executions.MESSAGES, (1, 100, 0)),
        (executions.POSITIONS, (keys,)),
        (executions.GET_EXECUTIONS, (keys,)),
    ):
        plan = await full.plan(statement, *values, enable_seqscan="off")
        assert "active_executions_by_owner" not in indexes(plan)
        assert not read_throughout(plan) & {"executions", "executions_pkey", "active_executions"}


async def test_what_is_to_be_erased_is_found_by_way_of_an_index(full: Full) -> None:
    assert "unfinished_erasures" in indexes(await full.plan(erasures.UNFINISHED, 100))
    _unread(await full.plan(executions.READ_PAYLOADS, full.run.execution_id, [b""]))


async def test_what_is_to_be_archived_is_found_by_way_of_an_index(full: Full) -> None:
    key, earlier = child_id(full.run.id, 7), FIRST_ID
    _unread(await full.plan(retention.CANDIDATES, earlier, key, 100, later(0), enable_seqscan="off"))
    _unread(await full.plan(retention.MAP_RUNS_WITHIN, full.run.id, key, enable_seqscan="off"))
    ids, numbers = [key] * 3, [1, 2, 3]
    _unread(await full.plan(retention.COMPLETE_ARCHIVE, 1, ids, numbers, numbers, later(0)))
    _unread(await full.plan(partitions.REMAINING, earlier, first_of_time(later(0)), 100))


async def test_a_history_is_looked_for_in_one_partition(full: Full) -> None:
    await full.storage.arrange_history(NOW, None)
    for statement, bound in ((executions.READ_HISTORY, 0), (executions.READ_HISTORY_REVERSE, 99)):
        plan = await full.plan(statement, first_of_time(later(86400 * 45)), bound, 100)
        assert len({node["Relation Name"] for node in plan if "Relation Name" in node}) == 1
        _unread(plan)
        generic = await full.plan(statement, first_of_time(NOW), bound, 100, plan_cache_mode="force_generic_plan")
        _unread(generic)


async def test_activity_tasks_are_found_by_way_of_an_index(full: Full) -> None:
    for statement in (activities.WAITING, activities.LOCK_OLDEST):
        _unread(await full.plan(statement, full.activity))


async def test_children_are_counted_and_listed_by_way_of_an_index(full: Full) -> None:
    progress = ("RUNNING", None, None, None, 0, b"", 0, None)
    _unread(await full.plan(map_runs.LIST_CHILDREN, full.run.id, child_id(full.run.id, 100), 100, True))
    _unread(await full.plan(map_runs.LIST_MAP_RUNS, full.run.execution_id, 10, full.run.id))
    _unread(await full.plan(map_runs.FIND_MAP_RUN, full.run.id))
    _unread(await full.plan(map_runs.RUNNING_MAP_RUNS, 1, 10, enable_seqscan="off"))
    _unread(await full.plan(map_runs.UPDATE, 1, full.run.id, *progress))
    [counted] = await full.storage.count_children(full.run.id)
    assert (counted.executions, counted.items) == (1500, 3000)
    _unread(await full.plan(map_runs.COUNT_CHILDREN, full.run.id, enable_seqscan="off"))
