"""What the engine tells about schedules and their groups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from engine.runtime.schedules.configuration import ScheduleConfiguration
from engine.runtime.schedules.expressions import parse_expression
from engine.runtime.schedules.recurrence import Recurrence


class ScheduleGroupRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A group of schedules (Amazon EventBridge Scheduler: GetScheduleGroup)."""

    id: UUID
    arn: str
    name: str
    created_at: datetime
    updated_at: datetime


class ScheduleRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule (Amazon EventBridge Scheduler: GetSchedule).

    Attributes:
        next_at: its next time; None when it is disabled or has none any more.
        latest_execution: the id of the execution that it started last; None without one.
    """

    arn: str
    group: str
    name: str
    enabled: bool
    configuration: ScheduleConfiguration
    next_at: datetime | None
    latest_execution: UUID | None
    created_at: datetime
    updated_at: datetime

    def upcoming(self, count: int) -> list[datetime]:
        """Give its next times, so many at most."""
        if self.next_at is None:
            return []
        chosen, times = self.configuration, [self.next_at]
        first = (chosen.start or self.next_at).replace(microsecond=0)
        expression = parse_expression(chosen.expression, ZoneInfo(chosen.timezone), first)
        recurrence = Recurrence(expression, end=chosen.end)
        while len(times) < count and (following := recurrence.after(times[-1])) is not None:
            times.append(following)
        return times
