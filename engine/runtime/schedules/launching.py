"""Starting the executions of schedules."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, Literal
from uuid import UUID

from engine.language import Stopped
from engine.runtime.control_plane.targets import Targets
from engine.runtime.definitions import Definitions
from engine.runtime.errors import (
    EngineError,
    ExecutionAlreadyExists,
    ExecutionLimitExceeded,
    InvalidDefinition,
    Overloaded,
    Unavailable,
)
from engine.runtime.executions import Executions
from engine.runtime.express import Express
from engine.runtime.observer import Observer, ScheduleOutcome
from engine.runtime.running.outgoing import encode_message
from engine.runtime.schedules.inputs import ScheduleArn, execution_input, execution_name
from engine.runtime.schedules.turns import StoredTarget, read_target
from engine.runtime.starter import Starter
from engine.storage import StorageUnavailable
from engine.storage.protocol import Storage
from engine.storage.schedules import DueFiring, Settled

Choice = Literal["start", "wait", "skip", "terminate"]

_UNREADABLE_AGAIN: Final = timedelta(minutes=1)
_AGAIN_SOON: Final = timedelta(seconds=1)
_LONGEST_WAIT: Final = timedelta(seconds=30)
_LONGEST_BACKOFF_SECONDS: Final = 300

_log = logging.getLogger(__name__)


class Launcher:
    """Starts executions; asked again for the same time of a schedule, it finds the one that it started."""

    def __init__(
        self, targets: Targets, definitions: Definitions, starter: Starter, express: Express, executions: Executions
    ) -> None:
        self._targets = targets
        self._definitions = definitions
        self._starter = starter
        self._express = express
        self._executions = executions

    async def arn(self, firing: DueFiring) -> ScheduleArn:
        """Give the schedule's ARN."""
        prefix = await self._definitions.arn(firing.organization, "")
        return ScheduleArn(prefix.region, prefix.account, firing.group_name, firing.name)

    async def start(self, firing: DueFiring, stored: StoredTarget) -> UUID | None:
        """Start the execution and give its id; None for an EXPRESS one. Raises EngineError, InvalidDefinition."""
        name = execution_name(firing)
        text = execution_input(stored.invocation.input, firing, await self.arn(firing))
        target = await self._targets.resolve(firing.organization, stored.invocation.arn)
        if target.definition.machine.kind == "EXPRESS":
            self._express.start(target.definition, name, text)
            return None
        try:
            return UUID((await self._starter.start(target, name, text)).id)
        except ExecutionAlreadyExists:
            # Its name is this time's alone: whoever led before had started it.
            return (await self._executions.find(firing.organization, target.definition.arn.execution(name))).id


class Launching:
    """Decides about firings and has them started, those of one schedule one after another."""

    def __init__(self, storage: Storage, launcher: Launcher, observer: Observer) -> None:
        self._storage = storage
        self._launcher = launcher
        self._observer = observer

    async def launch(self, firings: Sequence[DueFiring], now: datetime) -> list[Settled]:
        """Start what is to be started, and say what became of each firing, but for those that wait for the database.

        Raises StorageUnavailable.
        """
        latest = [each.latest_execution for each in firings if each.latest_execution is not None]
        positions = await self._storage.positions(latest) if latest else {}
        running = {key: position.owner is not None for key, position in positions.items()}
        ordered = sorted(firings, key=lambda each: (each.schedule_id, each.scheduled_at))
        series = [list(group) for _, group in groupby(ordered, key=lambda each: each.schedule_id)]
        return [
            each for done in await asyncio.gather(*(self._series(s, running, now) for s in series)) for each in done
        ]

    async def _series(self, firings: Sequence[DueFiring], running: Mapping[UUID, bool], now: datetime) -> list[Settled]:
        first, settled = firings[0], list[Settled]()
        behind = first.is_behind
        busy = first.latest_execution is not None and running.get(first.latest_execution, False)
        for firing in firings:
            try:
                done = await self._decide(firing, now, busy=busy, behind=behind)
            except (StorageUnavailable, Unavailable) as error:
                _log.warning("The schedule %s waits for the database: %s", firing.name, error)
                break
            except Exception:  # noqa: BLE001 - what is wrong with one schedule harms no other
                _log.exception("The schedule %s can't be dealt with; it waits for a minute.", firing.name)
                settled.append(_later(firing, now + _UNREADABLE_AGAIN))
                break
            settled.append(done)
            behind = behind or done.retry_at is not None
            busy = busy or done.execution_id is not None
        return settled

    async def _decide(self, firing: DueFiring, now: datetime, *, busy: bool, behind: bool) -> Settled:
        stored = read_target(firing.target)
        choice = _choose(stored, busy=busy, behind=behind)
        if choice == "start":
            return await self._start(firing, stored, now)
        if choice == "terminate" and firing.latest_execution is not None:
            await self._terminate(firing.latest_execution, await self._launcher.arn(firing))
        return await self._leave(firing, choice, now)

    async def _start(self, firing: DueFiring, stored: StoredTarget, now: datetime) -> Settled:
        try:
            execution_id = await self._launcher.start(firing, stored)
        except Unavailable:
            raise
        except (Overloaded, ExecutionLimitExceeded) as refusal:
            return await self._again(firing, stored, now, refusal)
        except (EngineError, InvalidDefinition) as refusal:
            return await self._give_up(firing, now, refusal)
        await self._tell(firing, "started", now)
        return Settled(firing.schedule_id, firing.scheduled_at, execution_id=execution_id)

    async def _again(self, firing: DueFiring, stored: StoredTarget, now: datetime, refusal: EngineError) -> Settled:
        backoff = timedelta(seconds=min(2 ** min(firing.attempt, 16), _LONGEST_BACKOFF_SECONDS))
        age = now + backoff - firing.scheduled_at
        invocation = stored.invocation
        if firing.attempt > invocation.retry_attempts or age > timedelta(seconds=invocation.event_age_seconds):
            return await self._give_up(firing, now, refusal)
        return Settled(firing.schedule_id, firing.scheduled_at, retry_at=now + backoff, attempt=firing.attempt + 1)

    async def _give_up(self, firing: DueFiring, now: datetime, refusal: EngineError | InvalidDefinition) -> Settled:
        arn, name = await self._launcher.arn(firing), type(refusal).__name__
        _log.error("The schedule %s started nothing for %s: %s: %s", arn, firing.scheduled_at, name, refusal)
        await self._tell(firing, "failed", now)
        return Settled(firing.schedule_id, firing.scheduled_at)

    async def _leave(self, firing: DueFiring, choice: Choice, now: datetime) -> Settled:
        if choice == "skip":
            await self._tell(firing, "skipped", now)
            return Settled(firing.schedule_id, firing.scheduled_at)
        patience = _AGAIN_SOON if choice == "terminate" else (now - firing.scheduled_at) / 10
        wait = min(max(patience, _AGAIN_SOON), _LONGEST_WAIT)
        return _later(firing, now + wait)

    async def _terminate(self, execution_id: UUID, arn: ScheduleArn) -> None:
        reason = Stopped("Schedule.Overlap", f"The schedule {arn} starts its next execution.")
        await self._storage.send(execution_id, encode_message(reason), key=f"overlap:{execution_id}")

    async def _tell(self, firing: DueFiring, outcome: ScheduleOutcome, now: datetime) -> None:
        arn = str(await self._launcher.arn(firing))
        self._observer.schedule_settled(arn, outcome, (now - firing.scheduled_at).total_seconds())


def _later(firing: DueFiring, retry_at: datetime) -> Settled:
    """Look again then, which is no further attempt."""
    return Settled(firing.schedule_id, firing.scheduled_at, retry_at=retry_at, attempt=firing.attempt)


def _choose(stored: StoredTarget, *, busy: bool, behind: bool) -> Choice:
    match stored.overlap:
        case "ALLOW_ALL":
            return "start"
        case "SKIP":
            return "skip" if busy else "start"
        case "BUFFER_ONE":
            return "skip" if behind else "wait" if busy else "start"
        case "TERMINATE_OTHER":
            return "wait" if behind else "terminate" if busy else "start"
