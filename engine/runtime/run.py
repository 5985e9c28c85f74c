"""A running execution in this process's memory, and the commits that its transitions become."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from engine import language
from engine.language import (
    CancelTimer,
    Command,
    Event,
    ExecutionContext,
    Finish,
    HistoryEvent,
    Snapshot,
    StartTimer,
    Stopped,
    TimerFired,
    Transition,
)
from engine.runtime.arns import ExecutionArn
from engine.runtime.definitions import Definition
from engine.runtime.observer import ExecutionInfo
from engine.storage.records import Beginning, Ending, Events, Write

_ENCODER: Final = msgspec.json.Encoder()

_log = logging.getLogger(__name__)


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """An event for an execution, and the message that brought it, if one did."""

    event: Event
    message_id: int | None = None


class Step(msgspec.Struct, frozen=True):
    """One commit of an execution: what is written, what is done once it is, and the state before it."""

    before: Snapshot | None
    write: Write
    history: tuple[HistoryEvent, ...]
    commands: tuple[Command, ...]
    finish: Finish | None


class Run:
    """An execution that this process owns.

    Attributes:
        info: which execution it is, for those who are told about it.
        sequence: the number of its latest commit, written or about to be.
        committing: whether a commit is under way; events wait in `mailbox` meanwhile.
        tasks: how many of its tasks run here or wait for their turn.
        timers: the timers that it waits for, by id.
        stored_timers: those of them known to be rows of the storage.
    """

    __slots__ = (
        "committing",
        "context",
        "definition",
        "id",
        "info",
        "mailbox",
        "sequence",
        "snapshot",
        "stored_timers",
        "tasks",
        "timers",
    )

    def __init__(
        self, definition: Definition, execution_id: UUID, name: str, started_at: datetime, data: object
    ) -> None:
        machine = definition.machine
        arn = str(ExecutionArn(definition.arn, name))
        machine_arn = str(definition.arn)
        self.id = execution_id
        self.definition = definition
        self.context = ExecutionContext(arn, name, machine_arn, machine.name, machine.role_arn, started_at, data)
        self.info = ExecutionInfo(
            arn, name, machine_arn, machine.name, machine.version, machine.organization, started_at
        )
        self.snapshot: Snapshot | None = None
        self.sequence = 0
        self.committing = False
        self.mailbox: list[Arrival] = []
        self.tasks = 0
        self.timers: dict[str, datetime] = {}
        self.stored_timers: set[str] = set()

    def begin(self, beginning: Beginning, far: datetime) -> Step:
        """Make the first commit. Timers due after `far` become rows."""
        transition = language.start(self.definition.parsed, self.context, beginning.started_at)
        return self._step(None, [transition], [], beginning.started_at, far, beginning)

    def advance(self, now: datetime, far: datetime) -> Step | None:
        """Make one commit of all events in the mailbox; None if they change nothing."""
        arrivals, self.mailbox = self.mailbox, []
        transitions, before = [], self.snapshot
        for arrival in arrivals:
            transition = self._transition(arrival.event, now)
            transitions.append(transition)
            self.snapshot = transition.snapshot
            if not transition.snapshot.frames:
                break
        changed = any(transition.history or transition.commands for transition in transitions)
        if not changed and all(a.message_id is None and not isinstance(a.event, TimerFired) for a in arrivals):
            return None
        return self._step(before, transitions, arrivals, now, far, None)

    def undo(self, step: Step) -> None:
        """Go back to the state before a step that wasn't committed and never will be."""
        self.snapshot = step.before
        self.sequence -= 1
        self.committing = False

    def store_timers(self, far: datetime) -> Step | None:
        """Make a commit that stores the timers due after `far` which aren't rows yet; None if all are."""
        missing = {i: due for i, due in self.timers.items() if due > far and i not in self.stored_timers}
        if not missing:
            return None
        self.sequence += 1
        self.stored_timers.update(missing)
        write = Write(
            execution_id=self.id,
            sequence=self.sequence,
            snapshot=_ENCODER.encode(self.snapshot),
            timers_set=tuple(missing.items()),
        )
        return Step(self.snapshot, write, (), (), None)

    def resume(self, snapshot: Snapshot, sequence: int, now: datetime) -> tuple[Command, ...]:
        """Go on from a stored state; gives the commands that are outstanding."""
        self.snapshot = snapshot
        self.sequence = sequence
        commands = language.pending(snapshot, now)
        self.timers = {c.timer_id: c.due for c in commands if isinstance(c, StartTimer)}
        return commands

    def _transition(self, event: Event, now: datetime) -> Transition:
        machine, snapshot = self.definition.parsed, self.snapshot
        if snapshot is None:
            raise ValueError(f"The execution {self.info.arn} has no state yet.")
        try:
            return language.advance(machine, self.context, snapshot, event, now)
        except Exception as error:  # noqa: BLE001 - one bad execution harms no other
            _log.exception("The execution %s is stopped: %s failed", self.info.arn, type(event).__name__)
            stop = Stopped("States.Runtime", f"The engine failed: {type(error).__name__}: {error}")
            return language.advance(machine, self.context, snapshot, stop, now)

    def _step(
        self,
        before: Snapshot | None,
        transitions: Sequence[Transition],
        arrivals: Sequence[Arrival],
        now: datetime,
        far: datetime,
        beginning: Beginning | None,
    ) -> Step:
        history = tuple(event for transition in transitions for event in transition.history)
        commands = tuple(command for transition in transitions for command in transition.commands)
        finish = next((command for command in commands if isinstance(command, Finish)), None)
        timers_set, timers_removed = self._timers(arrivals, commands, far) if finish is None else ({}, set())
        self.sequence += 1
        self.snapshot = transitions[-1].snapshot
        write = Write(
            execution_id=self.id,
            sequence=self.sequence,
            snapshot=_ENCODER.encode(self.snapshot) if finish is None else b"",
            beginning=beginning,
            ending=None if finish is None else _ending(finish, now),
            events=Events(history[0].id, history[-1].id, _ENCODER.encode(history)) if history else None,
            timers_set=tuple(timers_set.items()),
            timers_removed=tuple(timers_removed),
            messages_removed=tuple(a.message_id for a in arrivals if a.message_id is not None),
        )
        return Step(before, write, history, commands, finish)

    def _timers(
        self, arrivals: Sequence[Arrival], commands: Sequence[Command], far: datetime
    ) -> tuple[dict[str, datetime], set[str]]:
        """Keep account of timers; gives those to store and those to delete, which need not be stored."""
        stored: dict[str, datetime] = {}
        deleted = {a.event.timer_id for a in arrivals if isinstance(a.event, TimerFired)}
        for timer_id in deleted:
            self.timers.pop(timer_id, None)
        for command in commands:
            if isinstance(command, StartTimer):
                self.timers[command.timer_id] = command.due
                if command.due > far:
                    stored[command.timer_id] = command.due
            elif isinstance(command, CancelTimer):
                self.timers.pop(command.timer_id, None)
                stored.pop(command.timer_id, None)
                deleted.add(command.timer_id)
        deleted.difference_update(stored)
        self.stored_timers.difference_update(deleted)
        self.stored_timers.update(stored)
        return stored, deleted


def _ending(finish: Finish, now: datetime) -> Ending:
    output = _ENCODER.encode(finish.output).decode() if finish.status == "SUCCEEDED" else None
    return Ending(finish.status, output, _storable(finish.error), _storable(finish.cause), now)


def _storable(text: str | None) -> str | None:
    """Replace what no database stores in a text: NUL and lone surrogates."""
    return None if text is None else text.replace("\0", "\ufffd").encode(errors="replace").decode()
