"""Task states: schedule, start, submit, succeed, fail, time out."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from msgspec.structs import replace

from engine.language.commands import RunTask
from engine.language.dataflow.interface import Outcome
from engine.language.definition import TaskState
from engine.language.errors import HEARTBEAT_TIMEOUT, TIMEOUT, Reach, StatesError, reported
from engine.language.events import TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded
from engine.language.execution.contextobject import task_id
from engine.language.execution.failing import fail
from engine.language.execution.run import Run
from engine.language.execution.steps import leave
from engine.language.execution.taskevents import (
    SCHEDULED,
    STARTED,
    SUCCEEDED,
    event_type,
    failure_type,
    scheduled,
    started,
)
from engine.language.expressions.scope import Scope
from engine.language.history import present
from engine.language.snapshot import AwaitTask, Frame, deadlines, heartbeat_timer, span, timeout_timer


def run_task(run: Run, frame: Frame, state: TaskState) -> None:
    """Ask for one attempt of a Task state."""
    resource = state.resource
    task = _task(run, frame, state)
    text = run.payload(task.input, state.name)
    shown = scheduled(resource, task, text, _region(run.context.state_machine_id))
    event = run.note(SCHEDULED[resource.family], frame.last_event, shown)
    run.call(task)
    takes_input = task.input is frame.input
    awaiting = AwaitTask(replace(task, input=None) if takes_input else task, takes_input=takes_input)
    if resource.family != "Activity":
        awaiting = _counted(run, awaiting)
    run.put(replace(frame, last_event=event, awaiting=awaiting))


def start_task(run: Run, frame: Frame, state: TaskState, event: TaskStarted) -> None:
    """Take note that a worker has begun; the deadlines of an activity count from now on."""
    frame = _started(run, frame, state, event.started_at, event.worker)
    if state.resource.family == "Activity" and type(frame.awaiting) is AwaitTask:
        run.put(replace(frame, awaiting=_counted(run, frame.awaiting)))


def submit_task(run: Run, frame: Frame, state: TaskState, event: TaskSubmitted) -> None:
    """Take the answer of the call, whose end is still to come."""
    frame = _started(run, frame, state, event.started_at)
    awaiting = frame.awaiting
    if type(awaiting) is not AwaitTask:
        return
    try:
        text = run.payload(event.output, state.resource.called, Reach.ANYONE)
    except StatesError as failure:
        run.release(frame)
        frame = run.put(replace(frame, awaiting=None))
        _record_failure(run, frame, state, failure_type(state.resource, "submit-failed"), failure)
        return
    frame = run.record(frame, event_type(state.resource, "Submitted"), {**state.resource.named, "output": text})
    run.put(replace(frame, awaiting=replace(awaiting, task=replace(awaiting.task, submission=event.output))))


def succeed_task(run: Run, frame: Frame, state: TaskState, event: TaskSucceeded) -> None:
    """Take the result of the attempt."""
    resource, started_event = state.resource, _end(run, frame, state, event.started_at)
    try:
        text = run.payload(event.output, resource.called, Reach.ANYONE)
    except StatesError as failure:
        frame = run.put(replace(frame, last_event=started_event, awaiting=None))
        _record_failure(run, frame, state, event_type(resource, "Failed"), failure)
        return
    ended = run.note(SUCCEEDED[resource.family], started_event, {**resource.named, "output": text})
    if state.flow.passes_result:  # then nothing can fail that would have to follow the task's end
        leave(run, frame, state, Outcome(event.output), state.next, previous=ended)
        return
    frame = run.put(replace(frame, last_event=ended, awaiting=None))
    leave(run, frame, state, state.flow.outcome(run.scope(frame, state), event.output), state.next)


def fail_task(run: Run, frame: Frame, state: TaskState, event: TaskFailed) -> None:
    """Take the failure of the attempt."""
    never = event.kind == "start-failed" or (event.kind == "submit-failed" and state.resource.family != "Task")
    started_event = _end(run, frame, state, None if never else event.started_at)
    frame = run.put(replace(frame, last_event=started_event, awaiting=None))
    _record_failure(run, frame, state, failure_type(state.resource, event.kind), reported(event.error, event.cause))


def time_out_task(run: Run, frame: Frame, state: TaskState, timer_id: str) -> None:
    """Give the attempt up: one of its deadlines has passed.

    A heartbeat's timer may have fired just before the heartbeat came that moved the deadline: then it is set again.
    """
    due = _heartbeat_due(frame, timer_id)
    if due is not None and due > run.now:
        run.start_timer(timer_id, due)
        return
    failure = StatesError(TIMEOUT, aliases=() if due is None else (HEARTBEAT_TIMEOUT,))
    frame = _started(run, frame, state, run.now)
    run.release(_without(frame, timer_id))
    frame = run.put(replace(frame, awaiting=None))
    _record_failure(run, frame, state, event_type(state.resource, "TimedOut"), failure)


def beat(run: Run, frame: Frame) -> None:
    """Start the heartbeat's deadline anew."""
    awaiting = frame.awaiting
    if type(awaiting) is not AwaitTask or awaiting.task.heartbeat_seconds is None:
        return
    due = run.now + span(awaiting.task.heartbeat_seconds)
    run.put(replace(frame, awaiting=replace(awaiting, heartbeat_due=due)))
    run.start_timer(heartbeat_timer(awaiting.task.task_id), due)


def _task(run: Run, frame: Frame, state: TaskState) -> RunTask:
    resource, identity = state.resource, task_id(frame)
    task = RunTask(
        task_id=identity,
        entry_id=frame.entry_id,
        state_name=state.name,
        resource=resource.text,
        input=frame.input,
        attempt=frame.attempt,
        pattern=resource.pattern,
        token=run.context.task_token(identity) if resource.has_token else None,
    )
    return task if state.is_fixed else _evaluated(run.scope(frame, state), state, task)


def _evaluated(scope: Scope, state: TaskState, task: RunTask) -> RunTask:
    """Give the task with what the state's fields make of its input."""
    arguments = state.flow.arguments(scope)
    inner = state.flow.effective(scope)
    credentials = None if state.credentials is None else state.credentials.render(inner)
    return replace(
        task,
        input=arguments,
        heartbeat_seconds=None if state.heartbeat is None else float(state.heartbeat.evaluate(inner)),
        timeout_seconds=None if state.timeout is None else float(state.timeout.evaluate(inner)),
        credentials=credentials if isinstance(credentials, dict) else None,
    )


def _counted(run: Run, awaiting: AwaitTask) -> AwaitTask:
    """Have the deadlines of a task count from now."""
    task = awaiting.task
    if task.timeout_seconds is None and task.heartbeat_seconds is None:
        return awaiting
    timeout_due, heartbeat_due = _after(run.now, task.timeout_seconds), _after(run.now, task.heartbeat_seconds)
    awaiting = replace(awaiting, timeout_due=timeout_due, heartbeat_due=heartbeat_due)
    for timer in deadlines(awaiting):
        run.start_timer(timer.timer_id, timer.due)
    return awaiting


def _started(run: Run, frame: Frame, state: TaskState, at: datetime, worker: str | None = None) -> Frame:
    """Record the start of the attempt, unless the history tells of it already."""
    awaiting = frame.awaiting
    if type(awaiting) is not AwaitTask or awaiting.started:
        return frame
    frame = run.put(replace(frame, awaiting=replace(awaiting, started=True)))
    return run.record(frame, STARTED[state.resource.family], started(state.resource, worker), at)


def _end(run: Run, frame: Frame, state: TaskState, started_at: datetime | None) -> int:
    """Stop the clocks of an attempt that has come to its end; if it ever began, the history tells of it.

    Gives the latest event of the frame's thread, which the frame doesn't know of yet.
    """
    awaiting = frame.awaiting
    run.put(replace(frame, awaiting=None))
    if type(awaiting) is AwaitTask:
        for timer in deadlines(awaiting):
            run.cancel_timer(timer.timer_id)
        if awaiting.started:
            return frame.last_event
    if started_at is None:
        return frame.last_event
    return run.note(STARTED[state.resource.family], frame.last_event, started(state.resource), started_at)


def _record_failure(run: Run, frame: Frame, state: TaskState, event: str, failure: StatesError) -> None:
    shown = present(**state.resource.named, error=failure.error, cause=failure.cause)
    fail(run, run.record(frame, event, shown), failure)


def _heartbeat_due(frame: Frame, timer_id: str) -> datetime | None:
    """Give the deadline that the timer is for; None if it is another timer than the heartbeat's."""
    awaiting = frame.awaiting
    if type(awaiting) is AwaitTask and timer_id == heartbeat_timer(awaiting.task.task_id):
        return awaiting.heartbeat_due
    return None


def _without(frame: Frame, timer_id: str) -> Frame:
    """Give the frame as it is without the timer that has fired."""
    awaiting = frame.awaiting
    if type(awaiting) is not AwaitTask:
        return frame
    if timer_id == timeout_timer(awaiting.task.task_id):
        return replace(frame, awaiting=replace(awaiting, timeout_due=None))
    return replace(frame, awaiting=replace(awaiting, heartbeat_due=None))


@lru_cache(maxsize=1_024)
def _region(state_machine_arn: str) -> str:
    parts = state_machine_arn.split(":", 4)
    return parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 - arn:partition:service:region:…


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + span(seconds)
