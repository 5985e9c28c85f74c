"""What states do when they are entered, and when something happens that they wait for."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET
from msgspec.structs import replace

from engine.language.definition import (
    ChoiceState,
    FailState,
    MapState,
    ParallelState,
    PassState,
    State,
    SucceedState,
    TaskState,
    WaitState,
)
from engine.language.errors import StatesError
from engine.language.events import (
    Event,
    Stopped,
    TaskFailed,
    TaskHeartbeat,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
    TimerFired,
)
from engine.language.execution.failing import fail_evaluation
from engine.language.execution.forks import abort_children, run_parallel
from engine.language.execution.mapruns import fail_map_run, run_map_run, succeed_map_run
from engine.language.execution.maps import run_inline_map
from engine.language.execution.run import Run
from engine.language.execution.simple import finish_wait, run_choice, run_fail, run_pass, run_succeed, run_wait
from engine.language.execution.tasks import (
    beat,
    fail_task,
    run_task,
    start_task,
    submit_task,
    succeed_task,
    time_out_task,
)
from engine.language.execution.work import Enter
from engine.language.snapshot import (
    TURN,
    AwaitMap,
    AwaitTask,
    AwaitTimer,
    AwaitTurn,
    Frame,
    heartbeat_timer,
    timeout_timer,
)


def begin(run: Run, frame: Frame, state: State) -> None:
    """Run the ``state`` that the frame is in; a failure to evaluate is the state's failure."""
    try:
        _begin(run, frame, state)
    except StatesError as failure:
        fail_frame(run, frame.id, failure)


def resume(run: Run, frame: Frame, event: Event) -> None:
    """Have the frame's state take in what it waited for; a failure to evaluate is the state's failure."""
    try:
        _resume(run, frame, event)
    except StatesError as failure:
        fail_frame(run, frame.id, failure)


def fail_frame(run: Run, frame_id: str, failure: StatesError) -> None:
    """Have the frame's state fail, since its fields can't be evaluated; all that it has begun ends."""
    frame = run.frames[frame_id]
    abort_children(run, frame, frame.last_event)
    run.release(frame)
    fail_evaluation(run, run.put(replace(frame, awaiting=None)), failure)


def awaiting(frames: Mapping[str, Frame], event: Event) -> list[Frame]:
    """Give the frames that wait for the event: one, or all that have given way and wait for the same turn."""
    if type(event) is Stopped:
        return []
    if type(event) is not TimerFired:
        subject = event.task_id
    elif event.timer_id.startswith(TURN):
        return [frame for frame in frames.values() if _awaits(frame, event)]
    else:
        subject = event.timer_id
    # The ids of all other timers and tasks begin with the visit's, which only one frame is at.
    visit = subject.partition(".")[0]
    for frame in frames.values():
        if frame.entry_id == visit:
            return [frame] if _awaits(frame, event) else []
    return []


def _awaits(frame: Frame, event: Event) -> bool:
    awaiting = frame.awaiting
    if type(awaiting) is AwaitTask:
        return _awaits_task(awaiting, event)
    if type(awaiting) is AwaitTimer or type(awaiting) is AwaitTurn:
        return type(event) is TimerFired and event.timer_id == awaiting.timer_id
    if type(awaiting) is AwaitMap:
        return isinstance(event, (TaskSucceeded, TaskFailed)) and event.task_id == awaiting.task.task_id
    return False


def _awaits_task(awaiting: AwaitTask, event: Event) -> bool:
    task_id = awaiting.task.task_id
    if type(event) is TimerFired:
        is_timeout = awaiting.timeout_due is not None and event.timer_id == timeout_timer(task_id)
        return is_timeout or (awaiting.heartbeat_due is not None and event.timer_id == heartbeat_timer(task_id))
    if type(event) is Stopped or event.task_id != task_id:
        return False
    if type(event) is TaskStarted:
        return not awaiting.started
    if type(event) is TaskSubmitted:
        return awaiting.task.submission is UNSET
    return awaiting.heartbeat_due is not None if type(event) is TaskHeartbeat else True


def _begin(run: Run, frame: Frame, state: State) -> None:
    if isinstance(state, TaskState):
        run_task(run, frame, state)
    elif isinstance(state, PassState):
        run_pass(run, frame, state)
    elif isinstance(state, ChoiceState):
        run_choice(run, frame, state)
    elif isinstance(state, WaitState):
        run_wait(run, frame, state)
    elif isinstance(state, SucceedState):
        run_succeed(run, frame, state)
    elif isinstance(state, FailState):
        run_fail(run, frame, state)
    elif isinstance(state, ParallelState):
        run_parallel(run, frame, state)
    elif state.distributed is None:
        run_inline_map(run, frame, state)
    else:
        run_map_run(run, frame, state, state.distributed)


def _resume(run: Run, frame: Frame, event: Event) -> None:
    state = run.state_of(frame)
    if type(frame.awaiting) is AwaitTask and isinstance(state, TaskState):
        _resume_task(run, frame, state, event)
        return
    if isinstance(state, MapState) and type(event) is TaskSucceeded:
        succeed_map_run(run, frame, state, event)
        return
    if type(event) is TaskFailed:
        fail_map_run(run, frame, event)
        return
    gave_way = type(frame.awaiting) is AwaitTurn
    frame = run.put(replace(frame, awaiting=None))
    if gave_way:
        run.work.append(Enter(frame.id))
    elif isinstance(state, WaitState):
        finish_wait(run, frame, state)
    else:
        _begin(run, frame, state)


def _resume_task(run: Run, frame: Frame, state: TaskState, event: Event) -> None:
    if type(event) is TaskSucceeded:
        succeed_task(run, frame, state, event)
    elif type(event) is TaskStarted:
        start_task(run, frame, state, event)
    elif type(event) is TaskSubmitted:
        submit_task(run, frame, state, event)
    elif type(event) is TaskFailed:
        fail_task(run, frame, state, event)
    elif type(event) is TaskHeartbeat:
        beat(run, frame)
    elif type(event) is TimerFired:
        time_out_task(run, frame, state, event.timer_id)
