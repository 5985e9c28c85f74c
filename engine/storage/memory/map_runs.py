"""Map runs in memory."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

import msgspec

from engine.storage.identifiers import child_index
from engine.storage.memory.tables import Tables
from engine.storage.records import Child, ChildCount, Execution, MapRun


class MemoryMapRuns:
    """See `MapRuns`."""

    _tables: Tables

    async def create_map_run(self, map_run: MapRun) -> MapRun:
        """See `MapRuns.create_map_run`."""
        return self._tables.map_runs.setdefault(map_run.id, map_run)

    async def find_map_run(self, map_run_id: UUID) -> MapRun | None:
        """See `MapRuns.find_map_run`."""
        return self._tables.map_runs.get(map_run_id)

    async def list_map_runs(self, execution_id: UUID, limit: int, after: UUID | None) -> list[MapRun]:
        """See `MapRuns.list_map_runs`."""
        found = [run for run in self._tables.map_runs.values() if run.execution_id == execution_id]
        found.sort(key=lambda run: (run.started_at, run.id), reverse=True)
        first = 0 if after is None else next(n for n, run in enumerate(found, 1) if run.id == after)
        return found[first : first + limit]

    async def running_map_runs(self, epoch: int, limit: int) -> list[MapRun]:
        """See `MapRuns.running_map_runs`."""
        running = (run for run in self._tables.map_runs.values() if run.status == "RUNNING")
        return [run for run in running if self._may_write(epoch, run.execution_id)][:limit]

    def _may_write(self, epoch: int, execution_id: UUID) -> bool:
        active = self._tables.active.get(execution_id)
        return active is None or active.owner == epoch

    async def update_map_run(self, epoch: int, map_run: MapRun) -> bool:
        """See `MapRuns.update_map_run`."""
        known = self._tables.map_runs.get(map_run.id)
        if known is None or known.redrive_count > map_run.redrive_count:
            return False
        active = self._tables.active.get(known.execution_id)
        if known.status != "RUNNING" if active is None else active.owner != epoch:
            return False
        self._tables.map_runs[map_run.id] = msgspec.structs.replace(
            known,
            status=map_run.status,
            stopped_at=map_run.stopped_at,
            items=map_run.items,
            executions=map_run.executions,
            results_written=map_run.results_written,
            state=map_run.state,
            redrive_count=map_run.redrive_count,
            redriven_at=map_run.redriven_at,
        )
        return True

    async def limit_map_run(
        self,
        map_run_id: UUID,
        *,
        max_concurrency: int | None = None,
        tolerated_failure_count: int | None = None,
        tolerated_failure_percentage: float | None = None,
    ) -> bool:
        """See `MapRuns.limit_map_run`."""
        known = self._tables.map_runs.get(map_run_id)
        if known is None or known.status != "RUNNING":
            return False
        count, percentage = tolerated_failure_count, tolerated_failure_percentage
        self._tables.map_runs[map_run_id] = msgspec.structs.replace(
            known,
            max_concurrency=known.max_concurrency if max_concurrency is None else max_concurrency,
            tolerated_failure_count=known.tolerated_failure_count if count is None else count,
            tolerated_failure_percentage=known.tolerated_failure_percentage if percentage is None else percentage,
        )
        return True

    async def count_children(self, map_run_id: UUID) -> list[ChildCount]:
        """See `MapRuns.count_children`."""
        executions, items = Counter[str](), Counter[str]()
        for execution in self._children(map_run_id):
            executions[execution.status] += 1
            items[execution.status] += execution.origin.items
        return [ChildCount(status, executions[status], items[status]) for status in sorted(executions)]

    async def list_children(
        self, map_run_id: UUID, after: int | None, limit: int, *, data: bool = False
    ) -> list[Child]:
        """See `MapRuns.list_children`."""
        children = [_child(execution, data=data) for execution in self._children(map_run_id)]
        return [child for child in children if after is None or child.index > after][:limit]

    def _children(self, map_run_id: UUID) -> list[Execution]:
        found = (e for e in self._tables.executions.values() if e.origin.map_run == map_run_id)
        return sorted(found, key=lambda execution: execution.id)


def _child(execution: Execution, *, data: bool) -> Child:
    return Child(
        index=child_index(execution.id),
        id=execution.id,
        status=execution.status,
        items=execution.origin.items,
        input=execution.input if data else None,
        output=execution.output if data else None,
        error=execution.error,
        cause=execution.cause,
        started_at=execution.started_at,
        stopped_at=execution.stopped_at,
        redrive_count=execution.redrive_count,
    )
