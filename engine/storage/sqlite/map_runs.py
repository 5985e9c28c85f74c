"""Map runs in SQLite."""

# ruff: noqa: S608 - the statements are put together from parts of this file alone

from __future__ import annotations

from typing import Final
from uuid import UUID

from engine.storage.identifiers import child_id, child_index
from engine.storage.records import Child, ChildCount, MapRun
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.values import columns, from_id, from_time, record

_MAP_RUN: Final = """
select r.id, r.execution_id, e.name as execution_name, m.organization, r.state_machine_id,
    m.name as state_machine_name, r.version, r.label, r.pointer, r.execution_type, r.status, r.max_concurrency,
    r.tolerated_failure_count, r.tolerated_failure_percentage, r.started_at, r.stopped_at, r.items, r.executions,
    r.results_written, r.state, r.redrive_count, r.redriven_at
from map_runs as r join executions as e on e.id = r.execution_id join state_machines as m on m.id = r.state_machine_id
"""
_FIND: Final = f"{_MAP_RUN} where r.id = ?"
_LIST: Final = f"""
{_MAP_RUN}
where r.execution_id = :execution
    and (:after is null or (r.started_at, r.id) < (select k.started_at, k.id from map_runs as k where k.id = :after))
order by r.started_at desc, r.id desc limit :limit
"""
_RUNNING: Final = f"""
{_MAP_RUN}
where r.status = 'RUNNING'
    and not exists (select 1 from active_executions as a where a.execution_id = r.execution_id and a.owner <> ?)
limit ?
"""
_CREATE: Final = """
insert into map_runs (
    id, execution_id, state_machine_id, version, label, pointer, execution_type, started_at,
    max_concurrency, tolerated_failure_count, tolerated_failure_percentage,
    status, stopped_at, items, executions, results_written, state, redrive_count, redriven_at
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing
"""
_UPDATE: Final = """
update map_runs as r set status = ?, stopped_at = ?, items = ?, executions = ?, results_written = ?, state = ?,
    redrive_count = ?, redriven_at = ?
where r.id = ? and r.redrive_count <= ? and coalesce(
    (select a.owner = ? from active_executions as a where a.execution_id = r.execution_id), r.status = 'RUNNING'
)
returning id
"""
_LIMIT: Final = """
update map_runs set max_concurrency = coalesce(?, max_concurrency),
    tolerated_failure_count = coalesce(?, tolerated_failure_count),
    tolerated_failure_percentage = coalesce(?, tolerated_failure_percentage)
where id = ? and status = 'RUNNING'
returning id
"""

# A map run's children have it in the place of the state machine, and their ids are in the order of their items.
_COUNT_CHILDREN: Final = """
select status, count(*) as executions, coalesce(sum(items), 0) as items
from executions where state_machine_id = ? group by status order by status
"""
_LIST_CHILDREN: Final = """
select id, status, coalesce(items, 0) as items, case when :data then input end as input,
    case when :data then output end as output, error, cause, started_at, stopped_at, redrive_count
from executions where state_machine_id = :map_run and (:after is null or id > :after) order by id limit :limit
"""


class SqliteMapRuns:
    """See `MapRuns`."""

    _database: Database

    async def create_map_run(self, map_run: MapRun) -> MapRun:
        """See `MapRuns.create_map_run`."""
        keys = (map_run.id.bytes, map_run.execution_id.bytes, map_run.state_machine_id.bytes)
        what = (map_run.version, map_run.label, map_run.pointer, map_run.execution_type, from_time(map_run.started_at))
        limits = (map_run.max_concurrency, map_run.tolerated_failure_count, map_run.tolerated_failure_percentage)
        await self._database.change(_CREATE, *keys, *what, *limits, *_progress(map_run))
        return await self.find_map_run(map_run.id) or map_run

    async def find_map_run(self, map_run_id: UUID) -> MapRun | None:
        """See `MapRuns.find_map_run`."""
        rows = await self._database.rows(_FIND, map_run_id.bytes)
        return record(MapRun, rows[0]) if rows else None

    async def list_map_runs(self, execution_id: UUID, limit: int, after: UUID | None) -> list[MapRun]:
        """See `MapRuns.list_map_runs`."""
        values = {"execution": execution_id.bytes, "after": from_id(after), "limit": limit}
        return [record(MapRun, row) for row in await self._database.named(_LIST, **values)]

    async def running_map_runs(self, epoch: int, limit: int) -> list[MapRun]:
        """See `MapRuns.running_map_runs`."""
        return [record(MapRun, row) for row in await self._database.rows(_RUNNING, epoch, limit)]

    async def update_map_run(self, epoch: int, map_run: MapRun) -> bool:
        """See `MapRuns.update_map_run`."""
        fence = (map_run.id.bytes, map_run.redrive_count, epoch)
        return bool(await self._database.change(_UPDATE, *_progress(map_run), *fence))

    async def limit_map_run(
        self,
        map_run_id: UUID,
        *,
        max_concurrency: int | None = None,
        tolerated_failure_count: int | None = None,
        tolerated_failure_percentage: float | None = None,
    ) -> bool:
        """See `MapRuns.limit_map_run`."""
        limits = (max_concurrency, tolerated_failure_count, tolerated_failure_percentage)
        return bool(await self._database.change(_LIMIT, *limits, map_run_id.bytes))

    async def count_children(self, map_run_id: UUID) -> list[ChildCount]:
        """See `MapRuns.count_children`."""
        return [record(ChildCount, row) for row in await self._database.rows(_COUNT_CHILDREN, map_run_id.bytes)]

    async def list_children(
        self, map_run_id: UUID, after: int | None, limit: int, *, data: bool = False
    ) -> list[Child]:
        """See `MapRuns.list_children`."""
        bound = None if after is None else child_id(map_run_id, after).bytes
        values = {"map_run": map_run_id.bytes, "after": bound, "limit": limit, "data": data}
        rows = [columns(row) for row in await self._database.named(_LIST_CHILDREN, **values)]
        return [Child(index=child_index(row["id"]), **row) for row in rows]


def _progress(map_run: MapRun) -> tuple[object, ...]:
    stopped_at, redriven_at = from_time(map_run.stopped_at), from_time(map_run.redriven_at)
    counts = (map_run.items, map_run.executions, map_run.results_written)
    return (map_run.status, stopped_at, *counts, map_run.state, map_run.redrive_count, redriven_at)
