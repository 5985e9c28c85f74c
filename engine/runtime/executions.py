"""Questions about executions (AWS: DescribeExecution, ListExecutions, GetExecutionHistory)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final, TypeVar, cast
from uuid import UUID

import msgspec

from engine.language import HistoryEvent
from engine.names import is_name
from engine.runtime.arns import ExecutionArn, parse_execution_arn
from engine.runtime.clock import DatabaseClock
from engine.runtime.definitions import Definitions
from engine.runtime.errors import ExecutionDoesNotExist, InvalidToken
from engine.runtime.identity import redrive_status
from engine.runtime.payloads import attached
from engine.runtime.records import ExecutionRecord, HistoryPage, Page, Status
from engine.runtime.retention.archives import Archives
from engine.storage.protocol import Storage
from engine.storage.records import ALL, Execution, ExecutionFilter

Token = TypeVar("Token")

_EVENTS: Final = msgspec.json.Decoder(list[HistoryEvent])


class Executions:
    """The executions of all organizations, as they are stored.

    Attributes:
        archives: where those are that were over long ago.
    """

    def __init__(self, storage: Storage, definitions: Definitions, clock: DatabaseClock, archives: Archives) -> None:
        self._storage = storage
        self.archives = archives
        self._definitions = definitions
        self._clock = clock

    async def find(self, organization: str, arn: str) -> Execution:
        """Give an execution as it is stored; raises InvalidArn, ExecutionDoesNotExist."""
        found = await self._find(organization, parse_execution_arn(arn))
        if found is None:
            raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'")
        return found

    async def describe(self, organization: str, arn: str) -> ExecutionRecord:
        """Give an execution as it stands; raises InvalidArn, ExecutionDoesNotExist."""
        return await self.record(await self.archives.whole(await self.find(organization, arn)))

    async def list(
        self,
        organization: str,
        machine: str | None,
        status: Status | None,
        limit: int,
        after: str | None,
        chosen: ExecutionFilter = ALL,
    ) -> Page[ExecutionRecord]:
        """Give executions, newest first, of the state machine of this name or of all."""
        before = None if after is None else _read_token(UUID, after)
        return await self._page(
            await self._storage.list_executions(organization, machine, status, limit + 1, before, chosen), limit
        )

    async def list_paused(
        self, organization: str, machine: str | None, limit: int, after: str | None
    ) -> Page[ExecutionRecord]:
        """Give executions that are paused, newest first, of the state machine of this name or of all."""
        before = None if after is None else _read_token(UUID, after)
        paused = await self._storage.list_paused(organization, machine, limit + 1, before)
        found = await self._storage.executions_by_id(paused)
        return await self._page(sorted(found, key=lambda execution: execution.id, reverse=True), limit)

    async def _page(self, found: Sequence[Execution], limit: int) -> Page[ExecutionRecord]:
        records = [await self.record(execution) for execution in found[:limit]]
        return Page(tuple(records), records[-1].id if len(found) > limit else None)

    async def history(
        self, organization: str, arn: str, *, reverse: bool, limit: int, after: str | None
    ) -> HistoryPage:
        """Give an execution's history in order, or with `reverse` the latest event first."""
        bound = None if after is None else _read_token(_event_id, after)
        events = await self._events(await self.find(organization, arn), bound, limit + 1, reverse=reverse)
        if not events:  # archived since it was found, perhaps
            events = await self._events(await self.find(organization, arn), bound, limit + 1, reverse=reverse)
        page = tuple(events[:limit])
        return Page(page, str(page[-1].id) if len(events) > limit else None)

    async def _events(
        self, execution: Execution, bound: int | None, limit: int, *, reverse: bool
    ) -> Sequence[HistoryEvent]:
        """Give at least so many events from a bound on, if there are so many."""
        if execution.archived is not None:
            events = await self.archives.history(execution.archived)
            events = events[::-1] if reverse else events
        else:
            commits = await self._storage.read_history(execution.id, after=bound, limit=limit, reverse=reverse)
            stored = [event for commit in commits for event in _decode(commit.data, reverse=reverse)]
            events = await attached(self._storage, execution.id, stored)
        if bound is not None:
            events = [event for event in events if (event.id < bound if reverse else event.id > bound)]
        return events

    async def record(self, execution: Execution) -> ExecutionRecord:
        """Give the record of an execution as it is stored."""
        machine = await self._definitions.arn(execution.organization, execution.state_machine_name)
        origin, now = execution.origin, self._clock.now()
        redrivable, reason = redrive_status(execution.status, origin, now - (execution.stopped_at or now))
        own = machine if execution.label is None else machine.labeled(execution.label)
        return ExecutionRecord(
            arn=own.execution(execution.name),
            id=str(execution.id),
            organization=execution.organization,
            name=execution.name,
            state_machine_arn=str(own),
            state_machine_version=execution.version,
            status=cast("Status", execution.status),
            input=execution.input,
            output=execution.output,
            error=execution.error,
            cause=execution.cause,
            started_at=execution.started_at,
            stopped_at=execution.stopped_at,
            version_arn=machine.qualified(origin.published),
            alias_arn=machine.qualified(origin.alias),
            trace_header=origin.trace_header,
            map_run_arn=None if origin.map_run is None else machine.map_run(execution.label or "", origin.map_run),
            item_count=None if origin.map_run is None else origin.items,
            redrive_count=execution.redrive_count,
            redriven_at=execution.redriven_at,
            redrive_status=redrivable,
            redrive_status_reason=reason,
        )

    async def _find(self, organization: str, wanted: ExecutionArn) -> Execution | None:
        name, slash, label = wanted.machine.name.partition("/")
        machine = await self._definitions.arn(organization, name)
        is_own = wanted.machine == (machine.labeled(label) if slash else machine)
        if not is_own or not is_name(name) or not is_name(wanted.name):
            return None
        if not slash:
            return await self._storage.find_execution(organization, name, wanted.name)
        found = await self._child(wanted.name)
        if found is None or (found.organization, found.state_machine_name, found.label) != (organization, name, label):
            return None
        return found

    async def _child(self, name: str) -> Execution | None:
        """Give a map run's child, whose name is its id."""
        try:
            return await self._storage.get_execution(UUID(name))
        except ValueError:
            return None


def _decode(data: bytes, *, reverse: bool) -> list[HistoryEvent]:
    events = _EVENTS.decode(data)
    return events[::-1] if reverse else events


def _event_id(token: str) -> int:
    if re.fullmatch(r"[0-9]{1,9}", token) is None:
        raise ValueError(token)
    return int(token)


def _read_token(read: Callable[[str], Token], token: str) -> Token:
    try:
        return read(token)
    except ValueError:
        raise InvalidToken(f"Invalid Token: 'The token {token!r} doesn't continue a list of this engine'") from None
