"""A recorded history against the reference evaluator: `engine.language`, run purely on what the history says.

The evaluator is told, in the history's order, what it says that tasks answered and when timers fired, and has to give
the very same events: same ids, types, causes and details.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from engine import language
from engine.language import (
    Event,
    ExecutionContext,
    FailureKind,
    HistoryEvent,
    RunMap,
    RunTask,
    Snapshot,
    StartTimer,
    StateMachine,
    Stopped,
    TaskFailed,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    Transition,
)

_STARTS: Final = ("TaskStarted", "LambdaFunctionStarted", "ActivityStarted")
_KINDS: Final[tuple[FailureKind, ...]] = ("failed", "start-failed", "submit-failed")


class ContextOf(Protocol):
    """Gives an execution's context as it is after so many redrives, the last at that time."""

    def __call__(self, redrives: int, at: datetime | None) -> ExecutionContext:
        """Give it."""
        ...


class Departure(Exception):  # noqa: N818 - what was found
    """The history isn't what the evaluator gives."""


def check(machine: StateMachine, context_of: ContextOf, history: Sequence[HistoryEvent], apart: timedelta) -> Snapshot:
    """Give the state that the history leads to; raises Departure where the evaluator says otherwise.

    A timer may have fired as much too early as the processes' notions of the time are `apart`.
    """
    replay = _Replay(machine, context_of, history, apart)
    while replay.rest:
        replay.go_on()
    return replay.snapshot


class _Replay:
    """How far the evaluator has come; `rest` is what it has still to explain."""

    def __init__(
        self, machine: StateMachine, context_of: ContextOf, history: Sequence[HistoryEvent], apart: timedelta
    ) -> None:
        self.rest = list(history)
        self._apart = apart
        self._machine = machine
        self._context_of = context_of
        self._context = context_of(0, None)
        self._pending: dict[str, RunTask | RunMap | StartTimer] = {}
        first = language.start(machine, self._context, self._context.start_time)
        self.snapshot = first.snapshot
        if not self._accept(first):
            raise self._departure(first)

    def go_on(self) -> None:
        """Explain the next event, and those that come with it."""
        following = self.rest[0]
        if following.type == "ExecutionRedriven":
            self._redrive(following)
            return
        tried: Transition | None = None
        for event, moment in self._candidates():
            tried = language.advance(self._machine, self._context, self.snapshot, event, moment)
            if tried.history and self._accept(tried):
                return
        raise self._departure(tried)

    def _redrive(self, event: HistoryEvent) -> None:
        self._context = self._context_of(int(str(event.details["redriveCount"])), event.timestamp)
        self._pending.clear()
        again = language.redrive(self._machine, self._context, self.snapshot, event.timestamp)
        if not self._accept(again):
            raise self._departure(again)

    def _candidates(self) -> Iterator[tuple[Event, datetime]]:
        """Give what may have happened to make the next events, and when; a task's start may be told with its end."""
        following = self.rest[0]
        ending = self.rest[1] if following.type in _STARTS and len(self.rest) > 1 else following
        if following.type == "ExecutionAborted":
            yield Stopped(_text(following, "error"), _text(following, "cause")), following.timestamp
        for command in tuple(self._pending.values()):
            if not isinstance(command, StartTimer):
                for event in self._outcomes(command.task_id, following, ending):
                    yield event, following.timestamp if isinstance(event, TaskStarted) else ending.timestamp
            elif ending.timestamp >= command.due - self._apart:
                yield TimerFired(command.timer_id), max(ending.timestamp, command.due)

    def _outcomes(self, task_id: str, following: HistoryEvent, ending: HistoryEvent) -> Iterator[Event]:
        if following.type == "ActivityStarted":
            yield TaskStarted(task_id, following.timestamp, _text(following, "workerName"))
        if ending.type.endswith("Succeeded"):
            yield TaskSucceeded(task_id, self._output(ending), following.timestamp)
        elif ending.type.endswith("Submitted"):
            yield TaskSubmitted(task_id, self._output(ending), following.timestamp)
        elif ending.type.endswith("Failed"):
            for kind in _KINDS:
                yield TaskFailed(task_id, _text(ending, "error"), _text(ending, "cause"), following.timestamp, kind)

    def _output(self, ending: HistoryEvent) -> object:
        """Give what the task answered; a map run's result is in the exit of its state."""
        told = ending
        if ending.type == "MapRunSucceeded":
            told = next(event for event in self.rest if event.type == "MapStateExited")
        return msgspec.json.decode(str(told.details.get("output", "null")))

    def _accept(self, transition: Transition) -> bool:
        """Take the transition if its events are the next ones."""
        made = transition.history
        if len(made) > len(self.rest) or any(not _same(*pair) for pair in zip(made, self.rest, strict=False)):
            return False
        del self.rest[: len(made)]
        self.snapshot = transition.snapshot
        asked = language.pending(self.snapshot, made[-1].timestamp)
        self._pending = {_key(each): each for each in asked if isinstance(each, RunTask | RunMap | StartTimer)}
        return True

    def _departure(self, tried: Transition | None) -> Departure:
        made = "nothing" if tried is None else msgspec.json.encode(tried.history).decode()
        recorded = msgspec.json.encode(self.rest[:6]).decode()
        return Departure(f"{self._context.execution_id}: recorded {recorded}, but the evaluator gives {made}")


def _key(command: RunTask | RunMap | StartTimer) -> str:
    return command.timer_id if isinstance(command, StartTimer) else command.task_id


def _same(made: HistoryEvent, recorded: HistoryEvent) -> bool:
    at = recorded.timestamp
    if replace(made, timestamp=at) == recorded:
        return True
    as_stored = msgspec.json.decode(msgspec.json.encode(replace(made, timestamp=at)), type=HistoryEvent)
    return as_stored == recorded


def _text(event: HistoryEvent, member: str) -> str | None:
    value = event.details.get(member)
    return None if value is None else str(value)
