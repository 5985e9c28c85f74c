"""Starting STANDARD executions (AWS: StartExecution)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

import msgspec

from engine.runtime.arns import require_name
from engine.runtime.clock import DatabaseClock
from engine.runtime.complaints import complaint
from engine.runtime.control_plane.targets import Target
from engine.runtime.definitions import Definition
from engine.runtime.errors import (
    ExecutionAlreadyExists,
    ExecutionLimitExceeded,
    InvalidExecutionInput,
    Overloaded,
    Unavailable,
)
from engine.runtime.executions import Executions
from engine.runtime.identity import Identity, Terms, started_record
from engine.runtime.options import EngineOptions
from engine.runtime.records import ExecutionRecord
from engine.runtime.running.commit_loop import CommitLoop, Outcome
from engine.runtime.running.executor import Executor
from engine.runtime.running.run import Run
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.records import NO_ORIGIN, Beginning, Origin

_RETRY_SECONDS: Final = 0.05


class Parent(msgspec.Struct, frozen=True):
    """The execution that starts another, and its task that does, as `nesting.Link` writes it."""

    execution_id: UUID
    task: str


class Starter:
    """Accepts executions, within the limits of this process."""

    def __init__(
        self,
        executor: Executor,
        commits: CommitLoop,
        executions: Executions,
        terms: Terms,
        clock: DatabaseClock,
        options: EngineOptions,
    ) -> None:
        self._executor = executor
        self._commits = commits
        self._executions = executions
        self._terms = terms
        self._clock = clock
        self._options = options
        self._horizon = timedelta(seconds=options.timer_horizon_seconds)

    async def start(
        self,
        target: Target,
        name: str | None,
        text: str,
        *,
        trace_header: str | None = None,
        parent: Parent | None = None,
    ) -> ExecutionRecord:
        """Start an execution and return once it is durable.

        Asked again with the name and the input of one that runs, gives that one; so it does for the same task of the
        same parent, even if that one is over. Raises InvalidName, InvalidExecutionInput, ExecutionAlreadyExists,
        ExecutionLimitExceeded, Overloaded.
        """
        if name is not None:
            require_name(name)
        data = parse_input(text, self._options.max_payload_bytes)
        self.require_room()
        execution_id = time_ordered_uuid()
        identity = Identity(
            id=execution_id,
            name=name or str(execution_id),
            input=text,
            data=data,
            started_at=self._clock.now(),
            origin=_origin(target, trace_header, parent),
        )
        try:
            return await self._begin(target.definition, identity)
        except TimeoutError:
            raise Unavailable(
                f"The database didn't answer within {self._options.start_timeout_seconds:g} s; the execution may start "
                "yet, and asking again with the same name is safe."
            ) from None

    async def _begin(self, definition: Definition, identity: Identity) -> ExecutionRecord:
        give_up = self._clock.monotonic() + self._options.start_timeout_seconds
        while True:
            outcome, run = await self._commit(definition, identity, give_up - self._clock.monotonic())
            match outcome:
                case "applied":
                    return started_record(definition, identity)
                case "rejected":
                    return await self._existing(run)
                case "refused":
                    raise InvalidExecutionInput("The database refuses to store this input.")
                case "lost":
                    await asyncio.sleep(_RETRY_SECONDS)
                    identity = msgspec.structs.replace(identity, started_at=self._clock.now())

    async def _commit(self, definition: Definition, identity: Identity, seconds: float) -> tuple[Outcome, Run]:
        machine = definition.machine
        run = Run(definition, identity, self._terms)
        began = identity.started_at
        beginning = Beginning(machine.id, machine.version, identity.name, identity.input, began, identity.origin)
        return await self._executor.start(run, run.begin(beginning, self._horizon), seconds), run

    async def _existing(self, run: Run) -> ExecutionRecord:
        """Give the execution that has the name, if it is this one or the same again."""
        existing, wanted = await self._executions.find(run.info.organization, run.info.arn), run.identity
        origin = existing.origin
        is_again = origin.parent is not None and (origin.parent, origin.parent_task) == (
            wanted.origin.parent,
            wanted.origin.parent_task,
        )
        is_same = existing.status == "RUNNING" and _same(existing.input, wanted.input)
        if existing.id == wanted.id or is_again or is_same:
            return await self._executions.record(existing)
        raise ExecutionAlreadyExists(f"Execution Already Exists: '{run.info.arn}'")

    def require_room(self) -> None:
        """Raise Overloaded or ExecutionLimitExceeded unless this process may take one execution more."""
        if self._commits.queued >= self._options.max_queued_commits:
            raise Overloaded(f"{self._commits.queued} executions wait for the database already; ask again.")
        if self._executor.tasks.queued >= self._options.max_queued_tasks:
            raise Overloaded(f"{self._executor.tasks.queued} tasks wait for their turn already; ask again.")
        if len(self._executor) >= self._options.max_executions:
            raise ExecutionLimitExceeded(
                f"This engine holds {self._options.max_executions} open executions already, the most that it may."
            )


def parse_input(text: str, limit: int) -> object:
    """Read an execution's input; raises InvalidExecutionInput unless it is JSON of at most `limit` bytes."""
    if len(text) > limit or len(text.encode(errors="replace")) > limit:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: 'The input is larger than {limit} bytes'")
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{complaint(text, error)}'") from None
    except RecursionError:
        raise InvalidExecutionInput("Invalid State Machine Execution Input: 'The input is nested too deeply'") from None


def _origin(target: Target, trace_header: str | None, parent: Parent | None) -> Origin:
    if target.published is None and trace_header is None and parent is None:
        return NO_ORIGIN
    return Origin(
        published=target.published,
        alias=target.alias,
        trace_header=trace_header,
        parent=None if parent is None else parent.execution_id,
        parent_task=None if parent is None else parent.task,
    )


def _same(one: str, other: str) -> bool:
    return one == other or msgspec.json.decode(one) == msgspec.json.decode(other)
