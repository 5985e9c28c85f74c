"""The engine: what the API, the command line and the tests talk to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.events import Sink
from engine.runtime import health
from engine.runtime.assembly import Parts
from engine.runtime.availability import unavailable_without_database
from engine.runtime.clock import DatabaseClock
from engine.runtime.control_plane.checks import NO_CHECKS, Checks
from engine.runtime.control_plane.targets import Target
from engine.runtime.errors import StateMachineTypeNotSupported, Unavailable
from engine.runtime.lifecycle.handover import Handlers
from engine.runtime.maps.inputs import NoS3, S3Access
from engine.runtime.observer import Observer, SilentObserver
from engine.runtime.options import EngineOptions
from engine.runtime.records import (
    EngineHealth,
    ExecutionRecord,
    HistoryPage,
    Page,
    StateMachineRecord,
    Status,
    SyncExecutionRecord,
)
from engine.storage import NOBODY, StorageUnavailable
from engine.storage.protocol import Storage
from engine.tasks.requests import TaskRunner

_FLUSH_SECONDS: Final = 2.0
_STOP_WAIT_SECONDS: Final = 5.0
_CANCEL_SECONDS: Final = 1.0
_FIRST_POLL_SECONDS: Final = 0.05
_LAST_POLL_SECONDS: Final = 0.5

_log = logging.getLogger(__name__)


class Engine:
    """One process's engine on a storage that it may share with others.

    Between `start` and `stop` it runs the executions that it accepts, and those that other processes leave. All
    methods raise `Unavailable` when the storage can't be reached.

    Attributes:
        machines, versions, aliases: state machines, their published versions, and names that lead to these.
        tags: tags of state machines and activities.
        activities: queues of tasks for workers.
        callbacks: tasks for workers, and answers by token.
        map_runs: runs of distributed Map states.
        schedules, schedule_groups: executions that are started when it is time.
        state_tests: tests of single states.
        pausing: pausing executions, and letting them go on.
        erasing: erasing an execution's data.
        termination: stopping what an execution started.

    With a `sink` the leader publishes what the storage's outbox has; the storage must have been opened with one.
    """

    def __init__(
        self,
        storage: Storage,
        tasks: TaskRunner,
        options: EngineOptions,
        observer: Observer | None = None,
        s3: S3Access | None = None,
        checks: Checks = NO_CHECKS,
        clock: DatabaseClock | None = None,
        handlers: Handlers | None = None,
        *,
        sink: Sink | None = None,
    ) -> None:
        parts = Parts(
            storage,
            tasks,
            options,
            observer or SilentObserver(),
            s3 or NoS3(),
            self._abandon,
            checks,
            clock or DatabaseClock(),
            handlers=handlers,
            sink=sink,
        )
        self._storage = storage
        self._parts = parts
        self._lease = parts.lease
        self._commits = parts.commits
        self._executor = parts.executor
        self._executions = parts.resources.executions
        self.machines = parts.resources.machines
        self.versions = parts.resources.versions
        self.aliases = parts.resources.aliases
        self.tags = parts.resources.tags
        self.activities = parts.resources.activities
        self.callbacks = parts.callbacks
        self.map_runs = parts.resources.map_runs
        self.schedules = parts.resources.schedules
        self.schedule_groups = parts.resources.schedule_groups
        self.state_tests = parts.state_tests
        self.pausing = parts.lifecycle.pausing
        self.erasing = parts.lifecycle.erasing
        self.termination = parts.lifecycle.termination
        self._accepting = False
        self._committing: asyncio.Task[None] | None = None
        self._background: list[asyncio.Task[None]] = []

    # Life

    async def start(self) -> None:
        """Open the storage, take a lease, take over what nobody runs, and begin to accept.

        Raises StorageUnavailable, and SchemaMismatch when the schema isn't the one that this engine knows.
        """
        await self._storage.open()
        try:
            self._parts.tokens.key = await self._storage.token_key()
            await self._lease.acquire()
            await self._storage.listen(self._notify, self._parts.queues.notify)
        except BaseException:
            await self._storage.close()
            raise
        self._committing = asyncio.create_task(self._commits.run(), name="commit-loop")
        self._background = [
            asyncio.create_task(self._lease.keep(), name="lease"),
            asyncio.create_task(self._parts.sweeper.run(), name="sweeper"),
            asyncio.create_task(self._parts.leader.run(), name="leader"),
        ]
        self._accepting = True

    async def stop(self, drain_seconds: float) -> None:
        """Accept nothing more, wait up to `drain_seconds` for tasks that run, and hand the executions back.

        Executions without a running task are handed back at once. Tasks that run longer are canceled and will be run
        again by whoever takes the execution over; EXPRESS executions that run longer are lost. Writing what is left
        takes 2 s more at the most: what isn't written by then, because the database is away, is found by whoever
        takes over.
        """
        self._accepting = False
        await _cancel(self._background[1:])
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(_FLUSH_SECONDS):
                await self._parts.leader.resign()
        await self._parts.queues.close()
        self._executor.drain()
        landing = asyncio.create_task(self._parts.express.stop(drain_seconds), name="express-stop")
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(drain_seconds):
                await self._hand_over()
                await self._parts.lifecycle.drain()
        await landing
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(_FLUSH_SECONDS):
                self._executor.tasks.cancel_all()
                await self._executor.flush()
                await self._leave()
        await _cancel([*self._background, *([self._committing] if self._committing else [])])
        self._executor.abandon()
        await self._storage.close()

    async def _hand_over(self) -> None:
        """Hand executions back as soon as their tasks have ended and their results are committed."""
        while len(self._executor):
            await self._executor.flush()
            await self._release()
            if self._executor.tasks.running:
                await self._executor.tasks.wait_for_end()

    async def _release(self) -> None:
        epoch, idle = self._lease.epoch, self._executor.release_idle()
        if epoch is not None and idle:
            await self._storage.release(epoch, idle)

    async def _leave(self) -> None:
        epoch = self._lease.epoch
        if epoch is not None:
            await self._storage.release(epoch, None)
            await self._lease.give_up()

    def _notify(self, epoch: int) -> None:
        self._parts.sweeper.notify(epoch)
        if epoch == NOBODY:
            self._parts.leader.notify()

    def _abandon(self) -> None:
        self._executor.abandon()
        self._commits.abandon()

    # Executions

    @unavailable_without_database
    async def start_execution(
        self,
        *,
        organization: str,
        state_machine_arn: str,
        name: str | None,
        input: str,  # noqa: A002 - the API's name
        trace_header: str | None = None,
    ) -> ExecutionRecord | SyncExecutionRecord:
        """Start an execution of a state machine, a version, or what an alias chooses (AWS: StartExecution).

        A STANDARD one is durable when this returns; without a name it gets one, and again with the name and the input
        of one that runs gives that one. An EXPRESS one runs in this process alone. Raises InvalidArn, InvalidName,
        InvalidExecutionInput, StateMachineDoesNotExist, StateMachineDeleting, ExecutionAlreadyExists,
        ExecutionLimitExceeded, Overloaded, Unavailable.
        """
        target = await self._target(organization, state_machine_arn)
        if target.definition.machine.kind == "EXPRESS":
            return self._parts.express.start(target.definition, name, input, trace_header).record(None, None)
        return await self._parts.starter.start(target, name, input, trace_header=trace_header)

    @unavailable_without_database
    async def start_sync_execution(
        self,
        *,
        organization: str,
        state_machine_arn: str,
        name: str | None,
        input: str,  # noqa: A002 - the API's name
        trace_header: str | None = None,
    ) -> SyncExecutionRecord:
        """Run an EXPRESS execution to its end (AWS: StartSyncExecution).

        Raises InvalidArn, InvalidName, InvalidExecutionInput, StateMachineDoesNotExist, StateMachineDeleting,
        StateMachineTypeNotSupported, Overloaded, Unavailable.
        """
        target = await self._target(organization, state_machine_arn)
        if target.definition.machine.kind != "EXPRESS":
            raise StateMachineTypeNotSupported("This operation is not supported by this type of state machine")
        return await self._parts.express.run(target.definition, name, input, trace_header)

    async def _target(self, organization: str, arn: str) -> Target:
        if not self._accepting:
            raise Unavailable("This engine accepts no executions: it is starting or stopping.")
        return await self._parts.resources.targets.resolve(organization, arn)

    @unavailable_without_database
    async def redrive_execution(self, organization: str, arn: str, *, client_token: str | None = None) -> datetime:
        """Run an execution again from where it failed (AWS: RedriveExecution), and say when it began to.

        Raises InvalidArn, ExecutionDoesNotExist, ExecutionNotRedrivable, ExecutionLimitExceeded, Overloaded.
        """
        if not self._accepting:
            raise Unavailable("This engine accepts no executions: it is starting or stopping.")
        self._parts.starter.require_room()
        return await self._parts.redrives.redrive(organization, arn, client_token)

    @unavailable_without_database
    async def describe_execution(self, organization: str, arn: str) -> ExecutionRecord:
        """Give an execution as it stands. Raises InvalidArn, ExecutionDoesNotExist."""
        return await self._executions.describe(organization, arn)

    @unavailable_without_database
    async def describe_state_machine_for_execution(self, organization: str, arn: str) -> StateMachineRecord:
        """Give the state machine as it was when it started the execution; for a map run's child, its item processor.

        Raises InvalidArn, ExecutionDoesNotExist.
        """
        return await self._parts.resources.listing.state_machine_of(organization, arn)

    @unavailable_without_database
    async def list_executions(
        self,
        organization: str,
        state_machine_arn: str | None = None,
        status: Status | None = None,
        limit: int = 100,
        after: str | None = None,
        *,
        map_run_arn: str | None = None,
        redriven: bool | None = None,
    ) -> Page[ExecutionRecord]:
        """Give executions, newest first, of a state machine, version, alias or map run, or of all.

        With `redriven` only those that were redriven, or that never were. `after` is a page's `next_token`. Raises
        InvalidArn, InvalidToken, StateMachineDoesNotExist, StateMachineTypeNotSupported, ResourceNotFound.
        """
        return await self._parts.resources.listing.list(
            organization, state_machine_arn, map_run_arn, status, limit, after, redriven=redriven
        )

    @unavailable_without_database
    async def get_history(
        self, organization: str, arn: str, *, reverse: bool = False, limit: int = 100, after: str | None = None
    ) -> HistoryPage:
        """Give an execution's events in order, or the latest first (AWS: GetExecutionHistory).

        `after` is a page's `next_token`. Raises InvalidArn, InvalidToken, ExecutionDoesNotExist.
        """
        return await self._executions.history(organization, arn, reverse=reverse, limit=limit, after=after)

    @unavailable_without_database
    async def stop_execution(
        self, organization: str, arn: str, *, error: str | None = None, cause: str | None = None
    ) -> ExecutionRecord:
        """Abort an execution, whichever process runs it (AWS: StopExecution).

        The wish is durable when this returns; the record shows the execution as it stands then, mostly ABORTED
        already. Raises InvalidArn, ExecutionDoesNotExist.
        """
        record = await self._executions.describe(organization, arn)
        if record.finished:
            return record
        await self._parts.lifecycle.stopping.ask(UUID(record.id), error, cause)
        return await self.wait_for_execution(organization, arn, _STOP_WAIT_SECONDS)

    @unavailable_without_database
    async def wait_for_execution(self, organization: str, arn: str, timeout: float) -> ExecutionRecord:  # noqa: ASYNC109
        """Give the execution when it is over, or as it stands after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        poll = _FIRST_POLL_SECONDS
        while True:
            record = await self._executions.describe(organization, arn)
            remaining = deadline - time.monotonic()
            if record.finished or remaining <= 0:
                return record
            execution_id = UUID(record.id)
            if execution_id in self._executor:
                await self._executor.wait_for_end(execution_id, remaining)
            else:
                await asyncio.sleep(min(poll, remaining))
                poll = min(poll * 2, _LAST_POLL_SECONDS)

    async def health(self) -> EngineHealth:
        """Tell how the engine is; never raises."""
        database = await health.of_database(self._storage)
        lease = health.of_lease(self._lease)
        return EngineHealth(
            ready=self._accepting and database.up and lease.held,
            accepting=self._accepting,
            database=database,
            scheduler=health.of_scheduler(self._executor, self._commits, self._parts.sweeper),
            lease=lease,
            leader=self._parts.leader.health(),
            outbox=None if self._parts.publisher is None else self._parts.publisher.health(),
        )


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks until they end: a library may swallow a cancellation that arrives at an unlucky moment."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_SECONDS)
    for task in tasks:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("A background task of the engine had failed.", exc_info=error)
