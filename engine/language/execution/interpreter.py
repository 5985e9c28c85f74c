"""The interpreter: from a snapshot and an event to the next snapshot, as a pure function."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from engine.language.commands import Finish, StartTimer
from engine.language.context import ExecutionContext
from engine.language.definition import (
    ChoiceState,
    FailState,
    MapState,
    ParallelState,
    PassState,
    StateMachine,
    SucceedState,
    TaskState,
    WaitState,
)
from engine.language.errors import RUNTIME, TIMEOUT, Reach, StatesError
from engine.language.events import Event, Stopped, TaskFailed, TaskHeartbeat, TaskSucceeded, TimerFired
from engine.language.execution.forks import abort_children, child_ended, child_failed, run_map, run_parallel
from engine.language.execution.run import Ended, Enter, Failed, HistoryFullError, Run, Work
from engine.language.execution.simple import finish_wait, run_choice, run_fail, run_pass, run_succeed, run_wait
from engine.language.execution.steps import enter, fail_evaluation, give_way, must_give_way
from engine.language.execution.tasks import beat, fail_task, run_task, succeed_task, time_out_task
from engine.language.limits import MAX_HISTORY_EVENTS
from engine.language.snapshot import (
    EXECUTION_TIMER,
    ROOT,
    AwaitTask,
    AwaitTimer,
    AwaitTurn,
    Frame,
    Snapshot,
    heartbeat_timer,
    timeout_timer,
)
from engine.language.transition import Transition


def start(machine: StateMachine, context: ExecutionContext, now: datetime) -> Transition:
    """Start an execution and run it as far as it gets without waiting.

    Args:
        machine: what to run.
        context: the execution; its input is the first state's input.
        now: the present moment, with a time zone.
    """
    due = None if machine.timeout_seconds is None else now + timedelta(seconds=machine.timeout_seconds)
    run = Run(machine, context, Snapshot({}, 0, due), now)
    if due is not None:
        run.command(EXECUTION_TIMER, StartTimer(EXECUTION_TIMER, due))
    run.put(Frame(id=ROOT, parent=None, index=0, state=machine.start_at, input=context.input, last_event=0))
    try:
        text = run.payload(context.input, machine.start_at)
        run.note("ExecutionStarted", 0, {"input": text, "roleArn": context.role_arn})
        run.work.append(Enter(ROOT))
    except StatesError as failure:
        run.note("ExecutionStarted", 0, {"roleArn": context.role_arn})
        _fail_execution(run, failure, 1)
    return _drive(run)


def advance(
    machine: StateMachine, context: ExecutionContext, snapshot: Snapshot, event: Event, now: datetime
) -> Transition:
    """Tell an execution what happened and run it as far as it gets without waiting.

    ``snapshot`` is left as it is. An event for something that is no longer awaited (a task that was cancelled, a timer
    of a state that was left, an execution that is over) gives a transition with nothing in it.
    """
    unchanged = Transition(snapshot)
    if not snapshot.frames:
        return unchanged
    run = Run(machine, context, snapshot, now)
    if isinstance(event, Stopped):
        _end(run, Finish("ABORTED", error=event.error, cause=event.cause))
        return run.transition()
    if isinstance(event, TimerFired) and event.timer_id == EXECUTION_TIMER:
        if snapshot.timeout_due is None:
            return unchanged
        _end(run, Finish("TIMED_OUT", error=TIMEOUT), fired=EXECUTION_TIMER)
        return run.transition()
    frame = next((frame for frame in snapshot.frames.values() if _awaits(frame, event)), None)
    if frame is None:
        return unchanged
    return _drive(run, frame, event)


def _drive(run: Run, frame: Frame | None = None, event: Event | None = None) -> Transition:
    """Take in the event, then work until nothing is left to do without waiting."""
    try:
        if frame is not None and event is not None:
            _attempt(run, frame, event)
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
    match work:
        case Enter():
            if must_give_way(run):
                give_way(run, frame)
            else:
                _attempt(run, enter(run, frame), None)
        case Ended(output=output):
            if frame.parent is None:
                text = run.payload(output, frame.state)
                run.finish(Finish("SUCCEEDED", output), {"output": text}, frame.last_event)
            else:
                _guard_parent(run, frame, output)
        case Failed(failure=failure):
            if frame.parent is None or failure.reach is Reach.NOBODY:
                _fail_execution(run, failure, frame.last_event)
            else:
                child_failed(run, frame, failure)


def _attempt(run: Run, frame: Frame, event: Event | None) -> None:
    """Run the frame's state, or take in what it waited for; a failure to evaluate is the state's failure."""
    try:
        _resume(run, frame, event) if event is not None else _begin(run, frame)
    except StatesError as failure:
        _fail_evaluation(run, frame.id, failure)


def _guard_parent(run: Run, frame: Frame, output: object) -> None:
    parent = frame.parent or ROOT
    try:
        child_ended(run, frame, output)
    except StatesError as failure:
        _fail_evaluation(run, parent, failure)


def _fail_evaluation(run: Run, frame_id: str, failure: StatesError) -> None:
    frame = run.frames[frame_id]
    abort_children(run, frame, frame.last_event)
    fail_evaluation(run, frame, failure)


def _begin(run: Run, frame: Frame) -> None:
    match run.state_of(frame):
        case PassState() as state:
            run_pass(run, frame, state)
        case TaskState() as state:
            run_task(run, frame, state)
        case ChoiceState() as state:
            run_choice(run, frame, state)
        case WaitState() as state:
            run_wait(run, frame, state)
        case SucceedState() as state:
            run_succeed(run, frame, state)
        case FailState() as state:
            run_fail(run, frame, state)
        case ParallelState() as state:
            run_parallel(run, frame, state)
        case MapState() as state:
            run_map(run, frame, state)


def _resume(run: Run, frame: Frame, event: Event) -> None:
    state = run.state_of(frame)
    if isinstance(frame.awaiting, AwaitTask) and isinstance(state, TaskState):
        _resume_task(run, frame, state, event)
        return
    gave_way = isinstance(frame.awaiting, AwaitTurn)
    frame = run.put(replace(frame, awaiting=None))
    if gave_way:
        run.work.append(Enter(frame.id))
    elif isinstance(state, WaitState):
        finish_wait(run, frame, state)
    else:
        _begin(run, frame)


def _resume_task(run: Run, frame: Frame, state: TaskState, event: Event) -> None:
    match event:
        case TaskSucceeded():
            succeed_task(run, frame, state, event)
        case TaskFailed():
            fail_task(run, frame, state, event)
        case TaskHeartbeat():
            beat(run, frame)
        case TimerFired(timer_id=timer_id):
            time_out_task(run, frame, state, timer_id)


def _awaits(frame: Frame, event: Event) -> bool:
    match frame.awaiting, event:
        case AwaitTask(task=task), TaskSucceeded(task_id=task_id) | TaskFailed(task_id=task_id):
            return task.task_id == task_id
        case AwaitTask(task=task, heartbeat_due=due), TaskHeartbeat(task_id=task_id):
            return task.task_id == task_id and due is not None
        case AwaitTask(task=task, timeout_due=timeout_due, heartbeat_due=heartbeat_due), TimerFired(timer_id=timer_id):
            is_timeout = timeout_due is not None and timer_id == timeout_timer(task.task_id)
            return is_timeout or (heartbeat_due is not None and timer_id == heartbeat_timer(task.task_id))
        case ((AwaitTimer(timer_id=awaited) | AwaitTurn(timer_id=awaited)), TimerFired(timer_id=timer_id)):
            return awaited == timer_id
        case _:
            return False


def _fail_execution(run: Run, failure: StatesError, previous: int) -> None:
    finish = Finish("FAILED", error=failure.error, cause=failure.cause)
    run.finish(finish, {"error": failure.error, "cause": failure.cause}, previous)


def _end(run: Run, finish: Finish, *, fired: str | None = None) -> None:
    """End the execution from outside, whatever it is doing."""
    previous = max(frame.last_event for frame in run.frames.values())
    run.finish(finish, {"error": finish.error, "cause": finish.cause}, previous, fired=fired)
