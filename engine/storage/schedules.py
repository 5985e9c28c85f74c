"""Schedules and what they start, as they are stored."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

CreateOutcome = Literal["stored", "exists", "group-absent"]
"""``exists``: the name is taken in the group."""

DEFAULT_GROUP: Final = "default"
"""The group that each organization has."""


class ScheduleGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of schedules; its id is what tags are attached to."""

    id: UUID
    organization: str
    name: str
    created_at: datetime
    updated_at: datetime


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule.

    Attributes:
        configuration: all that its owner chose, as JSON text that the storage doesn't read.
        enabled: whether it has due times.
        ends: whether it goes once it has no due time any more and all that it should start has started.
        revision: counts its owner's changes, from 1 on.
        due_at: the next time that is to be dealt with; None if there is none.
        latest_execution: the last execution that it started; None without one, and of EXPRESS executions.
    """

    id: UUID
    organization: str
    group_name: str
    name: str
    configuration: str
    enabled: bool
    ends: bool
    revision: int
    due_at: datetime | None
    latest_execution: UUID | None = None
    created_at: datetime
    updated_at: datetime


class Firing(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that a schedule is to start.

    Attributes:
        scheduled_at: the time of the schedule that it is for; a schedule has one firing for each.
        start_at: when it is to be started, or tried again.
        attempt: the number of the next attempt, from 1 on.
        target: what is to be started and how, as it was when the time came: JSON text that the storage doesn't read.
    """

    schedule_id: UUID
    scheduled_at: datetime
    start_at: datetime
    attempt: int = 1
    target: str


class DueFiring(msgspec.Struct, frozen=True, kw_only=True):
    """A firing whose time to start has come, with its schedule's names.

    Attributes:
        is_behind: whether an earlier firing of the schedule waits, and isn't due itself.
    """

    schedule_id: UUID
    scheduled_at: datetime
    attempt: int
    target: str
    organization: str
    group_name: str
    name: str
    latest_execution: UUID | None
    is_behind: bool


class Turn(msgspec.Struct, frozen=True):
    """A schedule's due time passes: what is to be started for it, and the next due time.

    It counts only if the schedule still has this revision and this due time.
    """

    schedule_id: UUID
    revision: int
    due_at: datetime
    next_at: datetime | None
    firings: tuple[Firing, ...]


class Settled(msgspec.Struct, frozen=True):
    """What became of a firing: it is done with, and maybe started an execution; or it is to be tried again."""

    schedule_id: UUID
    scheduled_at: datetime
    execution_id: UUID | None = None
    retry_at: datetime | None = None
    attempt: int = 1
