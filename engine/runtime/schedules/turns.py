"""What is to be started when a schedule is due."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfoNotFoundError

import msgspec

from engine.runtime.schedules.configuration import Invocation, Overlap, ScheduleConfiguration, read_configuration
from engine.runtime.schedules.expressions import InvalidExpression
from engine.storage.schedules import Firing, Schedule, Turn

_UNREADABLE_AGAIN: Final = timedelta(hours=1)

_log = logging.getLogger(__name__)


class StoredTarget(msgspec.Struct, frozen=True, kw_only=True):
    """What a firing starts and how, as it was when its time came."""

    invocation: Invocation
    overlap: Overlap


def take_turn(schedule: Schedule, due: datetime, now: datetime) -> Turn:
    """Say what a schedule that was due is to start, and when it is due next."""
    try:
        stored = read_configuration(schedule.configuration)
        recurrence = stored.recurrence
    except (msgspec.MsgspecError, InvalidExpression, ZoneInfoNotFoundError):
        _log.exception("The schedule %s can't be read; it waits for an hour.", schedule.id)
        return Turn(schedule.id, schedule.revision, due, now + _UNREADABLE_AGAIN, ())
    times = stored.chosen.patience.choose(recurrence, due, now)
    firings = tuple(_firing(schedule, stored.chosen, time) for time in times)
    return Turn(schedule.id, schedule.revision, due, recurrence.after(now), firings)


def read_target(text: str) -> StoredTarget:
    """Read a firing's target."""
    return _DECODER.decode(text)


def _firing(schedule: Schedule, chosen: ScheduleConfiguration, time: datetime) -> Firing:
    target = StoredTarget(invocation=chosen.target, overlap=chosen.overlap)
    window = timedelta(minutes=chosen.window_minutes or 0)
    return Firing(
        schedule_id=schedule.id,
        scheduled_at=time,
        start_at=time + Random(f"{schedule.id} {time}").random() * window,  # noqa: S311 - spreads load
        target=msgspec.json.encode(target).decode(),
    )


_DECODER: Final = msgspec.json.Decoder(StoredTarget)
