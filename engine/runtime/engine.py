"""The engine: what the API, the command line and the tests talk to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import Final
from uuid import UUID

from engine.language import Stopped
from engine.runtime import health
from engine.runtime.availability import unavailable_without_database
from engine.runtime.clock import DatabaseClock
from engine.runtime.commit_loop import CommitLoop
from engine.runtime.definitions import Definitions
from engine.runtime.errors import Unavailable
from engine.runtime.executions import Executions
from engine.runtime.executor import Executor
from engine.runtime.lease import ProcessLease
from engine.runtime.observer import Observer, SilentObserver
from engine.runtime.options import EngineOptions
from engine.runtime.records import EngineHealth, ExecutionRecord, HistoryPage, Page, StateMachineRecord, Status
from engine.runtime.starter import Starter
from engine.runtime.state_machines import StateMachines, describe
from engine.runtime.sweeper import Sweeper, encode_message
from engine.runtime.tasks import TaskRunner
from engine.storage import StorageUnavailable
from engine.storage.protocol import Storage

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
    """

    def __init__(
        self, storage: Storage, tasks: TaskRunner, options: EngineOptions, observer: Observer | None = None
    ) -> None:
        self._storage = storage
        told = observer or SilentObserver()
        clock = DatabaseClock()
        self._lease = ProcessLease(
            storage, clock, name=options.instance, seconds=options.lease_seconds, on_lost=self._abandon
        )
        self._commits = CommitLoop(storage, self._lease, told, options.commit_batch)
        definitions = Definitions(storage, options)
        self._executor = Executor(tasks, self._commits, definitions, clock, options, told)
        self._sweeper = Sweeper(storage, self._executor, self._lease, clock, options)
        self._machines = StateMachines(storage, definitions, clock)
        self._executions = Executions(storage, definitions)
        self._starter = Starter(self._executor, self._commits, self._executions, clock, options)
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
            await self._lease.acquire()
            await self._storage.listen(self._sweeper.notify)
        except BaseException:
            await self._storage.close()
            raise
        self._committing = asyncio.create_task(self._commits.run(), name="commit-loop")
        self._background = [
            asyncio.create_task(self._lease.keep(), name="lease"),
            asyncio.create_task(self._sweeper.run(), name="sweeper"),
        ]
        self._accepting = True

    async def stop(self, drain_seconds: float) -> None:
        """Accept nothing more, wait up to `drain_seconds` for tasks that run, and hand the executions back.

        Executions without a running task are handed back at once. Tasks that run longer are canceled and will be run
        again by whoever takes the execution over. Writing what is left takes 2 s more at the most: what isn't written
        by then, because the database is away, is found by whoever takes over.
        """
        self._accepting = False
        await _cancel(self._background[1:])
        self._executor.drain()
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(drain_seconds):
                await self._hand_over()
        with contextlib.suppress(StorageUnavailable, TimeoutError):
            async with asyncio.timeout(_FLUSH_SECONDS):
                self._executor.tasks.cancel_all()
                await self._commits.flush()
                await self._leave()
        await _cancel([*self._background, *([self._committing] if self._committing else [])])
        self._executor.abandon()
        await self._storage.close()

    async def _hand_over(self) -> None:
        """Hand executions back as soon as their tasks have ended and their results are committed."""
        while len(self._executor):
            await self._commits.flush()
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

    def _abandon(self) -> None:
        self._executor.abandon()
        self._commits.abandon()

    # State machines

    @unavailable_without_database
    async def create_state_machine(
        self,
        *,
        organization: str,
        name: str,
        definition: str,
        role_arn: str,
        kind: str = "STANDARD",
        description: str = "",
    ) -> StateMachineRecord:
        """Create a state machine (AWS: CreateStateMachine); again with the same definition gives the one that is.

        `definition` is JSON or YAML text. Raises InvalidName, InvalidArn, InvalidDefinition, StateMachineAlreadyExists,
        StateMachineTypeNotSupported.
        """
        return await self._machines.create(organization, name, definition, role_arn, kind, description)

    @unavailable_without_database
    async def update_state_machine(
        self,
        *,
        organization: str,
        arn: str,
        definition: str | None = None,
        role_arn: str | None = None,
        description: str | None = None,
    ) -> StateMachineRecord:
        """Make a new version, unless nothing changes (AWS: UpdateStateMachine). What is None stays as it is.

        Executions go on with the version that started them. Raises InvalidArn, InvalidDefinition,
        StateMachineDoesNotExist.
        """
        return await self._machines.update(organization, arn, definition, role_arn, description)

    @unavailable_without_database
    async def describe_state_machine(self, organization: str, arn: str) -> StateMachineRecord:
        """Give a state machine in its current version. Raises InvalidArn, StateMachineDoesNotExist."""
        return describe(await self._machines.find(organization, arn, fresh=True))

    @unavailable_without_database
    async def list_state_machines(
        self, organization: str, limit: int = 100, after: str | None = None
    ) -> Page[StateMachineRecord]:
        """Give an organization's state machines by name; `after` is a page's `next_token`. Raises InvalidToken."""
        return await self._machines.list(organization, limit, after)

    # Executions

    @unavailable_without_database
    async def start_execution(
        self,
        *,
        organization: str,
        state_machine_arn: str,
        name: str | None,
        input: str,  # noqa: A002 - the API's name
    ) -> ExecutionRecord:
        """Start an execution; it is durable when this returns (AWS: StartExecution).

        Without a name it gets one. Again with the name and the input of one that runs gives that one. Raises
        InvalidArn, InvalidName, InvalidExecutionInput, StateMachineDoesNotExist, ExecutionAlreadyExists,
        ExecutionLimitExceeded, Overloaded, Unavailable.
        """
        if not self._accepting:
            raise Unavailable("This engine accepts no executions: it is starting or stopping.")
        definition = await self._machines.find(organization, state_machine_arn)
        return await self._starter.start(definition, name, input)

    @unavailable_without_database
    async def describe_execution(self, organization: str, arn: str) -> ExecutionRecord:
        """Give an execution as it stands. Raises InvalidArn, ExecutionDoesNotExist."""
        return await self._executions.describe(organization, arn)

    @unavailable_without_database
    async def list_executions(
        self,
        organization: str,
        state_machine_arn: str | None = None,
        status: Status | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[ExecutionRecord]:
        """Give executions, newest first, of one state machine or of all; `after` is a page's `next_token`.

        Raises InvalidArn, InvalidToken, StateMachineDoesNotExist.
        """
        machine = None
        if state_machine_arn is not None:
            machine = (await self._machines.find(organization, state_machine_arn)).arn
        return await self._executions.list(organization, machine, status, limit, after)

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
        await self._storage.send(UUID(record.id), encode_message(Stopped(error, cause)))
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
            scheduler=health.of_scheduler(self._executor, self._commits, self._sweeper),
            lease=lease,
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
