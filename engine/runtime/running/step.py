"""What goes into a commit of an execution, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from engine.language import (
    Command,
    Event,
    Finish,
    HistoryEvent,
    RunTask,
    Snapshot,
    TimerFired,
)
from engine.storage.records import Ending, Write

_ENCODER: Final = msgspec.json.Encoder()


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event for an execution, the message that brought it, if one did, and who waits until it is durable."""

    event: Event
    message_id: int | None = None
    noted: Callable[[], None] | None = None


class Step(msgspec.Struct, frozen=True, gc=False):
    """One commit of an execution: what is written, what is done once it is, and the state before it.

    `workers_tasks` are written as well, once it is known which activities they are for.
    """

    before: Snapshot | None
    write: Write
    history: tuple[HistoryEvent, ...] = ()
    commands: tuple[Command, ...] = ()
    finish: Finish | None = None
    arrivals: Sequence[Arrival] = ()
    workers_tasks: tuple[RunTask, ...] = ()


def tell(arrivals: Sequence[Arrival]) -> None:
    """Tell those who wait that events are durable, or of no account."""
    for arrival in arrivals:
        if arrival.noted is not None:
            arrival.noted()


def has_fired(arrivals: Sequence[Arrival]) -> bool:
    """Whether a timer is among the events."""
    return TimerFired in [type(arrival.event) for arrival in arrivals]


def messages_of(arrivals: Sequence[Arrival]) -> tuple[int, ...]:
    """Give the messages that brought events."""
    return tuple([arrival.message_id for arrival in arrivals if arrival.message_id is not None])


def must_be_noted(arrivals: Sequence[Arrival]) -> bool:
    """Whether what brought the events is to be deleted even if they change nothing: messages, and timers."""
    return has_fired(arrivals) or bool(messages_of(arrivals))


def ending_of(finish: Finish, snapshot: Snapshot, now: datetime) -> Ending:
    """Give the end of an execution; unless it succeeded, with what a redrive needs."""
    if finish.status == "SUCCEEDED":
        return Ending(finish.status, _ENCODER.encode(finish.output).decode(), None, None, now)
    kept = _ENCODER.encode(snapshot)
    return Ending(finish.status, None, _storable(finish.error), _storable(finish.cause), now, kept)


def _storable(text: str | None) -> str | None:
    """Replace what no database stores in a text: NUL and lone surrogates."""
    return None if text is None else text.replace("\0", "\ufffd").encode(errors="replace").decode()
