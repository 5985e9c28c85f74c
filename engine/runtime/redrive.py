"""Running executions again from where they failed (AWS: RedriveExecution)."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from engine.language import decode_snapshot
from engine.language.limits import MAX_HISTORY_EVENTS
from engine.runtime.clock import DatabaseClock
from engine.runtime.errors import ExecutionNotRedrivable, Unavailable
from engine.runtime.executions import Executions
from engine.runtime.identity import redrive_status
from engine.runtime.maps.ends import Ends
from engine.runtime.options import EngineOptions
from engine.runtime.ownership.adoption import Adoption
from engine.runtime.running.commit_loop import Outcome
from engine.runtime.running.executor import Executor
from engine.storage.protocol import Storage
from engine.storage.records import ActiveExecution, Execution, Redriven

_RETRY_SECONDS: Final = 0.05
_TOKEN_VALID: Final = timedelta(minutes=15)
_TOKENS_KEPT: Final = 10


class Answered(msgspec.Struct, frozen=True, array_like=True):
    """A request that was answered: its client token, and when the execution was redriven."""

    token: str
    redriven_at: datetime


_ANSWERED: Final = msgspec.json.Decoder(list[Answered])


class Redrives:
    """Opens executions again that have failed, timed out or been aborted; they go on in this process.

    A request that is repeated with its client token gets the same answer, from any process: for 15 minutes, and as
    long as it is among the last 10 of its execution.
    """

    def __init__(
        self,
        storage: Storage,
        executor: Executor,
        executions: Executions,
        adoption: Adoption,
        ends: Ends,
        clock: DatabaseClock,
        options: EngineOptions,
    ) -> None:
        self._storage = storage
        self._executor = executor
        self._executions = executions
        self._adoption = adoption
        self._ends = ends
        self._clock = clock
        self._horizon = timedelta(seconds=options.timer_horizon_seconds)
        self._seconds = options.start_timeout_seconds

    async def redrive(self, organization: str, arn: str, client_token: str | None) -> datetime:
        """Run an execution again from where it failed, with the definition that it was started with; say when.

        Raises ExecutionDoesNotExist, ExecutionNotRedrivable, Unavailable.
        """
        execution = await self._executions.find(organization, arn)
        answered = _ANSWERED.decode(execution.redrive_tokens or "[]")
        for each in answered:
            if each.token == client_token and self._clock.now() - each.redriven_at < _TOKEN_VALID:
                return each.redriven_at
        await self._require_redrivable(execution)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._reopen(execution.id, answered, client_token)
        except TimeoutError:
            raise Unavailable(f"The database didn't answer within {self._seconds:g} s.") from None

    async def _require_redrivable(self, execution: Execution) -> None:
        now = self._clock.now()
        status, reason = redrive_status(execution.status, execution.origin, now - (execution.stopped_at or now))
        if status == "REDRIVABLE_BY_MAP_RUN":
            reason = "Child workflow executions can only be redriven by redriving their Map Run"
        machine = await self._storage.get_version(execution.state_machine_id, execution.version)
        if machine is not None and machine.deleting:
            reason = "State machine is in DELETING status"
        if reason is None and await self._storage.erasures([execution.id]):
            reason = "Execution data was deleted and cannot be redriven"
        if reason is None and not await self._ends.all_ended(execution.id):
            reason = "Execution has a Map Run that is still being aborted and cannot be redriven yet"
        if reason is not None:
            raise ExecutionNotRedrivable(reason)

    async def _reopen(self, execution_id: UUID, answered: list[Answered], token: str | None) -> datetime:
        while True:
            stored = await self._storage.load_finished(execution_id)
            if stored is None:
                raise ExecutionNotRedrivable("Execution is RUNNING and cannot be redriven")
            now = self._clock.now()
            kept = answered if token is None else [*answered, Answered(token, now)][-_TOKENS_KEPT:]
            redriven = Redriven(stored.redrive_count + 1, now, msgspec.json.encode(kept).decode())
            outcome = await self._begin(stored, redriven)
            if outcome == "applied":
                return redriven.redriven_at
            if outcome != "lost":
                raise ExecutionNotRedrivable("Execution is RUNNING and cannot be redriven")
            await asyncio.sleep(_RETRY_SECONDS)

    async def _begin(self, stored: ActiveExecution, redriven: Redriven) -> Outcome:
        snapshot = decode_snapshot(stored.snapshot)
        if snapshot.last_event_id >= MAX_HISTORY_EVENTS - 1:
            raise ExecutionNotRedrivable("Execution history event limit exceeded")
        run = await self._adoption.run_of(stored, redriven)
        try:
            step = run.redrive(snapshot, redriven, self._horizon)
        except ValueError as error:
            raise ExecutionNotRedrivable(str(error)) from None
        return await self._executor.start(run, step)
