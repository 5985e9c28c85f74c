"""Stopping an execution together with what it started."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final
from uuid import UUID

import msgspec

from engine.language import HistoryEvent, RunTask, decode_snapshot
from engine.language.snapshot import Frame, outstanding
from engine.runtime.availability import unavailable_without_database
from engine.runtime.children.runner import child_arn, is_own
from engine.runtime.definitions import Definitions
from engine.runtime.errors import ExecutionDoesNotExist, InvalidArn
from engine.runtime.executions import Executions
from engine.runtime.lifecycle.stopping import Stopping
from engine.storage.protocol import Storage
from engine.storage.records import Execution, ExecutionFilter

_PAGE: Final = 500
_STARTS: Final = "startExecution"
_ENDED: Final = frozenset({"TaskSubmitted", "TaskSucceeded"})

_EVENTS: Final = msgspec.json.Decoder(list[HistoryEvent])


class _Started(msgspec.Struct, frozen=True):
    """The answer to a task's StartExecution."""

    arn: str = msgspec.field(name="ExecutionArn", default="")


class Termination:
    """Stops executions, the executions that they started, those that these started, and so on.

    Children of map runs, and executions that a task waits for (``.sync``), end with their parent in any case; this
    finds those that nobody waits for. An execution that is found is its child only if it says so itself: an ARN in
    some task's answer is not enough.
    """

    def __init__(self, storage: Storage, executions: Executions, definitions: Definitions, stopping: Stopping) -> None:
        self._storage = storage
        self._executions = executions
        self._definitions = definitions
        self._stopping = stopping

    @unavailable_without_database
    async def stop_descendants(
        self, organization: str, arn: str, *, error: str | None = None, cause: str | None = None
    ) -> int:
        """Stop all that an execution has started, which should be over itself; gives how many were running.

        The wish is durable when this returns. Raises InvalidArn, ExecutionDoesNotExist.
        """
        families, stopped = [await self._executions.find(organization, arn)], 0
        seen = {families[0].id}
        while families:
            async for child in self._children(families.pop()):
                if child.id not in seen:
                    seen.add(child.id)
                    families.append(child)
                    if child.status == "RUNNING":
                        await self._stopping.ask(child.id, error, cause)
                        stopped += 1
        return stopped

    async def _children(self, parent: Execution) -> AsyncIterator[Execution]:
        """Give what an execution has started, running or over, if its definition starts executions at all."""
        definition = await self._definitions.version(parent.state_machine_id, parent.version)
        if _STARTS not in definition.machine.definition:
            return
        async for arn in self._started(parent):
            try:
                child = await self._executions.find(parent.organization, arn)
            except (ExecutionDoesNotExist, InvalidArn):
                continue
            if child.origin.parent == parent.id:
                yield child
        for run in await self._storage.list_map_runs(parent.id, _PAGE, None):
            before: UUID | None = None
            chosen = ExecutionFilter(map_run=run.id)
            while page := await self._storage.list_executions(parent.organization, None, None, _PAGE, before, chosen):
                for child in page:
                    yield child
                before = page[-1].id

    async def _started(self, parent: Execution) -> AsyncIterator[str]:
        """Give the ARNs that tasks were answered, and those of children whose start wasn't recorded any more."""
        after: int | None = None
        while groups := await self._storage.read_history(parent.id, after=after, limit=_PAGE, reverse=False):
            for group in groups:
                for arn in _arns(_EVENTS.decode(group.data)):
                    yield arn
            after = groups[-1].last
        left = await self._storage.load_finished(parent.id)
        if left is not None:
            for arn in _begun(parent.id, decode_snapshot(left.snapshot).redrivable):
                yield arn


def _arns(events: list[HistoryEvent]) -> Iterator[str]:
    for event in events:
        if event.type in _ENDED and str(event.details.get("resource", "")).startswith(_STARTS):
            try:
                answer = msgspec.json.decode(str(event.details.get("output", "")), type=_Started)
            except msgspec.DecodeError:
                continue
            yield answer.arn


def _begun(execution_id: UUID, frames: dict[str, Frame]) -> Iterator[str]:
    """Give the ARNs of executions that tasks were about to start when theirs ended."""
    for frame in frames.values():
        for command in outstanding(frame):
            if isinstance(command, RunTask) and is_own(command.resource):
                arn = child_arn(str(execution_id), command.task_id, command.input)
                if arn is not None:
                    yield arn
