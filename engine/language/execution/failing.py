"""What happens when a state fails: it is tried again, or the failure is caught, or the thread ends (ASL: "Errors")."""

from __future__ import annotations

from msgspec.structs import replace

from engine.language.definition import FallibleState, MapState, ParallelState, State, TaskState
from engine.language.errors import Reach, StatesError
from engine.language.execution.run import Run
from engine.language.execution.steps import leave
from engine.language.execution.work import Handled
from engine.language.history import present
from engine.language.retrying import handles
from engine.language.snapshot import AwaitTimer, Frame, span


def fail(run: Run, frame: Frame, failure: StatesError) -> None:
    """Have the failure of the frame's state retried or caught, or else end the frame with it."""
    state = run.state_of(frame)
    if isinstance(state, (TaskState, ParallelState, MapState)):
        if _retry(run, frame, state, failure):
            run.rise(frame)
            return
        before = frame
        frame = _state_failed(run, frame, state, failure)
        if _catch(run, before, frame, state, failure):
            return
    run.give_up(frame, failure)


def fail_evaluation(run: Run, frame: Frame, failure: StatesError) -> None:
    """Handle a failure to evaluate the state's fields: its cause tells where it happened."""
    located = failure.located(frame.state, frame.entry_event)
    fail(run, _evaluation_failed(run, frame, located), located)


def _evaluation_failed(run: Run, frame: Frame, failure: StatesError) -> Frame:
    if failure.location is None:
        return frame
    details = present(error=failure.error, cause=failure.cause, location=failure.location, state=frame.state)
    return run.record(frame, "EvaluationFailed", details)


def _state_failed(run: Run, frame: Frame, state: State, failure: StatesError) -> Frame:
    """Record that a Parallel or Map state has failed; what ends the whole execution isn't told so."""
    if isinstance(state, TaskState) or failure.reach is Reach.NOBODY:
        return frame
    return run.record(frame, f"{state.type}StateFailed")


def _retry(run: Run, frame: Frame, state: FallibleState, failure: StatesError) -> bool:
    for index, retrier in enumerate(state.retry):
        if not handles(retrier.errors, failure):
            continue
        used = frame.retries.get(index, 0)
        if used >= retrier.max_attempts:
            return False
        seed = f"{run.context.execution_id}/{frame.entry_id}/{frame.attempt}"
        delay = retrier.delay(used + 1, seed)
        due = run.now + span(delay)
        run.handled = Handled(failure, retrier=index, delay=delay)
        timer_id = f"{frame.entry_id}.{frame.attempt}.retry"
        retries = {**frame.retries, index: used + 1}
        run.put(replace(frame, attempt=frame.attempt + 1, retries=retries, awaiting=AwaitTimer(timer_id, due)))
        run.start_timer(timer_id, due)
        return True
    return False


def _catch(run: Run, before: Frame, frame: Frame, state: FallibleState, failure: StatesError) -> bool:
    """Go on at the first catcher for the failure; ``before`` is the frame without what tells of the state's end."""
    index = next((i for i, catcher in enumerate(state.catch) if handles(catcher.errors, failure)), None)
    if index is None:
        return False
    catcher = state.catch[index]
    described = {"Error": failure.error or "", "Cause": failure.cause or ""}
    try:
        outcome = catcher.exit.outcome(run.scope(frame, state), described)
        leave(run, frame, state, outcome, catcher.next)
    except StatesError as problem:
        located = problem.located(frame.state, frame.entry_event)
        if located.location is not None:
            frame = _state_failed(run, _evaluation_failed(run, before, located), state, located)
        run.give_up(frame, located)
    else:
        run.rise(frame)
        run.handled = Handled(failure, catcher=index)
    return True
