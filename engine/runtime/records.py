"""What the engine tells about state machines and executions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec

from engine.language import HistoryEvent
from engine.runtime.control_plane.configuration import Configuration

Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
Item = TypeVar("Item")


class StateMachineRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A state machine in one of its revisions (AWS: DescribeStateMachine).

    Attributes:
        version: the revision's number, from 1 on; not that of a published version.
        revision_id: the revision's id; the first one has none.
        variable_references: the names of the variables that each state refers to, by the states' names.
    """

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
    status: Literal["ACTIVE", "DELETING"] = "ACTIVE"
    revision_id: str | None = None
    configuration: Configuration = Configuration()
    variable_references: Mapping[str, tuple[str, ...]] = {}


RedriveStatus = Literal["REDRIVABLE", "NOT_REDRIVABLE", "REDRIVABLE_BY_MAP_RUN"]


class ExecutionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as it stands (AWS: DescribeExecution); ``input`` and ``output`` are JSON texts.

    Attributes:
        id: a UUID; in time order, but for children of map runs.
        state_machine_version: the revision that started it and that it keeps.
        version_arn, alias_arn: by which it was started; None where the request named the state machine itself.
        map_run_arn: the map run whose child it is, which processes ``item_count`` items.
        redrive_status_reason: why it can't be redriven, if it can't.
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
    version_arn: str | None = None
    alias_arn: str | None = None
    trace_header: str | None = None
    map_run_arn: str | None = None
    item_count: int | None = None
    redrive_count: int = 0
    redriven_at: datetime | None = None
    redrive_status: RedriveStatus = "NOT_REDRIVABLE"
    redrive_status_reason: str | None = None

    @property
    def finished(self) -> bool:
        """Whether the execution is over."""
        return self.status != "RUNNING"


class SyncExecutionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An EXPRESS execution, over or just started (AWS: StartSyncExecution); ``input`` and ``output`` are JSON texts.

    What it would cost is told as AWS does: the time in whole 100 ms, and the memory in whole 64 MB.
    """

    arn: str
    name: str
    state_machine_arn: str
    status: Status
    input: str
    output: str | None
    error: str | None
    cause: str | None
    started_at: datetime
    stopped_at: datetime | None
    trace_header: str | None = None
    billed_milliseconds: int = 0
    billed_megabytes: int = 64


class ActivityTaskRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A task for a worker (AWS: GetActivityTask): its token, which is a secret, and its input as JSON text."""

    token: str
    input: str


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


class LeaderHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Who leads: whether it is this process, the term's number and the leader's name, None while nobody is known to."""

    leading: bool = False
    term: int | None = None
    name: str | None = None


class OutboxHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The outbox as the leader knows it; `pending` and `lag_seconds` are None in the processes that don't publish.

    Attributes:
        publishing: whether this process publishes.
        pending: events that wait, counted up to 100,000.
        lag_seconds: how long the first of them has waited.
        problem: why the sink doesn't take one of them.
    """

    publishing: bool
    pending: int | None = None
    lag_seconds: float | None = None
    problem: str | None = None


class EngineHealth(msgspec.Struct, frozen=True, kw_only=True):
    """The health of one engine process; `ready` is whether it should be sent requests.

    `outbox` is None where no events are published.
    """

    ready: bool
    accepting: bool
    database: DatabaseHealth
    scheduler: SchedulerHealth
    lease: LeaseHealth
    leader: LeaderHealth = LeaderHealth()
    outbox: OutboxHealth | None = None
