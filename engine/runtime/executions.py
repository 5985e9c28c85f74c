"""Questions about executions (AWS: DescribeExecution, ListExecutions, GetExecutionHistory)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from engine.language import HistoryEvent
from engine.runtime.arns import MachineArn, is_name, parse_execution_arn
from engine.runtime.definitions import Definitions
from engine.runtime.errors import ExecutionDoesNotExist, InvalidToken
from engine.runtime.records import ExecutionRecord, HistoryPage, Page, Status
from engine.storage.protocol import Storage
from engine.storage.records import Execution

Token = TypeVar("Token")

_EVENTS: Final = msgspec.json.Decoder(list[HistoryEvent])


class Executions:
    """The executions of all organizations, as they are stored."""

    def __init__(self, storage: Storage, definitions: Definitions) -> None:
        self._storage = storage
        self._definitions = definitions

    async def describe(self, organization: str, arn: str) -> ExecutionRecord:
        """Give an execution as it stands; raises ExecutionDoesNotExist."""
        wanted = parse_execution_arn(arn)
        machine = await self._definitions.arn(organization, wanted.machine.name)
        found = None
        if machine == wanted.machine and is_name(machine.name) and is_name(wanted.name):
            found = await self._storage.find_execution(organization, machine.name, wanted.name)
        if found is None:
            raise ExecutionDoesNotExist(f"There is no execution {arn}.")
        return record(machine, found)

    async def list(
        self, organization: str, machine: MachineArn | None, status: Status | None, limit: int, after: str | None
    ) -> Page[ExecutionRecord]:
        """Give executions, newest first."""
        before = None if after is None else _read_token(UUID, after)
        name = None if machine is None else machine.name
        found = await self._storage.list_executions(organization, name, status, limit + 1, before)
        records = [
            record(await self._definitions.arn(organization, execution.state_machine_name), execution)
            for execution in found[:limit]
        ]
        return Page(tuple(records), records[-1].id if len(found) > limit else None)

    async def history(
        self, organization: str, arn: str, *, reverse: bool, limit: int, after: str | None
    ) -> HistoryPage:
        """Give an execution's history in order, or with `reverse` the latest event first."""
        execution_id = UUID((await self.describe(organization, arn)).id)
        bound = None if after is None else _read_token(_event_id, after)
        commits = await self._storage.read_history(execution_id, after=bound, limit=limit + 1, reverse=reverse)
        events = [event for commit in commits for event in _decode(commit.data, reverse=reverse)]
        if bound is not None:
            events = [event for event in events if (event.id < bound if reverse else event.id > bound)]
        page = tuple(events[:limit])
        return Page(page, str(page[-1].id) if len(events) > limit else None)


def record(machine: MachineArn, execution: Execution) -> ExecutionRecord:
    """Give the record of an execution."""
    return ExecutionRecord(
        arn=machine.execution(execution.name),
        id=str(execution.id),
        organization=execution.organization,
        name=execution.name,
        state_machine_arn=str(machine),
        state_machine_version=execution.version,
        status=msgspec.convert(execution.status, Status),
        input=execution.input,
        output=execution.output,
        error=execution.error,
        cause=execution.cause,
        started_at=execution.started_at,
        stopped_at=execution.stopped_at,
    )


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
        raise InvalidToken(f'The token "{token}" doesn\'t continue a list of this engine.') from None
