"""Rows as the engine and its storages exchange them. All times are aware datetimes; JSON travels as it is stored."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """A state machine in one of its versions."""

    id: UUID
    organization: str
    name: str
    kind: str
    version: int
    definition: str
    role_arn: str
    description: str
    created_at: datetime
    updated_at: datetime


class Beginning(msgspec.Struct, frozen=True, gc=False):
    """What is known of an execution from its start on."""

    state_machine_id: UUID
    version: int
    name: str
    input: str
    started_at: datetime


class Ending(msgspec.Struct, frozen=True, gc=False):
    """How an execution ended; `output` is JSON text."""

    status: str
    output: str | None
    error: str | None
    cause: str | None
    stopped_at: datetime | None


class Events(msgspec.Struct, frozen=True, gc=False):
    """Consecutive history events of one commit, `first` to `last` by their ids, encoded by the engine."""

    first: int
    last: int
    data: bytes


class Write(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One execution's share of a commit.

    It is applied if the execution is owned by the process that commits and is at `sequence` - 1; with a
    `beginning`, if neither the id nor the name within the state machine is taken. Otherwise nothing of it is.

    Attributes:
        execution_id: the execution.
        sequence: 1 for the first commit of the execution, then one more each.
        snapshot: the state to go on from; of no account with an `ending`.
        beginning: set in the first commit.
        ending: set in the last one, which takes the execution's timers and messages away as well.
        events: what is added to the history.
        timers_set: timers to store, by id; a timer that has the id is replaced.
        timers_removed: timers to forget; those that aren't there do no harm.
        messages_removed: messages that were dealt with.
    """

    execution_id: UUID
    sequence: int
    snapshot: bytes
    beginning: Beginning | None = None
    ending: Ending | None = None
    events: Events | None = None
    timers_set: tuple[tuple[str, datetime], ...] = ()
    timers_removed: tuple[str, ...] = ()
    messages_removed: tuple[int, ...] = ()


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """An execution as it stands, running or over."""

    id: UUID
    organization: str
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


class ActiveExecution(msgspec.Struct, frozen=True, kw_only=True):
    """All that a process has to know to go on with an execution."""

    id: UUID
    sequence: int
    snapshot: bytes
    state_machine_id: UUID
    version: int
    name: str
    input: str
    started_at: datetime


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
