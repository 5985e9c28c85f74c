"""What the engine tells about state machines and executions."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

from engine.language import HistoryEvent

Kind = Literal["STANDARD"]
Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
Item = TypeVar("Item")


class StateMachineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A state machine in its current version (AWS: DescribeStateMachine)."""

    arn: str
    organization: str
    name: str
    kind: str
    definition: str
    role_arn: str
    description: str
    version: int
    created_at: datetime
    updated_at: datetime
    status: Literal["ACTIVE"] = "ACTIVE"


class ExecutionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as it stands (AWS: DescribeExecution); ``input`` and ``output`` are JSON texts.

    ``id`` is a UUID in time order; ``state_machine_version`` is the version that started it and that it keeps.
    """

    arn: str
    id: str
    organization: str
    name: str
    state_machine_arn: str
    state_machine_version: int
    status: Status
    input: str
    output: str | None
    error: str | None
    cause: str | None
    started_at: datetime
    stopped_at: datetime | None

    @property
    def finished(self) -> bool:
        """Whether the execution is over."""
        return self.status != "RUNNING"


class Page(msgspec.Struct, Generic[Item], frozen=True):
    """A part of a list, and the token that continues it; None at the end."""

    items: tuple[Item, ...]
    next_token: str | None = None


HistoryPage = Page[HistoryEvent]


class DatabaseHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The database as this process sees it; ``error`` says why it isn't up."""

    up: bool
    latency_seconds: float | None
    pool_size: int
    pool_idle: int
    error: str | None = None


class SchedulerHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What waits in this process: timers in memory, tasks, executions, commits; and when the sweeper last ran."""

    pending_timers: int
    running_tasks: int
    queued_tasks: int
    active_executions: int
    queued_commits: int
    last_run: datetime | None


class LeaseHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The process's lease: its epoch, and the seconds until it lapses unless it is renewed."""

    epoch: int | None
    held: bool
    expires_in_seconds: float


class EngineHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The health of one engine process; `ready` is whether it should be sent requests."""

    ready: bool
    accepting: bool
    database: DatabaseHealth
    scheduler: SchedulerHealth
    lease: LeaseHealth
