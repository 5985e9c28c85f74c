"""Pausing executions, and letting them go on."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

import msgspec

from engine.runtime.availability import unavailable_without_database
from engine.runtime.errors import ConflictException
from engine.runtime.executions import Executions
from engine.runtime.records import ExecutionRecord, Page
from engine.storage.lifecycle import Erasure, Pause
from engine.storage.protocol import Storage


class Condition(msgspec.Struct, frozen=True):
    """What an execution's status doesn't tell: that it is paused, and that its data is or is being erased."""

    pause: Pause | None = None
    erasure: Erasure | None = None


USUAL = Condition()


class Pausing:
    """Pauses executions, whichever process runs them.

    A paused execution makes no transition: it starts no task and no child, and its timers keep their time and act
    after it is resumed. Tasks that run end, and their results count then. Executions that it started go on.
    """

    def __init__(self, storage: Storage, executions: Executions) -> None:
        self._storage = storage
        self._executions = executions

    @unavailable_without_database
    async def pause(self, organization: str, arn: str, *, paused_by: str) -> ExecutionRecord:
        """Pause an execution, which may be paused already; when this returns, it makes no transition any more.

        Raises InvalidArn, ExecutionDoesNotExist, ConflictException for one that is over.
        """
        record = await self._executions.describe(organization, arn)
        if not await self._storage.pause(UUID(record.id), paused_by):
            raise _over(await self._executions.describe(organization, arn), "paused")
        return record

    @unavailable_without_database
    async def resume(self, organization: str, arn: str) -> ExecutionRecord:
        """Let an execution go on, once the tasks have ended that ran when it was paused; it need not be paused.

        Raises InvalidArn, ExecutionDoesNotExist, ConflictException for one that is over.
        """
        record = await self._executions.describe(organization, arn)
        if record.finished:
            raise _over(record, "resumed")
        await self._storage.resume(UUID(record.id))
        return record

    @unavailable_without_database
    async def list(
        self, organization: str, machine: str | None, limit: int, after: str | None
    ) -> Page[ExecutionRecord]:
        """Give the paused executions, newest first, of the state machine of this name or of all.

        `after` is a page's `next_token`. Raises InvalidToken.
        """
        return await self._executions.list_paused(organization, machine, limit, after)

    @unavailable_without_database
    async def conditions(self, records: Iterable[ExecutionRecord]) -> dict[str, Condition]:
        """Tell of executions, by their ids, what their status doesn't tell; those that are left out are as usual."""
        running: list[UUID] = []
        over: list[UUID] = []
        for record in records:
            (over if record.finished else running).append(UUID(record.id))
        pauses = await self._storage.pauses(running) if running else []
        erasures = await self._storage.erasures(over) if over else []
        paused = {str(each.execution_id): Condition(pause=each) for each in pauses}
        return paused | {str(each.execution_id): Condition(erasure=each) for each in erasures}


def _over(record: ExecutionRecord, what: str) -> ConflictException:
    return ConflictException(f"The execution '{record.arn}' is over ({record.status}) and can't be {what}")
