"""Starting executions (AWS: StartExecution)."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

import msgspec

from engine.runtime.arns import require_name
from engine.runtime.clock import DatabaseClock
from engine.runtime.commit_loop import CommitLoop
from engine.runtime.definitions import Definition
from engine.runtime.errors import (
    ExecutionAlreadyExists,
    ExecutionLimitExceeded,
    InvalidExecutionInput,
    Overloaded,
    Unavailable,
)
from engine.runtime.executions import Executions
from engine.runtime.executor import Executor
from engine.runtime.options import EngineOptions
from engine.runtime.records import ExecutionRecord
from engine.runtime.run import Run
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.records import Beginning

_RETRY_SECONDS: Final = 0.05


class Starter:
    """Accepts executions, within the limits of this process."""

    def __init__(
        self,
        executor: Executor,
        commits: CommitLoop,
        executions: Executions,
        clock: DatabaseClock,
        options: EngineOptions,
    ) -> None:
        self._executor = executor
        self._commits = commits
        self._executions = executions
        self._clock = clock
        self._options = options

    async def start(self, definition: Definition, name: str | None, text: str) -> ExecutionRecord:
        """Start an execution and return once it is durable.

        Asked again with the name and the input of one that runs, gives that one. Raises InvalidName,
        InvalidExecutionInput, ExecutionAlreadyExists, ExecutionLimitExceeded, Overloaded.
        """
        if name is not None:
            require_name(name)
        data = self._parse(text)
        self._require_room()
        execution_id = time_ordered_uuid()
        try:
            async with asyncio.timeout(self._options.start_timeout_seconds):
                return await self._begin(definition, execution_id, name or str(execution_id), text, data)
        except TimeoutError:
            raise Unavailable(
                f"The database didn't answer within {self._options.start_timeout_seconds:g} s; the execution may start "
                "yet, and asking again with the same name is safe."
            ) from None

    async def _begin(
        self, definition: Definition, execution_id: UUID, name: str, text: str, data: object
    ) -> ExecutionRecord:
        machine = definition.machine
        while True:
            beginning = Beginning(machine.id, machine.version, name, text, self._clock.now())
            run = Run(definition, execution_id, name, beginning.started_at, data)
            match await self._executor.start(run, beginning):
                case "applied":
                    return self._started(run, text)
                case "rejected":
                    return await self._existing(run, text)
                case "refused":
                    raise InvalidExecutionInput("The database refuses to store this input.")
                case "lost":
                    await asyncio.sleep(_RETRY_SECONDS)

    async def _existing(self, run: Run, text: str) -> ExecutionRecord:
        """Give the execution that has the name, if it is this one or the same again."""
        existing = await self._executions.describe(run.info.organization, run.info.arn)
        if existing.id == str(run.id) or (not existing.finished and _same(existing.input, text)):
            return existing
        raise ExecutionAlreadyExists(
            f'The name "{existing.name}" is taken by the execution {existing.arn}, which '
            f"{'is over' if existing.finished else 'has another input'}."
        )

    def _started(self, run: Run, text: str) -> ExecutionRecord:
        info = run.info
        return ExecutionRecord(
            arn=info.arn,
            id=str(run.id),
            organization=info.organization,
            name=info.name,
            state_machine_arn=info.state_machine_arn,
            state_machine_version=info.state_machine_version,
            status="RUNNING",
            input=text,
            output=None,
            error=None,
            cause=None,
            started_at=info.started_at,
            stopped_at=None,
        )

    def _parse(self, text: str) -> object:
        if len(text) > self._options.max_input_bytes or len(text.encode()) > self._options.max_input_bytes:
            raise InvalidExecutionInput(f"The input is larger than {self._options.max_input_bytes} bytes.")
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            raise InvalidExecutionInput(f"The input isn't JSON: {error}") from None
        except RecursionError:
            raise InvalidExecutionInput("The input is nested too deeply.") from None

    def _require_room(self) -> None:
        if self._commits.queued >= self._options.max_queued_commits:
            raise Overloaded(f"{self._commits.queued} executions wait for the database already; ask again.")
        if len(self._executor) >= self._options.max_executions:
            raise ExecutionLimitExceeded(
                f"This engine holds {self._options.max_executions} open executions already, the most that it may."
            )


def _same(one: str, other: str) -> bool:
    return one == other or msgspec.json.decode(one) == msgspec.json.decode(other)
