"""The whole state of a running execution, small enough to be stored with every transition."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from engine.language.commands import Command, RunTask, StartTimer

VERSION: Final = 1
"""Version of the snapshot's format that this code writes and reads."""

EXECUTION_TIMER: Final = "execution.timeout"
ROOT: Final = "root"


class AwaitTask(msgspec.Struct, frozen=True, tag="task"):
    """A Task state waits for an attempt; `timeout_due` and `heartbeat_due` are its deadlines."""

    task: RunTask
    timeout_due: datetime | None = None
    heartbeat_due: datetime | None = None


class AwaitTimer(msgspec.Struct, frozen=True, tag="timer"):
    """A state waits for its own timer: a Wait state to go on, any other state to be tried again."""

    timer_id: str
    due: datetime


class AwaitTurn(msgspec.Struct, frozen=True, tag="turn"):
    """The state is not entered yet: the execution gave way to others after many states in one transition."""

    timer_id: str
    due: datetime


class AwaitChildren(msgspec.Struct, frozen=True, tag="children"):
    """A Parallel or Map state waits for its children.

    Attributes:
        total: how many children there are in all, started or not.
        started: how many were started; they start in the order of their index.
        outputs: the output of each child that is done, by its index.
        items: the items that a Map state iterates over; empty for a Parallel state.
    """

    total: int
    started: int
    outputs: dict[int, object] = {}
    items: tuple[object, ...] = ()


Awaiting = AwaitTask | AwaitTimer | AwaitTurn | AwaitChildren


class Frame(msgspec.Struct, frozen=True):
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


class Snapshot(msgspec.Struct, frozen=True):
    """Everything the interpreter has to know to go on with an execution.

    Attributes:
        frames: the threads of control by their id; a tree by their parents. Empty once the execution is over.
        last_event_id: the id of the latest history event.
        timeout_due: when the execution times out as a whole; None if never.
        version: the format of this snapshot.
    """

    frames: dict[str, Frame]
    last_event_id: int
    timeout_due: datetime | None = None
    version: int = VERSION


def pending(snapshot: Snapshot, now: datetime) -> tuple[Command, ...]:
    """Give the RunTask and StartTimer commands that are still outstanding, for an engine that takes over.

    Its tasks run anew, so that the deadlines of their first heartbeats count from ``now``.
    """
    commands: list[Command] = []
    if snapshot.timeout_due is not None and snapshot.frames:
        commands.append(StartTimer(EXECUTION_TIMER, snapshot.timeout_due))
    for frame in snapshot.frames.values():
        commands.extend(outstanding(_begun_anew(frame, now)))
    return tuple(commands)


def outstanding(frame: Frame) -> list[RunTask | StartTimer]:
    """Give what ``frame`` itself waits for, as the commands that asked for it."""
    match frame.awaiting:
        case AwaitTask(task=task, timeout_due=timeout_due, heartbeat_due=heartbeat_due):
            commands: list[RunTask | StartTimer] = [task]
            if timeout_due is not None:
                commands.append(StartTimer(timeout_timer(task.task_id), timeout_due))
            if heartbeat_due is not None:
                commands.append(StartTimer(heartbeat_timer(task.task_id), heartbeat_due))
            return commands
        case AwaitTimer(timer_id=timer_id, due=due) | AwaitTurn(timer_id=timer_id, due=due):
            return [StartTimer(timer_id, due)]
        case _:
            return []


def _begun_anew(frame: Frame, now: datetime) -> Frame:
    awaiting = frame.awaiting
    if not isinstance(awaiting, AwaitTask) or awaiting.task.heartbeat_seconds is None:
        return frame
    due = now + timedelta(seconds=awaiting.task.heartbeat_seconds)
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
    if snapshot.version != VERSION:
        msg = f"The snapshot has version {snapshot.version}; this engine reads version {VERSION}."
        raise ValueError(msg)
    return snapshot
