"""Map runs and their children."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from engine.storage.records import Child, ChildCount, MapRun


class MapRuns(Protocol):
    """Runs of distributed Map states. Their children are executions begun with `Origin.map_run`."""

    async def create_map_run(self, map_run: MapRun) -> MapRun:
        """Store a map run unless there is one with its id already, and give the one that is stored."""
        ...

    async def find_map_run(self, map_run_id: UUID) -> MapRun | None:
        """Give a map run."""
        ...

    async def list_map_runs(self, execution_id: UUID, limit: int, after: UUID | None) -> list[MapRun]:
        """Give an execution's map runs, the latest first, from the first after the map run `after` on."""
        ...

    async def running_map_runs(self, epoch: int, limit: int) -> list[MapRun]:
        """Give map runs that are RUNNING and whose execution is over or owned by the process."""
        ...

    async def update_map_run(self, epoch: int, map_run: MapRun) -> bool:
        """Store what a map run's coordinator changes; False if it isn't for this process to change, or not any more.

        That is status, stopped_at, items, executions, results_written, state, redrive_count and redriven_at. The
        limits aren't written: the coordinator reads them. An execution that runs has an owner, who alone may write;
        of one that is over anybody may, as long as the map run is RUNNING. What was read before the map run was
        redriven is of no account.
        """
        ...

    async def limit_map_run(
        self,
        map_run_id: UUID,
        *,
        max_concurrency: int | None = None,
        tolerated_failure_count: int | None = None,
        tolerated_failure_percentage: float | None = None,
    ) -> bool:
        """Change a running map run's limits (AWS: UpdateMapRun); None leaves one as it is. False unless it runs."""
        ...

    async def count_children(self, map_run_id: UUID) -> list[ChildCount]:
        """Count a map run's children by status: one read of their rows, without inputs and outputs."""
        ...

    async def list_children(
        self, map_run_id: UUID, after: int | None, limit: int, *, data: bool = False
    ) -> list[Child]:
        """Give children in the order of their index, from the first after `after` on; with `data` input and output."""
        ...
