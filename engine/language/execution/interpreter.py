"""The interpreter: from a snapshot and an event to the next snapshot, as a pure function."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from engine.language.commands import Finish
from engine.language.context import ExecutionContext
from engine.language.definition import StateMachine
from engine.language.errors import RUNTIME, TIMEOUT, Reach, StatesError
from engine.language.events import Event, Stopped, TimerFired
from engine.language.execution.behavior import awaiting, begin, fail_frame, resume
from engine.language.execution.forks import child_ended, child_failed
from engine.language.execution.maps import start_iteration
from engine.language.execution.redriving import beginning, revived
from engine.language.execution.run import HistoryFullError, Run
from engine.language.execution.steps import enter, give_way
from engine.language.execution.work import Again, Ended, Enter, Work
from engine.language.history import present
from engine.language.limits import MAX_HISTORY_EVENTS, MAX_STATES_PER_TRANSITION
from engine.language.snapshot import EXECUTION_TIMER, ROOT, AwaitTurn, Frame, Snapshot
from engine.language.transition import Transition


def start(machine: StateMachine, context: ExecutionContext, now: datetime) -> Transition:
    """Start an execution and run it as far as it gets without waiting.

    Args:
        machine: what to run.
        context: the execution; its input is the first state's input.
        now: the present moment, with a time zone.
    """
    run = Run(machine, context, now, {}, timeout_due=_deadline(machine, now))
    _set_deadline(run)
    run.put(Frame(id=ROOT, parent=None, index=0, state=machine.start_at, input=context.input, last_event=0))
    details: dict[str, object] = {
        "roleArn": context.role_arn,
        "stateMachineVersionArn": context.version_arn,
        "stateMachineAliasArn": context.alias_arn,
    }
    try:
        details["input"] = run.payload(context.input, machine.start_at)
        run.note("ExecutionStarted", 0, present(**details))
        run.work.append(Enter(ROOT))
    except StatesError as failure:
        run.note("ExecutionStarted", 0, present(**details))
        run.frames.clear()
        _fail_execution(run, failure, 1)
    return _drive(run)


def redrive(machine: StateMachine, context: ExecutionContext, snapshot: Snapshot, now: datetime) -> Transition:
    """Go on with an execution that failed, timed out or was aborted, where it did.

    Args:
        machine: what it ran.
        context: the execution; its count and time of redrives include this one.
        snapshot: the last one, of its end.
        now: the present moment, with a time zone.

    Raises:
        ValueError: if nothing in the snapshot can be redriven.
    """
    if snapshot.frames or not snapshot.redrivable:
        msg = f"The execution {context.execution_id} has nothing that can be redriven."
        raise ValueError(msg)
    event = snapshot.last_event_id + 1
    frames = revived(snapshot.redrivable, context.redrive_count or 0, event)
    run = Run(machine, context, now, frames, snapshot.last_event_id, _deadline(machine, now))
    _set_deadline(run)
    run.note("ExecutionRedriven", snapshot.last_event_id, present(redriveCount=context.redrive_count))
    for frame in beginning(frames):
        again = type(frame.awaiting) is not AwaitTurn
        run.work.append(Again(frame.id) if again else Enter(frame.id))
    return _drive(run)


def advance(
    machine: StateMachine, context: ExecutionContext, snapshot: Snapshot, event: Event, now: datetime
) -> Transition:
    """Tell an execution what happened and run it as far as it gets without waiting.

    ``snapshot`` is left as it is. An event for something that is no longer awaited (a task that was cancelled, a timer
    of a state that was left, an execution that is over) gives a transition with nothing in it.
    """
    if not snapshot.frames:
        return Transition(snapshot)
    run = Run(machine, context, now, dict(snapshot.frames), snapshot.last_event_id, snapshot.timeout_due)
    if type(event) is Stopped:
        _end(run, Finish("ABORTED", error=event.error, cause=event.cause))
        return run.transition()
    if type(event) is TimerFired and event.timer_id == EXECUTION_TIMER:
        if snapshot.timeout_due is None:
            return Transition(snapshot)
        details: dict[str, object] = {"error": TIMEOUT}
        run.finish(Finish("TIMED_OUT"), details, 0, fired=EXECUTION_TIMER)
        return run.transition()
    frames = awaiting(snapshot.frames, event)
    return _drive(run, frames, event) if frames else Transition(snapshot)


def _drive(run: Run, frames: Sequence[Frame] = (), event: Event | None = None) -> Transition:
    """Let ``frames`` take in the event, then work until nothing is left to do without waiting."""
    try:
        if event is not None:
            for frame in frames:
                resume(run, frame, event)
        while run.work:
            _do(run, run.work.popleft())
    except HistoryFullError:
        cause = f"The execution reached the maximum number of history events ({MAX_HISTORY_EVENTS})."
        _fail_execution(run, StatesError(RUNTIME, cause), MAX_HISTORY_EVENTS - 1)
    return run.transition()


def _do(run: Run, work: Work) -> None:
    frame = run.frames.get(work.frame_id)
    if frame is None:
        return
    if type(work) is Enter:
        if run.entered >= MAX_STATES_PER_TRANSITION:
            give_way(run, frame)
        else:
            state = run.state_of(frame)
            begin(run, enter(run, frame, state), state)
    elif type(work) is Ended:
        _frame_ended(run, frame, work.output)
    elif type(work) is Again:
        begin(run, frame, run.state_of(frame))
    elif frame.parent is None or work.failure.reach is Reach.NOBODY:
        _fail_execution(run, work.failure, frame.last_event)
    else:
        child_failed(run, frame, work.failure)


def _frame_ended(run: Run, frame: Frame, output: object) -> None:
    if frame.parent is None:
        run.finish(Finish("SUCCEEDED", output), {"output": run.accepted(output)}, frame.last_event)
        return
    try:
        child_ended(run, frame, output, start_iteration)
    except StatesError as failure:
        fail_frame(run, frame.parent, failure)


def _deadline(machine: StateMachine, now: datetime) -> datetime | None:
    return None if machine.timeout_seconds is None else now + timedelta(seconds=machine.timeout_seconds)


def _set_deadline(run: Run) -> None:
    if run.timeout_due is not None:
        run.start_timer(EXECUTION_TIMER, run.timeout_due)


def _fail_execution(run: Run, failure: StatesError, previous: int) -> None:
    finish = Finish("FAILED", error=failure.error, cause=failure.cause)
    run.finish(finish, present(error=failure.error, cause=failure.cause), previous)


def _end(run: Run, finish: Finish) -> None:
    """End the execution from outside, whatever it is doing."""
    run.finish(finish, present(error=finish.error, cause=finish.cause), 0)
