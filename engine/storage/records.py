"""Rows as the engine and its storages exchange them. All times are aware datetimes; JSON travels as it is stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from engine.storage.map_runs import Child, ChildCount, MapRun
from engine.storage.resources import Activity, Alias, Machine, PublishedVersion, Route
from engine.storage.retention import Archived

__all__ = [
    "ALL",
    "NO_ORIGIN",
    "ActiveExecution",
    "Activity",
    "ActivityTask",
    "Alias",
    "Beginning",
    "Child",
    "ChildCount",
    "Ending",
    "Events",
    "Execution",
    "ExecutionFilter",
    "Lease",
    "Machine",
    "MapRun",
    "Message",
    "Origin",
    "PoolStatus",
    "Position",
    "PublishedVersion",
    "Redriven",
    "Route",
    "Write",
]


class Origin(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What some executions have been started with, and most have not.

    Attributes:
        published: number of the published version that it was started by.
        alias: name of the alias that it was started by; `published` is the version that the alias chose.
        trace_header: the caller's X-Ray trace header.
        parent: the execution that started it and is told when it ends.
        parent_task: the task of the parent that started it.
        map_run: the map run whose child it is. Its id then is `child_id(map_run, index)` and its name that id's text.
        items: how many items of the map run it processes; 0 for no child.
    """

    published: int | None = None
    alias: str | None = None
    trace_header: str | None = None
    parent: UUID | None = None
    parent_task: str | None = None
    map_run: UUID | None = None
    items: int = 0


NO_ORIGIN = Origin()


class Beginning(msgspec.Struct, frozen=True, gc=False):
    """What is known of an execution from its start on; for a map run's child, `state_machine_id` is its parent's."""

    state_machine_id: UUID
    version: int
    name: str
    input: str
    started_at: datetime
    origin: Origin = NO_ORIGIN


class Ending(msgspec.Struct, frozen=True, gc=False):
    """How an execution ended; `output` is JSON text, `snapshot` the state to redrive it from, if that may be asked."""

    status: str
    output: str | None
    error: str | None
    cause: str | None
    stopped_at: datetime | None
    snapshot: bytes | None = None


class Redriven(msgspec.Struct, frozen=True, gc=False):
    """An execution that was over runs again: for the `count`th time, 1 for the first.

    `tokens` is text of the engine's that `Execution.redrive_tokens` shows.
    """

    count: int
    redriven_at: datetime
    tokens: str = ""


class Events(msgspec.Struct, frozen=True, gc=False):
    """Consecutive history events of one commit, `first` to `last` by their ids, encoded by the engine."""

    first: int
    last: int
    data: bytes


class ActivityTask(msgspec.Struct, frozen=True, gc=False):
    """A task that waits for a worker of an activity; `input` is JSON text."""

    execution_id: UUID
    task_id: str
    activity_id: UUID
    input: str


class Write(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution's share of a commit.

    It is applied if the execution is owned by the process that commits and is at `sequence` - 1; with a
    `beginning`, if neither the id nor the name within the state machine is taken; with `redriven`, if the execution
    is over, has failed, timed out or been aborted, was redriven `redriven.count` - 1 times, and has its data. Otherwise
    nothing of it is.

    Attributes:
        execution_id: the execution.
        sequence: 1 for the first commit of the execution and for one that redrives it, then one more each.
        snapshot: the state to go on from; of no account with an `ending`.
        beginning: set in the first commit.
        redriven: set in the commit that opens an execution again. It has the process that commits as its owner, no
            result and no stop date; its name, its parent and its history stay.
        ending: set in the last one, which takes the execution's timers, messages and activity tasks away as well.
        events: what is added to the history.
        timers_set: timers to store, by id; a timer that has the id is replaced.
        timers_removed: timers to forget; those that aren't there do no harm.
        messages_removed: messages that were dealt with.
        sent: messages for other executions, each with the execution that it is for. They are left and the owners
            told as by `Storage.send`; those for executions that are over once the commit is applied are dropped.
        activity_tasks_added: tasks of this execution for workers to take; pollers are told.
        activity_tasks_removed: tasks that nobody is to take any more, by id; those that aren't there do no harm.
        payloads: what the events refer to, by the SHA-256 of each; what the execution has already does no harm.
    """

    execution_id: UUID
    sequence: int
    snapshot: bytes
    beginning: Beginning | None = None
    redriven: Redriven | None = None
    ending: Ending | None = None
    events: Events | None = None
    timers_set: tuple[tuple[str, datetime], ...] = ()
    timers_removed: tuple[str, ...] = ()
    messages_removed: tuple[int, ...] = ()
    sent: tuple[tuple[UUID, bytes], ...] = ()
    activity_tasks_added: tuple[ActivityTask, ...] = ()
    activity_tasks_removed: tuple[str, ...] = ()
    payloads: tuple[tuple[bytes, bytes], ...] = ()


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as it stands, running or over.

    Attributes:
        state_machine_id: the state machine; for a map run's child, its parent's.
        label: the label of the map run whose child it is, ``execution:STATE_MACHINE/LABEL:NAME`` in its ARN.
        redrive_count: how often it was redriven.
        redriven_at: when it was redriven last.
        redrive_tokens: what the last write that redrove it says.
        archived: where its input, output and history are; None as long as they are here.
    """

    id: UUID
    organization: str
    state_machine_id: UUID
    state_machine_name: str
    version: int
    name: str
    status: str
    input: str
    output: str | None
    error: str | None
    cause: str | None
    started_at: datetime
    stopped_at: datetime | None
    origin: Origin = NO_ORIGIN
    label: str | None = None
    redrive_count: int = 0
    redriven_at: datetime | None = None
    redrive_tokens: str = ""
    archived: Archived | None = None


class ExecutionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which executions a list is to hold besides; None lets all pass.

    Attributes:
        map_run: children of this map run; without it, executions that are nobody's child in a map run.
        published: started by the published version of this number.
        alias: started by the alias of this name.
        redriven: redriven at least once, or never (AWS: ListExecutions, "redriveFilter").
    """

    map_run: UUID | None = None
    published: int | None = None
    alias: str | None = None
    redriven: bool | None = None


ALL = ExecutionFilter()


class ActiveExecution(msgspec.Struct, frozen=True, kw_only=True):
    """All that a process has to know to go on with an execution.

    `label` and `pointer` are those of the map run whose child it is: the item processor that it runs.
    """

    id: UUID
    sequence: int
    snapshot: bytes
    state_machine_id: UUID
    version: int
    name: str
    input: str
    started_at: datetime
    origin: Origin = NO_ORIGIN
    label: str | None = None
    pointer: str | None = None
    redrive_count: int = 0
    redriven_at: datetime | None = None


class Position(msgspec.Struct, frozen=True):
    """How far an execution's commits have come: its owner is None and its sequence 0 when it is over."""

    sequence: int
    owner: int | None


class Message(msgspec.Struct, frozen=True):
    """An event that somebody left for an execution's owner; `id` grows with time."""

    id: int
    execution_id: UUID
    data: bytes


class Lease(msgspec.Struct, frozen=True):
    """A process's lease: its epoch, which no other process ever has, and the database's time when it was given."""

    epoch: int
    now: datetime


class PoolStatus(msgspec.Struct, frozen=True):
    """Connections that are open for queries, and how many of them are idle."""

    size: int
    idle: int
