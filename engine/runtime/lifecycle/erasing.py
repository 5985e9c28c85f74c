"""Erasing an execution's data on request."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from engine.language import HistoryEvent
from engine.runtime.availability import unavailable_without_database
from engine.runtime.errors import ConflictException
from engine.runtime.executions import Executions
from engine.runtime.leader import Leader
from engine.storage import StorageUnavailable
from engine.storage.lifecycle import Erasure
from engine.storage.protocol import Storage
from engine.storage.records import MapRun

_GROUPS: Final = 200
_PAGE: Final = 500
_UNFINISHED_SECONDS: Final = 30.0
_WAIT_SECONDS: Final = 20.0

_KEPT: Final = frozenset(
    {
        "name",
        "index",
        "resource",
        "resourceType",
        "region",
        "roleArn",
        "mapRunArn",
        "redriveCount",
        "stateMachineVersionArn",
        "stateMachineAliasArn",
        "timeoutInSeconds",
        "heartbeatInSeconds",
        "length",
    }
)
"""What stays of an event's details: what comes from the definition, or counts. Everything else may be data."""

_log = logging.getLogger(__name__)

_EVENTS: Final = msgspec.json.Decoder(list[HistoryEvent])
_ENCODER: Final = msgspec.json.Encoder()


def stripped(events: bytes) -> bytes:
    """Give stored events without data; which events there were, of which states, and when, stays."""
    return _ENCODER.encode([replace(event, details=_without_data(event)) for event in _EVENTS.decode(events)])


def _without_data(event: HistoryEvent) -> dict[str, object]:
    return {name: value for name, value in event.details.items() if name in _KEPT}


class Erasing:
    """Erases what was given to and made by executions that are over, with the children of their map runs.

    The execution, its name, its status, the types and times of its events, and a proof of what was erased stay. An
    erasure that was begun is finished by the leader, whatever happens. Results that a map run wrote to S3 are the
    definition's own, and so are executions that Task states started.
    """

    def __init__(self, storage: Storage, executions: Executions) -> None:
        self._storage = storage
        self._executions = executions
        self._archives = executions.archives

    def register(self, leader: Leader) -> None:
        """Have the leader finish what was begun."""
        leader.every(_UNFINISHED_SECONDS, self.finish_all, "erasures")

    @unavailable_without_database
    async def erase(self, organization: str, arn: str, *, requested_by: str) -> Erasure:
        """Erase an execution's data, and give the proof: unfinished if it takes more than some 20 s.

        Repeated, it gives the proof of the first time. Raises InvalidArn, ExecutionDoesNotExist, ConflictException
        for an execution that isn't over.
        """
        execution = await self._executions.find(organization, arn)
        erasure = await self._storage.begin_erasure(execution.id, requested_by)
        if erasure is None:
            raise ConflictException(f"The execution '{arn}' is running: its data can be deleted once it is over")
        if erasure.finished_at is not None:
            return erasure
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._finish(execution.id, requested_by)
        [erasure] = await self._storage.erasures([execution.id])
        return erasure

    async def proof(self, organization: str, arn: str) -> Erasure | None:
        """Give what is known of an erasure. Raises InvalidArn, ExecutionDoesNotExist."""
        execution = await self._executions.find(organization, arn)
        return next(iter(await self._storage.erasures([execution.id])), None)

    async def finish_all(self) -> None:
        """Finish erasures that were begun, by whichever process; one that can't be now holds up no other."""
        for erasure in await self._storage.erasures(await self._storage.unfinished_erasures(_PAGE)):
            try:
                await self._finish(erasure.execution_id, erasure.requested_by)
            except StorageUnavailable as error:
                _log.warning("The data of the execution %s can't be erased yet: %s", erasure.execution_id, error)

    async def _finish(self, execution_id: UUID, requested_by: str) -> bool:
        """Erase what there is; False if an execution runs again, or still, and has to be over first."""
        if await self._storage.begin_erasure(execution_id, requested_by) is None:
            return False
        done = True
        async for child in self._children(execution_id):
            done = await self._finish(child, requested_by) and done
        await self._erase_archived(execution_id)  # nothing is archived while its erasure is unfinished
        while await self._storage.erase_history(execution_id, stripped, _GROUPS):
            pass
        if done:
            await self._storage.finish_erasure(execution_id)
        return done

    async def _erase_archived(self, execution_id: UUID) -> None:
        execution = await self._storage.get_execution(execution_id)
        if execution is None or execution.archived is None:
            return
        whole = await self._archives.whole(execution)
        history = _ENCODER.encode(await self._archives.history(execution.archived))
        await self._storage.note_erased(execution_id, [whole.input.encode(), (whole.output or "").encode(), history])
        await self._archives.erase(execution.archived, stripped)

    async def _children(self, execution_id: UUID) -> AsyncIterator[UUID]:
        """Give the children of the execution's map runs."""
        for run in await self._map_runs(execution_id):
            last: int | None = None
            while page := await self._storage.list_children(run.id, last, _PAGE):
                for child in page:
                    yield child.id
                last = page[-1].index

    async def _map_runs(self, execution_id: UUID) -> list[MapRun]:
        runs: list[MapRun] = []
        while page := await self._storage.list_map_runs(execution_id, _PAGE, runs[-1].id if runs else None):
            runs += page
            if len(page) < _PAGE:
                break
        return runs
