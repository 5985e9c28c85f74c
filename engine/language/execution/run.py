"""The working copy of an execution during one transition."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from msgspec import UNSET, Struct, field
from msgspec.structs import replace

from engine.language.commands import CancelTask, CancelTimer, Command, Finish, RunMap, RunTask, StartTimer
from engine.language.context import ExecutionContext
from engine.language.definition import MapState, ParallelState, State, StateMachine, StateTable
from engine.language.errors import Reach, StatesError, data_limit_exceeded
from engine.language.execution.contextobject import context_object
from engine.language.execution.work import Failed, Handled, Work
from engine.language.expressions.scope import Scope
from engine.language.history import HistoryEvent
from engine.language.limits import MAX_HISTORY_EVENTS, MAX_PAYLOAD_DEPTH
from engine.language.snapshot import (
    EXECUTION_TIMER,
    TURN,
    VERSION,
    AwaitChildren,
    AwaitTurn,
    Frame,
    Snapshot,
    outstanding,
)
from engine.language.transition import Transition
from engine.language.values import is_deeper, json_bytes, json_text


class HistoryFullError(Exception):
    """The execution has as many history events as it may have."""


class Run(Struct):
    """Collects what one transition changes; the snapshot it began with stays as it is.

    Attributes:
        machine: what runs.
        context: the execution.
        now: the present moment.
        frames: the threads of control, as they are now.
        last_event_id: the id of the latest event.
        timeout_due: when the execution times out as a whole; None if never.
        fallen: threads that a failure ended which nothing has handled so far, as they were before.
        work: what is still to do in this transition.
        handled: the latest failure that was handled in this transition; None if none was.
        entered: how many states it has entered.
    """

    machine: StateMachine
    context: ExecutionContext
    now: datetime
    frames: dict[str, Frame]
    last_event_id: int = 0
    timeout_due: datetime | None = None
    fallen: dict[str, Frame] = field(default_factory=dict)
    work: deque[Work] = field(default_factory=deque)
    handled: Handled | None = None
    entered: int = 0
    _most_events: int = MAX_HISTORY_EVENTS - 1  # the very last one is for the end
    _redrivable: dict[str, Frame] = field(default_factory=dict)
    _history: list[HistoryEvent] = field(default_factory=list)
    _commands: dict[str, Command] = field(default_factory=dict)
    _payload: object = UNSET
    _text: str = ""
    _gathered: dict[str, dict[int, object]] = field(default_factory=dict)

    @property
    def turn_id(self) -> str:
        """The timer of all threads that give way in this transition."""
        return f"{TURN}{self.last_event_id - len(self._history)}"

    def transition(self) -> Transition:
        """Give what was collected."""
        snapshot = Snapshot(self.frames, self.last_event_id, self.timeout_due, VERSION, self._redrivable)
        return Transition(snapshot, tuple(self._history), tuple(self._commands.values()))

    def state_of(self, frame: Frame) -> State:
        """Give the state that ``frame`` is in."""
        table = self.machine.table if frame.parent is None else self._table_below(frame.parent, frame.index)
        return table.states[frame.state]

    def scope(self, frame: Frame, state: State) -> Scope:
        """Give what the expressions of the frame's ``state`` see; the document is the raw input."""
        return Scope(
            frame.input,
            partial(context_object, self.context, self.frames, frame, state),
            f"{self.context.execution_id}/{frame.entry_id}/{frame.attempt}",
            frame.variables if frame.parent is None else self.variables(frame),
            self.now,
        )

    def variables(self, frame: Frame) -> Mapping[str, object]:
        """Give the variables that the frame can read: its own, and those of the threads around it."""
        if frame.parent is None:
            return frame.variables
        outer = self.variables(self.frames[frame.parent])
        return {**outer, **frame.variables} if frame.variables else outer

    def payload(self, value: object, name: str, reach: Reach = Reach.BY_NAME) -> str:
        """Give ``value`` as JSON text; too large or too deep, it is a failure of the state or task ``name``."""
        if self._payload is value:
            return self._text
        data = json_bytes(value)
        text = data.decode()
        size = len(data)
        if size > self.context.max_payload_bytes:
            raise data_limit_exceeded(name, reach=reach)
        if size > _SHALLOW and is_deeper(value, text, MAX_PAYLOAD_DEPTH):
            raise data_limit_exceeded(name, reach=reach)
        self._payload, self._text = value, text
        return text

    def accepted(self, value: object) -> str:
        """Give as JSON text a ``value`` that is known to be no larger and no deeper than it may be."""
        return self._text if self._payload is value else json_text(value)

    def put(self, frame: Frame) -> Frame:
        """Keep the new version of a frame."""
        self.frames[frame.id] = frame
        return frame

    def record(
        self, frame: Frame, event_type: str, details: dict[str, object] | None = None, at: datetime | None = None
    ) -> Frame:
        """Record an event as the next of the frame's thread; gives the frame that knows of it."""
        event_id = self.note(event_type, frame.last_event, details or {}, at)
        return self.put(replace(frame, last_event=event_id))

    def note(self, event_type: str, previous: int, details: dict[str, object], at: datetime | None = None) -> int:
        """Record an event; gives its id."""
        event_id = self.last_event_id + 1
        if event_id > self._most_events:
            raise HistoryFullError
        self.last_event_id = event_id
        self._history.append(HistoryEvent(event_id, previous, event_type, at or self.now, details))
        return event_id

    def call(self, task: RunTask | RunMap) -> None:
        """Ask the runtime to run a task or map run."""
        self._commands[task.task_id] = task

    def start_timer(self, timer_id: str, due: datetime) -> None:
        """Ask the runtime for a timer."""
        self._commands[timer_id] = StartTimer(timer_id, due)

    def release(self, frame: Frame) -> None:
        """Give up everything that ``frame`` waits for."""
        if frame.awaiting is None:
            return
        if type(frame.awaiting) is AwaitTurn and self._others_await(frame.awaiting.timer_id, frame):
            return
        self._cancel_all(outstanding(frame))

    def cancel_timer(self, timer_id: str) -> None:
        """Forget a timer."""
        self._cancel(timer_id, CancelTimer(timer_id))

    def finish(self, finish: Finish, details: dict[str, object], previous: int, *, fired: str | None = None) -> None:
        """End the execution; ``fired`` is the timer that did it, which needs no cancelling."""
        for frame in self.frames.values():
            self._cancel_all(outstanding(frame))
        if self.timeout_due is not None and fired != EXECUTION_TIMER:
            self.cancel_timer(EXECUTION_TIMER)
        has_room = self.last_event_id < MAX_HISTORY_EVENTS - 2  # for the events of a redrive
        if finish.status != "SUCCEEDED" and has_room:
            self._redrivable = {**self.frames, **self.fallen}
        self.frames = {}
        self.work.clear()
        self.timeout_due = None
        self._most_events = MAX_HISTORY_EVENTS
        self.note(_ENDINGS[finish.status], previous, details)
        self._commands["finish"] = finish

    def give_up(self, frame: Frame, failure: StatesError) -> None:
        """End a frame with a failure, before anything else is begun beside it."""
        self.work.appendleft(Failed(frame.id, failure))

    def drop(self, frame: Frame) -> None:
        """Remove a frame that came to its end."""
        self.release(frame)
        del self.frames[frame.id]

    def gather(self, frame: Frame, awaiting: AwaitChildren, index: int, output: object) -> AwaitChildren:
        """Add the output of a child to those that ``frame`` has got; copies them once in a transition."""
        if self._gathered.get(frame.id) is not awaiting.outputs:
            self._gathered[frame.id] = dict(awaiting.outputs)
            awaiting = replace(awaiting, outputs=self._gathered[frame.id])
        awaiting.outputs[index] = output
        return awaiting

    def fall(self, frame: Frame) -> None:
        """Remember a frame and all below it as they are: a failure is about to end them."""
        for fallen in (frame, *_below(self.frames, frame.id)):
            self.fallen.setdefault(fallen.id, fallen)

    def rise(self, frame: Frame) -> None:
        """Forget what fell at and below a frame, since the failure is handled."""
        if not self.fallen:
            return
        for fallen in _below(self.fallen, frame.id):
            del self.fallen[fallen.id]
        self.fallen.pop(frame.id, None)

    def _table_below(self, parent_id: str, index: int) -> StateTable:
        parent = self.state_of(self.frames[parent_id])
        if not isinstance(parent, (ParallelState, MapState)):
            msg = f"the state {parent.name!r} can't have children, but the snapshot says that it has"
            raise TypeError(msg)
        return parent.table(index)

    def _others_await(self, turn_id: str, frame: Frame) -> bool:
        waits = (other.awaiting for other in self.frames.values() if other.id != frame.id)
        return any(type(wait) is AwaitTurn and wait.timer_id == turn_id for wait in waits)

    def _cancel_all(self, commands: Iterable[RunTask | RunMap | StartTimer]) -> None:
        for command in commands:
            if type(command) is StartTimer:
                self.cancel_timer(command.timer_id)
            else:
                self._cancel(command.task_id, CancelTask(command.task_id))

    def _cancel(self, key: str, cancel: CancelTask | CancelTimer) -> None:
        if type(self._commands.get(key)) in _STARTING:
            del self._commands[key]
        else:
            self._commands[key] = cancel


def families(frames: Mapping[str, Frame]) -> dict[str, list[Frame]]:
    """Give the frames that each frame's state started, by that frame's id, in the order of their index."""
    found: dict[str, list[Frame]] = {}
    for frame in frames.values():
        if frame.parent is not None:
            found.setdefault(frame.parent, []).append(frame)
    for children in found.values():
        children.sort(key=_index)
    return found


def _index(frame: Frame) -> int:
    return frame.index


def _below(frames: Mapping[str, Frame], frame_id: str) -> list[Frame]:
    """Give all frames below one, each after its parent."""
    children = families(frames)
    found = list(children.get(frame_id, ()))
    for frame in found:
        found.extend(children.get(frame.id, ()))
    return found


_SHALLOW: Final = 2 * MAX_PAYLOAD_DEPTH
"""JSON of no more bytes can't be nested too deeply."""

_STARTING: Final = frozenset({RunTask, RunMap, StartTimer})
_ENDINGS: Final = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}
