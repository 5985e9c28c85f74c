"""A map run from its beginning to its end, as one process carries it out."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Literal

import msgspec
from msgspec.structs import replace

from engine.language import TaskFailed, TaskSucceeded
from engine.language.errors import StatesError
from engine.runtime.maps.aborts import stop_children
from engine.runtime.maps.children import Children, Family, processor
from engine.runtime.maps.inputs import Inputs, S3Access
from engine.runtime.maps.job import map_run_id
from engine.runtime.maps.ledger import Failure, Ledger
from engine.runtime.maps.maprun import MapRunFailed, MapRunWork
from engine.runtime.maps.records import MapRunStatus
from engine.runtime.maps.results import Results
from engine.runtime.running.map_work import MapJob
from engine.storage.records import MapRun
from engine.tasks.requests import TaskError

ExecutionType = Literal["STANDARD", "EXPRESS"]

MAX_CONCURRENCY: Final = 1_000


class Limits(msgspec.Struct, frozen=True):
    """What bounds each map run: bytes of an input or a result, and children at a time (AWS: 10,000)."""

    max_payload_bytes: int
    max_concurrency: int = MAX_CONCURRENCY


class MapRunLife:
    """Carries out a map run and settles how it ends."""

    def __init__(self, job: MapJob, children: Children, ledger: Ledger, s3: S3Access, limits: Limits) -> None:
        command = job.command
        self.job = job
        self.id = map_run_id(job)
        self._children = children
        self._ledger = ledger
        self._s3 = s3
        self._limits = limits
        self._family = Family(self.id, processor(job.definition, command.label, command.pointer))
        self._work: MapRunWork | None = None

    async def run(self) -> TaskSucceeded | TaskFailed:
        """Give how the Map state's work ended."""
        row = await self._ledger.open(self.job)
        inputs = self._inputs(row)
        work = MapRunWork(row, self._family, self._children, self._ledger, inputs, self._limits.max_concurrency)
        self._work = work
        task_id = self.job.command.task_id
        try:
            results = self._results()
            await work.run()
            output = await results.output()
        except (MapRunFailed, StatesError, TaskError) as error:
            failure = self._failure(error)
        else:
            done = replace(work.row, results_written=work.progress.started)
            await self._ledger.close(done, "SUCCEEDED")
            return TaskSucceeded(task_id, output, row.started_at)
        await work.note_failure(failure)
        await self._end(work, inputs, "FAILED")
        return TaskFailed(task_id, failure.error, failure.cause, row.started_at)

    async def abort(self, running: asyncio.Task[None]) -> None:
        """Stop the children and write that the map run was aborted, once ``running``, which is canceled, has ended."""
        await asyncio.wait([running])
        if self._work is not None:
            await self._end(self._work, self._inputs(self._work.row), "ABORTED")

    def leave(self) -> None:
        """Give up what is under way; another process goes on with it."""
        if self._work is not None:
            self._work.leave()
        self._children.leave(self.id)

    def child_ended(self, index: int, status: str) -> None:
        """Hear that a child is over."""
        if self._work is not None:
            self._work.child_ended(index, status)

    def _inputs(self, row: MapRun) -> Inputs:
        return Inputs(self.job, self._s3, row.started_at, self._limits.max_payload_bytes)

    def _results(self) -> Results:
        return Results(self.job, self._family, self._ledger, self._s3, self._limits.max_payload_bytes)

    async def _end(self, work: MapRunWork, inputs: Inputs, status: MapRunStatus) -> None:
        """Stop what runs, write the results that there are, and that the map run is over, unless it was redriven."""
        await work.settle()
        if not await stop_children(self._ledger, self._children, work.row):
            return
        written = 0
        with contextlib.suppress(StatesError, TaskError):
            if await self._results().write_rest(inputs, work.progress):
                written = work.progress.started
        await self._ledger.close(replace(work.row, results_written=written), status)

    def _failure(self, error: MapRunFailed | StatesError | TaskError) -> Failure:
        """Give a failure; that of an expression tells, as the service does, in which state it happened."""
        if isinstance(error, MapRunFailed):
            return error.failure
        if isinstance(error, StatesError):
            error = error.located(self.job.command.state_name, int(self.job.command.entry_id))
        return Failure(str(error.error), error.cause)


def execution_type(row: MapRun) -> ExecutionType:
    """Give the type of a map run's children."""
    return "EXPRESS" if row.execution_type == "EXPRESS" else "STANDARD"
