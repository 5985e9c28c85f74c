"""What every state does: enter, leave, fail."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from engine.language.commands import StartTimer
from engine.language.definition import FallibleState, MapState, ParallelState, TaskState
from engine.language.errors import StatesError
from engine.language.execution.run import Ended, Enter, Run
from engine.language.limits import MAX_STATES_PER_TRANSITION
from engine.language.retrying import handles
from engine.language.snapshot import AwaitTimer, AwaitTurn, Frame


def enter(run: Run, frame: Frame) -> Frame:
    """Record the entry into the frame's state."""
    run.entered += 1
    state = run.state_of(frame)
    details: dict[str, object] = {"name": state.name, "input": run.payload(frame.input, state.name)}
    event = run.note(f"{state.type}StateEntered", frame.last_event, details)
    return run.put(
        replace(
            frame,
            last_event=event,
            entry_event=event,
            entry_id=str(event),
            entered_at=run.now,
            attempt=1,
            retries={},
            awaiting=None,
        )
    )


def must_give_way(run: Run) -> bool:
    """Say whether this transition has entered as many states as it may."""
    return run.entered >= MAX_STATES_PER_TRANSITION


def give_way(run: Run, frame: Frame) -> None:
    """Let others have their turn: enter the state when a timer that is due at once has fired."""
    timer_id = f"{frame.id}.turn.{frame.last_event}"
    run.put(replace(frame, awaiting=AwaitTurn(timer_id, run.now)))
    run.command(timer_id, StartTimer(timer_id, run.now))


def leave(run: Run, frame: Frame, output: object, next_state: str | None) -> None:
    """Record the exit from the frame's state and go on at ``next_state``, or end the frame."""
    state = run.state_of(frame)
    text = run.payload(output, state.name)
    frame = run.record(frame, f"{state.type}StateExited", {"name": state.name, "output": text})
    if next_state is None:
        run.put(replace(frame, awaiting=None))
        run.work.append(Ended(frame.id, output))
    else:
        run.put(replace(frame, state=next_state, input=output, awaiting=None))
        run.work.append(Enter(frame.id))


def fail(run: Run, frame: Frame, failure: StatesError) -> None:
    """Have the failure of the frame's state retried or caught, or else end the frame with it."""
    state = run.state_of(frame)
    if isinstance(state, TaskState | ParallelState | MapState) and (
        _retry(run, frame, state, failure) or _catch(run, frame, state, failure)
    ):
        return
    run.give_up(frame, failure)


def fail_evaluation(run: Run, frame: Frame, failure: StatesError) -> None:
    """Handle a failure to evaluate the state's fields: its cause tells where it happened."""
    fail(run, frame, failure.located(frame.state, frame.entry_event))


def _retry(run: Run, frame: Frame, state: FallibleState, failure: StatesError) -> bool:
    for index, retrier in enumerate(state.retry):
        if not handles(retrier.errors, failure):
            continue
        used = frame.retries.get(index, 0)
        if used >= retrier.max_attempts:
            return False
        seed = f"{run.context.execution_id}/{frame.entry_id}/{frame.attempt}"
        due = run.now + timedelta(seconds=retrier.delay(used + 1, seed))
        timer_id = f"{frame.entry_id}.{frame.attempt}.retry"
        retries = {**frame.retries, index: used + 1}
        run.put(replace(frame, attempt=frame.attempt + 1, retries=retries, awaiting=AwaitTimer(timer_id, due)))
        run.command(timer_id, StartTimer(timer_id, due))
        return True
    return False


def _catch(run: Run, frame: Frame, state: FallibleState, failure: StatesError) -> bool:
    for catcher in state.catch:
        if not handles(catcher.errors, failure):
            continue
        described = {"Error": failure.error or "", "Cause": failure.cause or ""}
        try:
            output = frame.input if catcher.result_path is None else catcher.result_path.write(frame.input, described)
            leave(run, frame, output, catcher.next)
        except StatesError as problem:
            run.give_up(frame, problem.located(frame.state, frame.entry_event))
        return True
    return False
