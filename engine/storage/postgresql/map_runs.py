"""Map runs in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from parts of this file alone

from __future__ import annotations

from typing import Final
from uuid import UUID

from engine.storage.identifiers import child_id, child_index
from engine.storage.postgresql.database import Database
from engine.storage.records import Child, ChildCount, MapRun

_MAP_RUN: Final = """
select r.id, r.execution_id, e.name as execution_name, m.organization, r.state_machine_id,
    m.name as state_machine_name, r.version, r.label, r.pointer, r.execution_type, r.status, r.max_concurrency,
    r.tolerated_failure_count, r.tolerated_failure_percentage, r.started_at, r.stopped_at, r.items, r.executions,
    r.results_written, r.state, r.redrive_count, r.redriven_at
from map_runs as r join executions as e on e.id = r.execution_id join state_machines as m on m.id = r.state_machine_id
"""
FIND_MAP_RUN: Final = f"{_MAP_RUN} where r.id = $1"
LIST_MAP_RUNS: Final = f"""
{_MAP_RUN}
where r.execution_id = $1
    and ($3::uuid is null or (r.started_at, r.id) < (select k.started_at, k.id from map_runs as k where k.id = $3))
order by r.started_at desc, r.id desc limit $2
"""
RUNNING_MAP_RUNS: Final = f"""
{_MAP_RUN}
where r.status = 'RUNNING'
    and not exists (select from active_executions as a where a.execution_id = r.execution_id and a.owner <> $1)
limit $2
"""
_CREATE: Final = """
insert into map_runs (
    id, execution_id, state_machine_id, version, label, pointer, execution_type, started_at,
    max_concurrency, tolerated_failure_count, tolerated_failure_percentage,
    status, stopped_at, items, executions, results_written, state, redrive_count, redriven_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
on conflict do nothing
"""
UPDATE: Final = """
update map_runs as r set status = $3, stopped_at = $4, items = $5, executions = $6, results_written = $7, state = $8,
    redrive_count = $9, redriven_at = $10
where r.id = $2 and r.redrive_count <= $9 and coalesce(
    (select a.owner = $1 from active_executions as a where a.execution_id = r.execution_id), r.status = 'RUNNING'
)
returning r.id
"""
_LIMIT: Final = """
update map_runs set max_concurrency = coalesce($2, max_concurrency),
    tolerated_failure_count = coalesce($3, tolerated_failure_count),
    tolerated_failure_percentage = coalesce($4, tolerated_failure_percentage)
where id = $1 and status = 'RUNNING'
returning id
"""

# A map run's children have it in the place of the state machine, and their ids are in the order of their items.
COUNT_CHILDREN: Final = """
select status, count(*) as executions, coalesce(sum(items), 0)::bigint as items
from executions where state_machine_id = $1 group by status order by status
"""
LIST_CHILDREN: Final = """
select id, status, coalesce(items, 0) as items, case when $4 then input end as input,
    case when $4 then output end as output, error, cause, started_at, stopped_at, redrive_count
from executions where state_machine_id = $1 and ($2::uuid is null or id > $2) order by id limit $3
"""


class PostgresMapRuns:
    """See `MapRuns`."""

    _database: Database

    async def create_map_run(self, map_run: MapRun) -> MapRun:
        """See `MapRuns.create_map_run`."""
        machine = (map_run.state_machine_id, map_run.version, map_run.label, map_run.pointer, map_run.execution_type)
        limits = (map_run.max_concurrency, map_run.tolerated_failure_count, map_run.tolerated_failure_percentage)
        begun = (map_run.id, map_run.execution_id, *machine, map_run.started_at)
        await self._database.fetch(_CREATE, *begun, *limits, *_progress(map_run))
        return await self.find_map_run(map_run.id) or map_run

    async def find_map_run(self, map_run_id: UUID) -> MapRun | None:
        """See `MapRuns.find_map_run`."""
        return await self._database.one(MapRun, FIND_MAP_RUN, map_run_id)

    async def list_map_runs(self, execution_id: UUID, limit: int, after: UUID | None) -> list[MapRun]:
        """See `MapRuns.list_map_runs`."""
        return await self._database.all(MapRun, LIST_MAP_RUNS, execution_id, limit, after)

    async def running_map_runs(self, epoch: int, limit: int) -> list[MapRun]:
        """See `MapRuns.running_map_runs`."""
        return await self._database.all(MapRun, RUNNING_MAP_RUNS, epoch, limit)

    async def update_map_run(self, epoch: int, map_run: MapRun) -> bool:
        """See `MapRuns.update_map_run`."""
        return bool(await self._database.fetch(UPDATE, epoch, map_run.id, *_progress(map_run)))

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
        return bool(await self._database.fetch(_LIMIT, map_run_id, *limits))

    async def count_children(self, map_run_id: UUID) -> list[ChildCount]:
        """See `MapRuns.count_children`."""
        return await self._database.all(ChildCount, COUNT_CHILDREN, map_run_id)

    async def list_children(
        self, map_run_id: UUID, after: int | None, limit: int, *, data: bool = False
    ) -> list[Child]:
        """See `MapRuns.list_children`."""
        bound = None if after is None else child_id(map_run_id, after)
        rows = await self._database.fetch(LIST_CHILDREN, map_run_id, bound, limit, data)
        return [Child(index=child_index(row["id"]), **row) for row in rows]


def _progress(map_run: MapRun) -> tuple[object, ...]:
    counts = (map_run.items, map_run.executions, map_run.results_written)
    redrives = (map_run.redrive_count, map_run.redriven_at)
    return (map_run.status, map_run.stopped_at, *counts, map_run.state, *redrives)
