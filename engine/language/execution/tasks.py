"""Task states: schedule, succeed, fail, time out."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from engine.language.commands import RunTask, StartTimer
from engine.language.definition import TaskState
from engine.language.errors import HEARTBEAT_TIMEOUT, TIMEOUT, Reach, StatesError, runtime_error
from engine.language.events import TaskFailed, TaskSucceeded
from engine.language.execution.run import Run
from engine.language.execution.steps import fail, leave
from engine.language.expressions.paths import MISSING, Path
from engine.language.expressions.scope import Scope
from engine.language.limits import MAX_SECONDS
from engine.language.snapshot import AwaitTask, Frame, heartbeat_timer, outstanding, timeout_timer


def run_task(run: Run, frame: Frame, state: TaskState) -> None:
    """Ask for one attempt of a Task state."""
    scope = run.scope(frame)
    arguments = state.flow.arguments(scope)
    timeout = _seconds(state.timeout, "TimeoutSecondsPath", scope)
    heartbeat = _seconds(state.heartbeat, "HeartbeatSecondsPath", scope)
    task = RunTask(
        task_id=f"{frame.entry_id}.{frame.attempt}",
        entry_id=frame.entry_id,
        state_name=state.name,
        resource=state.resource.text,
        input=arguments,
        attempt=frame.attempt,
        heartbeat_seconds=None if heartbeat is None else float(heartbeat),
    )
    details = {
        **_named(state),
        "region": _region(run.context.execution_id),
        "parameters": run.payload(arguments, state.name),
        "timeoutInSeconds": timeout,
        "heartbeatInSeconds": heartbeat,
    }
    frame = run.record(frame, "TaskScheduled", details)
    frame = run.put(replace(frame, awaiting=AwaitTask(task, _after(run.now, timeout), _after(run.now, heartbeat))))
    for command in outstanding(frame):
        run.command(command.task_id if isinstance(command, RunTask) else command.timer_id, command)


def succeed_task(run: Run, frame: Frame, state: TaskState, event: TaskSucceeded) -> None:
    """Take the result of the attempt."""
    frame = _started(run, frame, state, event.started_at)
    try:
        text = run.payload(event.output, state.resource.text, Reach.ANYONE)
    except StatesError as failure:
        _record_failure(run, frame, state, "TaskFailed", failure)
        return
    frame = run.record(frame, "TaskSucceeded", {**_named(state), "output": text})
    leave(run, frame, state.flow.output(run.scope(frame), event.output), state.next)


def fail_task(run: Run, frame: Frame, state: TaskState, event: TaskFailed) -> None:
    """Take the failure of the attempt."""
    frame = _started(run, frame, state, event.started_at)
    _record_failure(run, frame, state, "TaskFailed", StatesError(event.error, event.cause))


def time_out_task(run: Run, frame: Frame, state: TaskState, timer_id: str) -> None:
    """Give the attempt up: one of its deadlines has passed.

    A heartbeat's timer may have fired just before the heartbeat came that moved the deadline: then it is set again.
    """
    due = _heartbeat_due(frame, timer_id)
    if due is not None and due > run.now:
        run.command(timer_id, StartTimer(timer_id, due))
        return
    failure = StatesError(TIMEOUT, aliases=() if due is None else (HEARTBEAT_TIMEOUT,))
    run.release(_without(frame, timer_id))
    _record_failure(run, run.put(replace(frame, awaiting=None)), state, "TaskTimedOut", failure)


def beat(run: Run, frame: Frame) -> None:
    """Start the heartbeat's deadline anew."""
    awaiting = frame.awaiting
    if not isinstance(awaiting, AwaitTask) or awaiting.task.heartbeat_seconds is None:
        return
    due = run.now + timedelta(seconds=awaiting.task.heartbeat_seconds)
    run.put(replace(frame, awaiting=replace(awaiting, heartbeat_due=due)))
    timer_id = heartbeat_timer(awaiting.task.task_id)
    run.command(timer_id, StartTimer(timer_id, due))


def _started(run: Run, frame: Frame, state: TaskState, started_at: datetime) -> Frame:
    if isinstance(frame.awaiting, AwaitTask):
        for command in outstanding(frame):
            if isinstance(command, StartTimer):
                run.cancel_timer(command.timer_id)
    frame = run.put(replace(frame, awaiting=None))
    return run.record(frame, "TaskStarted", _named(state), started_at)


def _record_failure(run: Run, frame: Frame, state: TaskState, event_type: str, failure: StatesError) -> None:
    details = {**_named(state), "error": failure.error, "cause": failure.cause}
    fail(run, run.record(frame, event_type, details), failure)


def _heartbeat_due(frame: Frame, timer_id: str) -> datetime | None:
    """Give the deadline that the timer is for; None if it is another timer than the heartbeat's."""
    awaiting = frame.awaiting
    if isinstance(awaiting, AwaitTask) and timer_id == heartbeat_timer(awaiting.task.task_id):
        return awaiting.heartbeat_due
    return None


def _without(frame: Frame, timer_id: str) -> Frame:
    """Give the frame as it is without the timer that has fired."""
    awaiting = frame.awaiting
    if not isinstance(awaiting, AwaitTask):
        return frame
    if timer_id == timeout_timer(awaiting.task.task_id):
        return replace(frame, awaiting=replace(awaiting, timeout_due=None))
    return replace(frame, awaiting=replace(awaiting, heartbeat_due=None))


def _named(state: TaskState) -> dict[str, object]:
    return {"resourceType": state.resource.type, "resource": state.resource.name}


def _region(execution_arn: str) -> str:
    parts = execution_arn.split(":")
    return parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 - arn:partition:service:region:…


def _after(now: datetime, seconds: float | None) -> datetime | None:
    return None if seconds is None else now + timedelta(seconds=seconds)


def _seconds(source: int | Path | None, field: str, scope: Scope) -> int | None:
    if source is None or isinstance(source, int):
        return source
    value = source.read(scope)
    if value is MISSING:
        raise runtime_error(f"The {field} parameter does not reference an input value: {source.text}")
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= MAX_SECONDS:
        allowed = f"a whole number from 1 to {MAX_SECONDS}"
        raise runtime_error(f"The {field} parameter does not reference {allowed}: {source.text}")
    return value
