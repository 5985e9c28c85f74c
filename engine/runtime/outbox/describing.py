"""Events made of changes in the outbox and of what is known of their executions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from engine.events.event import Detail, Event, Included, encode_detail
from engine.runtime.executions import Executions
from engine.runtime.identity import redrive_status
from engine.runtime.records import ExecutionRecord
from engine.storage.outbox import RUNNING, StatusChange
from engine.storage.protocol import Storage
from engine.storage.records import Execution

_SUCCEEDED: Final = "SUCCEEDED"


class Describer:
    """Describes changes as they were when they occurred, whatever became of the execution since.

    Input and output are those of today: an execution that was archived or erased has none to show.
    """

    def __init__(self, storage: Storage, executions: Executions) -> None:
        self._storage = storage
        self._executions = executions

    async def describe(self, changes: Sequence[StatusChange]) -> list[Event]:
        """Give an event for each change, in order. Raises StorageUnavailable."""
        ids = list({change.execution_id for change in changes})
        erased = {erasure.execution_id for erasure in await self._storage.erasures(ids)}
        executions = {execution.id: execution for execution in await self._storage.executions_by_id(ids)}
        return [
            await self._event(change, executions[change.execution_id], withheld=change.execution_id in erased)
            for change in changes
        ]

    async def _event(self, change: StatusChange, execution: Execution, *, withheld: bool) -> Event:
        record = await self._executions.record(execution)
        _, _, _, region, account, *_ = record.arn.split(":")
        shown = not withheld and execution.archived is None
        return Event(
            deduplication_id=change.deduplication_id,
            execution_arn=record.arn,
            time=change.occurred_at,
            region=region,
            account=account,
            detail=encode_detail(_detail(change, execution, record, shown=shown)),
        )


def _detail(change: StatusChange, execution: Execution, record: ExecutionRecord, *, shown: bool) -> Detail:
    succeeded = change.status == _SUCCEEDED
    redrivable, reason = redrive_status(change.status, execution.origin, timedelta())
    return Detail(
        deduplication_id=change.deduplication_id,
        execution_arn=record.arn,
        state_machine_arn=record.state_machine_arn,
        name=record.name,
        status=change.status,
        start_date=_milliseconds(record.started_at),
        stop_date=None if change.status == RUNNING else _milliseconds(change.occurred_at),
        input=record.input if shown else None,
        input_details=Included(shown),
        output=record.output if shown and succeeded else None,
        output_details=Included(shown) if succeeded else None,
        error=change.error,
        cause=change.cause,
        state_machine_version_arn=record.version_arn,
        state_machine_alias_arn=record.alias_arn,
        redrive_count=change.redrive_count,
        redrive_date=_redrive_date(change, execution),
        redrive_status=redrivable,
        redrive_status_reason=reason,
    )


def _redrive_date(change: StatusChange, execution: Execution) -> int | None:
    """Give when the run began that changed; None for the first, and for one that was redriven since."""
    if not change.redrive_count:
        return None
    if change.status == RUNNING:
        return _milliseconds(change.occurred_at)
    known = execution.redriven_at if execution.redrive_count == change.redrive_count else None
    return None if known is None else _milliseconds(known)


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
