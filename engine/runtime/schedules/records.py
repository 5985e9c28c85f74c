"""What the engine tells about schedules and their groups."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from engine.runtime.schedules.configuration import ScheduleConfiguration


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
