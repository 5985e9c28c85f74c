"""The map runs of this process: those of the executions that it owns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Final
from uuid import UUID

from engine.language import TaskFailed
from engine.runtime.clock import DatabaseClock
from engine.runtime.definitions import Definition
from engine.runtime.maps.aborts import stop_children
from engine.runtime.maps.children import Children, processor
from engine.runtime.maps.inputs import S3Access
from engine.runtime.maps.ledger import Ledger
from engine.runtime.maps.life import ExecutionType, Limits, MapRunLife, execution_type
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.running.map_work import MapJob
from engine.storage import LeaseLapsed
from engine.storage.identifiers import child_index
from engine.storage.protocol import Storage
from engine.storage.records import ActiveExecution, MapRun

_RUNNING_AT_A_TIME: Final = 1_000

Key = tuple[UUID, str]

_log = logging.getLogger(__name__)


class MapCoordinator:
    """Runs map runs; see `engine.runtime.running.map_work.MapRunner`.

    It can start children once it is connected with those who run them.
    """

    def __init__(
        self, storage: Storage, lease: ProcessLease, clock: DatabaseClock, s3: S3Access, limits: Limits
    ) -> None:
        self._storage = storage
        self._lease = lease
        self._ledger = Ledger(storage, lease, clock)
        self._s3 = s3
        self._limits = limits
        self._children: Mapping[ExecutionType, Children] = {}
        self._lives: dict[Key, MapRunLife] = {}
        self._by_id: dict[UUID, MapRunLife] = {}
        self._tasks: dict[Key, asyncio.Task[None]] = {}
        self._aborts: dict[UUID, asyncio.Task[None]] = {}

    def connect(self, children: Mapping[ExecutionType, Children]) -> None:
        """Say who runs the children of each type."""
        self._children = children

    # What the executor asks for

    def begin(self, job: MapJob) -> None:
        """Start a map run, or go on with one that another process left."""
        key = (job.execution_id, job.command.task_id)
        children = self._children[job.command.execution_type]
        life = MapRunLife(job, children, self._ledger, self._s3, self._limits)
        self._lives[key] = self._by_id[life.id] = life
        former = self._aborts.get(life.id)
        self._tasks[key] = asyncio.create_task(self._run(key, life, former), name=f"map-run-{life.id}")

    def cancel(self, execution_id: UUID, task_id: str) -> bool:
        """Abort a map run and its children; False if it doesn't run here."""
        key = (execution_id, task_id)
        task = self._tasks.pop(key, None)
        if task is None:
            return False
        task.cancel()
        life = self._forget(key)
        self._abort(life.id, life.abort(task))
        return True

    def leave(self, execution_id: UUID) -> None:
        """Forget an execution's map runs: another process goes on with them."""
        for key in [key for key in self._tasks if key[0] == execution_id]:
            self._leave(key)

    def leave_all(self) -> None:
        """Forget all map runs: other processes go on with them."""
        for key in tuple(self._tasks):
            self._leave(key)
        for task in self._aborts.values():
            task.cancel()

    def child_ended(self, map_run_id: UUID, child_id: UUID, status: str) -> None:
        """Hear that a child that ran in this process is over."""
        life = self._by_id.get(map_run_id)
        if life is not None:
            life.child_ended(child_index(child_id), status)

    async def definition_of(self, child: ActiveExecution, parent: Definition) -> Definition:
        """Give what a child runs. Raises LookupError when its map run isn't stored, or its parent has no such state."""
        if child.label is None or child.pointer is None:
            raise LookupError(f"The map run of the execution {child.id} isn't stored.")
        return processor(parent, child.label, child.pointer)

    # Errand

    async def sweep(self) -> None:
        """Abort map runs that nobody waits for: their process died when it was about to."""
        await self.abort_strays(await self._storage.running_map_runs(await self._lease.wait(), _RUNNING_AT_A_TIME))

    async def abort_strays(self, rows: Sequence[MapRun]) -> None:
        """Abort those of these map runs that nobody waits for."""
        for row in rows:
            if await self._is_stray(row):
                self._abort(row.id, self._abort_stray(row))

    # Plumbing

    async def _is_stray(self, row: MapRun) -> bool:
        """Whether the execution is over, or runs here without waiting for the map run.

        The row is read again: a map run that has ended in the meantime isn't known any more either.
        """
        if self._is_known(row.id):
            return False
        if not self._children["STANDARD"].runs_here(row.execution_id):
            execution = await self._storage.get_execution(row.execution_id)
            if execution is None or execution.status == "RUNNING":
                return False
        now = await self._storage.find_map_run(row.id)
        return now is not None and now.status == "RUNNING" and not self._is_known(row.id)

    def _is_known(self, map_run_id: UUID) -> bool:
        return map_run_id in self._by_id or map_run_id in self._aborts

    async def _run(self, key: Key, life: MapRunLife, former: asyncio.Task[None] | None) -> None:
        """Carry a map run out; one that is redriven while it is being aborted begins after that."""
        if former is not None:
            await asyncio.wait([former])
        try:
            event = await life.run()
        except LeaseLapsed:
            return
        except Exception as error:  # noqa: BLE001 - one bad map run harms nothing else; `sweep` ends its children
            _log.exception("The map run %s failed", life.job.command.map_run_arn)
            cause = f"The engine failed: {type(error).__name__}: {error}"
            event = TaskFailed(life.job.command.task_id, "States.Runtime", cause, life.job.context.start_time)
        if self._tasks.pop(key, None) is not None:
            self._forget(key)
            life.job.owner.task_ended(life.job.execution_id, event)

    def _leave(self, key: Key) -> None:
        self._tasks.pop(key).cancel()
        self._forget(key).leave()

    def _forget(self, key: Key) -> MapRunLife:
        life = self._lives.pop(key)
        del self._by_id[life.id]
        return life

    def _abort(self, map_run_id: UUID, abort: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(abort, name=f"map-run-abort-{map_run_id}")
        self._aborts[map_run_id] = task
        task.add_done_callback(lambda done: self._aborted(map_run_id, done))

    def _aborted(self, map_run_id: UUID, task: asyncio.Task[None]) -> None:
        if self._aborts.get(map_run_id) is task:
            del self._aborts[map_run_id]
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, LeaseLapsed):  # another process has seen to it
            _log.warning("The map run %s isn't aborted yet: %s", map_run_id, error)

    async def _abort_stray(self, row: MapRun) -> None:
        if await stop_children(self._ledger, self._children[execution_type(row)], row):
            await self._ledger.close(row, "ABORTED")
