"""A running execution in this process's memory, and the commits that its transitions become."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from engine import language
from engine.language import (
    CancelTask,
    CancelTimer,
    Command,
    Event,
    ExecutionContext,
    Finish,
    HistoryEvent,
    RunTask,
    Snapshot,
    SnapshotWriter,
    StartTimer,
    Stopped,
    TaskFailed,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
    Transition,
)
from engine.runtime.children.nesting import ended_event, read_link
from engine.runtime.definitions import Definition
from engine.runtime.identity import Identity, Terms, context_of, ended_record, info_of
from engine.runtime.running.outgoing import encode_message, tasks_for_workers, withdrawn
from engine.runtime.running.step import Arrival, Step, ending_of, has_fired, messages_of, must_be_noted, tell
from engine.runtime.running.task_pool import Outcome
from engine.storage.records import Beginning, Ending, Events, Redriven, Write

__all__ = ["Arrival", "Run", "Step", "advance"]

_ENCODER: Final = msgspec.json.Encoder()

_log = logging.getLogger(__name__)


class Run:
    """An execution that this process owns.

    Attributes:
        identity: which execution it is, and what it was started with.
        info: the same, for those who are told about it.
        terms: what is the same for all executions of this process.
        sequence: the number of its latest commit, written or about to be.
        committing: whether a commit is under way; events wait in `mailbox` meanwhile.
        messages: the messages whose events wait or are being committed.
        tasks: how many of its tasks and map runs run here or wait for their turn.
        submitting: the tasks whose call is under way, after which they wait for a message; what comes too early for
            them waits in `early`.
        timers: the timers that it waits for, by id.
        stored_timers: those of them known to be rows of the storage.
        stranded: the resource of a task that can't be run in this process; None if there is none.
        forsaken: whether no process can run such a task, so that this one does what it can.
    """

    __slots__ = (
        "_writer",
        "committing",
        "context",
        "definition",
        "early",
        "forsaken",
        "id",
        "identity",
        "info",
        "mailbox",
        "messages",
        "sequence",
        "snapshot",
        "stored_timers",
        "stranded",
        "submitting",
        "tasks",
        "terms",
        "timers",
    )

    def __init__(self, definition: Definition, identity: Identity, terms: Terms) -> None:
        self.id = identity.id
        self.identity = identity
        self.definition = definition
        self.terms = terms
        self.info = info_of(definition, identity)
        self.context = context_of(definition, identity, self.info, terms)
        self.snapshot: Snapshot | None = None
        self._writer = SnapshotWriter()
        self.sequence = 0
        self.committing = False
        self.mailbox: list[Arrival] = []
        self.messages: set[int] = set()
        self.tasks = 0
        self.submitting: set[str] = set()
        self.early: list[Arrival] = []
        self.timers: dict[str, datetime] = {}
        self.stored_timers: set[str] = set()
        self.stranded: str | None = None
        self.forsaken = False

    def begin(self, beginning: Beginning, horizon: timedelta) -> Step:
        """Make the first commit. Timers due beyond the `horizon`, in this as in later steps, become rows."""
        transition = language.start(self.definition.parsed, self.context, beginning.started_at)
        return self._step([None], [transition], [], beginning.started_at, horizon, beginning=beginning)

    def redrive(self, snapshot: Snapshot, redriven: Redriven, horizon: timedelta) -> Step:
        """Make the first commit of an execution that was over and goes on where it failed."""
        transition = language.redrive(self.definition.parsed, self.context, snapshot, redriven.redriven_at)
        return self._step([None], [transition], [], redriven.redriven_at, horizon, redriven=redriven)

    def advance(self, now: datetime, horizon: timedelta) -> Step | None:
        """Make one commit of all events in the mailbox; None if they change nothing."""
        arrivals, self.mailbox = self.mailbox, []
        snapshot = self.snapshot
        if snapshot is None:
            raise ValueError(f"The execution {self.info.arn} has no state yet.")
        transitions, snapshots, has_news = [], [snapshot], False
        for arrival in arrivals:
            transition = advance(self.definition, self.context, snapshot, arrival.event, now)
            snapshot = transition.snapshot
            transitions.append(transition)
            snapshots.append(snapshot)
            has_news = has_news or bool(transition.history or transition.commands)
            if not snapshot.frames:
                break
        if has_news or must_be_noted(arrivals):
            return self._step(snapshots, transitions, arrivals, now, horizon)
        tell(arrivals)
        return None

    def settled(self, step: Step) -> None:
        """Note that a step is durable."""
        self.committing = False
        tell(step.arrivals)
        if self.messages:
            self.messages.difference_update(step.write.messages_removed)

    def is_early(self, arrival: Arrival) -> bool:
        """Whether an event ends a task whose call is still under way."""
        if not self.submitting:
            return False
        event = arrival.event
        return isinstance(event, (TaskSucceeded, TaskFailed)) and event.task_id in self.submitting

    def take_early(self) -> None:
        """Let in the events whose time has come."""
        if self.early:
            self.mailbox += [arrival for arrival in self.early if not self.is_early(arrival)]
            self.early = [arrival for arrival in self.early if self.is_early(arrival)]

    def undo(self, step: Step) -> None:
        """Go back to the state before a step that wasn't committed and never will be."""
        self.snapshot = step.before
        self.sequence -= 1
        self.committing = False
        self.messages.clear()

    def results(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Give the ends of tasks of this process that are among events which were never committed."""
        waiting = [arrival.event for arrival in (*arrivals, *self.mailbox) if arrival.message_id is None]
        return [event for event in waiting if isinstance(event, (TaskSucceeded, TaskFailed, TaskSubmitted))]

    def store_timers(self, far: datetime) -> Step | None:
        """Make a commit that stores the timers due after `far` which aren't rows yet; None if all are."""
        missing = {i: due for i, due in self.timers.items() if due > far and i not in self.stored_timers}
        if self.snapshot is None or not missing:
            return None
        self.sequence += 1
        self.stored_timers.update(missing)
        write = Write(
            execution_id=self.id,
            sequence=self.sequence,
            snapshot=self._writer.write(self.snapshot),
            timers_set=tuple(missing.items()),
        )
        return Step(self.snapshot, write)

    def resume(self, snapshot: Snapshot, sequence: int, now: datetime, far: datetime | None) -> tuple[Command, ...]:
        """Go on from a stored state; gives the commands that are outstanding.

        Timers due after `far` are rows: this process has stored those it saw. None when another process did.
        """
        self.snapshot = snapshot
        self.sequence = sequence
        commands = language.pending(snapshot, now)
        self.timers = {c.timer_id: c.due for c in commands if type(c) is StartTimer}
        if far is not None:
            self.stored_timers = {timer_id for timer_id, due in self.timers.items() if due > far}
        return commands

    def _step(
        self,
        snapshots: Sequence[Snapshot | None],
        transitions: Sequence[Transition],
        arrivals: Sequence[Arrival],
        now: datetime,
        horizon: timedelta,
        *,
        beginning: Beginning | None = None,
        redriven: Redriven | None = None,
    ) -> Step:
        history, commands = _joined(transitions)
        kinds = set(map(type, commands))
        finish = next(c for c in commands if type(c) is Finish) if Finish in kinds else None
        self.snapshot = transitions[-1].snapshot
        self.sequence += 1
        write = Write(
            execution_id=self.id,
            sequence=self.sequence,
            snapshot=self._writer.write(self.snapshot) if finish is None else b"",
            beginning=beginning,
            redriven=redriven,
            ending=None if finish is None else ending_of(finish, self.snapshot, now),
            events=Events(history[0].id, history[-1].id, _ENCODER.encode(history)) if history else None,
            messages_removed=messages_of(arrivals),
        )
        if finish is None and (self.timers or StartTimer in kinds or has_fired(arrivals)):
            write = self._with_timers(write, arrivals, commands, now + horizon)
        if CancelTask in kinds:
            steps = zip(snapshots, (each.commands for each in transitions), strict=False)
            given_up = withdrawn(steps, self.info.arn)
            write = replace(write, sent=given_up.messages, activity_tasks_removed=given_up.activity_tasks)
        if write.ending is not None and self.identity.origin.parent is not None:
            write = replace(write, sent=(*write.sent, *self._told(write.ending)))
        workers_tasks = tasks_for_workers(commands) if finish is None and RunTask in kinds else ()
        return Step(snapshots[0], write, history, commands, finish, arrivals, workers_tasks)

    def _told(self, ending: Ending) -> tuple[tuple[UUID, bytes], ...]:
        """Give the message that tells the parent, if one waits, how this execution ended."""
        origin = self.identity.origin
        link = None if origin.parent_task is None else read_link(origin.parent_task)
        if origin.parent is None or link is None or link.mode == "start":
            return ()
        child = ended_record(self.definition, self.identity, ending)
        return ((origin.parent, encode_message(ended_event(link, child))),)

    def _with_timers(
        self, write: Write, arrivals: Sequence[Arrival], commands: Sequence[Command], far: datetime
    ) -> Write:
        """Keep account of timers; adds to the write those to store and those to delete, which need not be stored."""
        stored: dict[str, datetime] = {}
        deleted = {a.event.timer_id for a in arrivals if type(a.event) is TimerFired}
        for timer_id in deleted:
            self.timers.pop(timer_id, None)
        for command in commands:
            if type(command) is StartTimer:
                self.timers[command.timer_id] = command.due
                if command.due > far:
                    stored[command.timer_id] = command.due
            elif type(command) is CancelTimer:
                self.timers.pop(command.timer_id, None)
                stored.pop(command.timer_id, None)
                deleted.add(command.timer_id)
        deleted.difference_update(stored)
        self.stored_timers.difference_update(deleted)
        self.stored_timers.update(stored)
        return replace(write, timers_set=tuple(stored.items()), timers_removed=tuple(deleted))


def advance(
    definition: Definition, context: ExecutionContext, snapshot: Snapshot, event: Event, now: datetime
) -> Transition:
    """Tell an execution what happened; what the interpreter can't cope with ends it, and harms no other."""
    try:
        return language.advance(definition.parsed, context, snapshot, event, now)
    except Exception as error:  # noqa: BLE001 - one bad execution harms no other
        _log.exception("The execution %s is stopped: %s failed", context.execution_id, type(event).__name__)
        stop = Stopped("States.Runtime", f"The engine failed: {type(error).__name__}: {error}")
        return language.advance(definition.parsed, context, snapshot, stop, now)


def _joined(transitions: Sequence[Transition]) -> tuple[tuple[HistoryEvent, ...], tuple[Command, ...]]:
    """Give the events and the commands of transitions; most often there is only one."""
    if len(transitions) == 1:
        return transitions[0].history, transitions[0].commands
    history = tuple(event for transition in transitions for event in transition.history)
    return history, tuple(command for transition in transitions for command in transition.commands)
