"""The whole state of a running execution, small enough to be stored with every transition."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, final

import msgspec
from msgspec.structs import replace

from engine.language.commands import Command, RunMap, RunTask, StartTimer

VERSION: Final = 2
"""Version of the snapshot's format that this code writes."""

READABLE: Final = frozenset({1, 2})
"""Versions that this code reads: each has all that is in the one before it, so that defaults make up the rest."""

EXECUTION_TIMER: Final = "execution.timeout"
ROOT: Final = "root"
TURN: Final = "turn."
"""How the names of timers begin that threads wait for which gave way."""


@final
class AwaitTask(msgspec.Struct, frozen=True, tag="task", omit_defaults=True, gc=False):
    """A Task state waits for an attempt.

    Attributes:
        task: the attempt.
        timeout_due: when it is given up; None if never, or if nobody has taken the activity task yet.
        heartbeat_due: when it is given up if no heartbeat comes before; None if none is needed.
        started: whether the history tells already that it has started.
        takes_input: whether the attempt's input is the state's raw input, which is not stored twice then.
    """

    task: RunTask
    timeout_due: datetime | None = None
    heartbeat_due: datetime | None = None
    started: bool = False
    takes_input: bool = False


@final
class AwaitMap(msgspec.Struct, frozen=True, tag="map", gc=False):
    """A distributed Map state waits for its map run."""

    task: RunMap


@final
class AwaitTimer(msgspec.Struct, frozen=True, tag="timer", gc=False):
    """A state waits for its own timer: a Wait state to go on, any other state to be tried again."""

    timer_id: str
    due: datetime


@final
class AwaitTurn(msgspec.Struct, frozen=True, tag="turn", gc=False):
    """The state is not entered yet: the execution gave way to others after many states in one transition.

    All threads that gave way in it wait for the same timer.
    """

    timer_id: str
    due: datetime


@final
class AwaitChildren(msgspec.Struct, frozen=True, tag="children", omit_defaults=True, gc=False):
    """A Parallel or Map state waits for its children.

    Attributes:
        total: how many children there are in all, started or not.
        started: how many were started; they start in the order of their index.
        outputs: the output of each child that is done, by its index.
        items: the items that a Map state iterates over; empty for a Parallel state.
        keys: the items' names, when they were the members of an object.
    """

    total: int
    started: int
    outputs: dict[int, object] = {}
    items: tuple[object, ...] = ()
    keys: tuple[str, ...] = ()


Awaiting = AwaitTask | AwaitMap | AwaitTimer | AwaitTurn | AwaitChildren


class Frame(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One thread of control: the execution itself, a branch of a Parallel state, or an iteration of a Map state.

    Attributes:
        id: unique within the execution; `ROOT` for the execution itself.
        parent: the frame whose state started this one; None for the root.
        index: which branch or iteration of the parent's state this is.
        state: the name of the state it is in.
        input: the state's raw input.
        last_event: the latest history event of this thread.
        entry_id: unique for every visit to a state.
        entry_event: the id of the history event that tells of the entry.
        entered_at: when the state was entered.
        attempt: 1 for the first attempt of the state, one more for each retry.
        retries: how often each retrier of the state was used.
        awaiting: what it waits for; None while it runs inside a transition.
        variables: the variables that states of this thread assigned; those of its parents can be read as well.
    """

    id: str
    parent: str | None
    index: int
    state: str
    input: object
    last_event: int
    entry_id: str = ""
    entry_event: int = 0
    entered_at: datetime | None = None
    attempt: int = 1
    retries: dict[int, int] = {}
    awaiting: Awaiting | None = None
    variables: dict[str, object] = {}


class Snapshot(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Everything the interpreter has to know to go on with an execution.

    Attributes:
        frames: the threads of control by their id; a tree by their parents. Empty once the execution is over.
        last_event_id: the id of the latest history event.
        timeout_due: when the execution times out as a whole; None if never.
        version: the format of this snapshot.
        redrivable: the threads as they were when the execution failed, timed out or was aborted, for `redrive`.
    """

    frames: dict[str, Frame]
    last_event_id: int
    timeout_due: datetime | None = None
    version: int = msgspec.field(default_factory=lambda: VERSION)  # a factory's value is written, other defaults aren't
    redrivable: dict[str, Frame] = {}


def pending(snapshot: Snapshot, now: datetime) -> tuple[Command, ...]:
    """Give the RunTask, RunMap and StartTimer commands that are still outstanding, for an engine that takes over.

    Its tasks run anew, so that the deadlines of their first heartbeats count from ``now``; but for those that are
    known to have started elsewhere.
    """
    commands: dict[str, Command] = {}
    if snapshot.timeout_due is not None and snapshot.frames:
        commands[EXECUTION_TIMER] = StartTimer(EXECUTION_TIMER, snapshot.timeout_due)
    for frame in snapshot.frames.values():
        for command in outstanding(_begun_anew(frame, now)):
            commands[command.timer_id if type(command) is StartTimer else command.task_id] = command
    return tuple(commands.values())


def outstanding(frame: Frame) -> list[RunTask | RunMap | StartTimer]:
    """Give what ``frame`` itself waits for, as the commands that asked for it."""
    awaiting = frame.awaiting
    if type(awaiting) is AwaitTask:
        task = replace(awaiting.task, input=frame.input) if awaiting.takes_input else awaiting.task
        return [task, *deadlines(awaiting)]
    if type(awaiting) is AwaitMap:
        return [awaiting.task]
    if type(awaiting) is AwaitTimer or type(awaiting) is AwaitTurn:
        return [StartTimer(awaiting.timer_id, awaiting.due)]
    return []


def deadlines(awaiting: AwaitTask) -> list[StartTimer]:
    """Give the timers of the attempt."""
    task, timers = awaiting.task, []
    if awaiting.timeout_due is not None:
        timers.append(StartTimer(timeout_timer(task.task_id), awaiting.timeout_due))
    if awaiting.heartbeat_due is not None:
        timers.append(StartTimer(heartbeat_timer(task.task_id), awaiting.heartbeat_due))
    return timers


@lru_cache(maxsize=1_024)
def span(seconds: float) -> timedelta:
    """Give a length of time; most are the same again and again, and to make one takes long."""
    return timedelta(seconds=seconds)


def _begun_anew(frame: Frame, now: datetime) -> Frame:
    awaiting = frame.awaiting
    if type(awaiting) is not AwaitTask or awaiting.started or awaiting.heartbeat_due is None:
        return frame
    due = now + span(awaiting.task.heartbeat_seconds or 0)
    return replace(frame, awaiting=replace(awaiting, heartbeat_due=due))


def timeout_timer(task_id: str) -> str:
    """Name the timer of a task's TimeoutSeconds."""
    return f"{task_id}.timeout"


def heartbeat_timer(task_id: str) -> str:
    """Name the timer of a task's HeartbeatSeconds."""
    return f"{task_id}.heartbeat"


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Snapshot)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Write ``snapshot`` as JSON."""
    return _ENCODER.encode(snapshot)


def decode_snapshot(data: bytes | str) -> Snapshot:
    """Read what `encode_snapshot` wrote; raises ValueError for a version that this code doesn't know."""
    snapshot = _DECODER.decode(data)
    if snapshot.version not in READABLE:
        msg = f"The snapshot has version {snapshot.version}; this engine reads versions up to {VERSION}."
        raise ValueError(msg)
    return snapshot if snapshot.version == VERSION else replace(snapshot, version=VERSION)
