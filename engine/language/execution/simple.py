"""Pass, Choice, Wait, Succeed and Fail states."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from engine.language.dataflow.sources import Words
from engine.language.definition import ChoiceState, FailState, PassState, SucceedState, WaitState
from engine.language.errors import StatesError, runtime_error
from engine.language.execution.run import Run
from engine.language.execution.steps import leave
from engine.language.expressions.scope import Scope
from engine.language.snapshot import AwaitTimer, Frame, span


def run_pass(run: Run, frame: Frame, state: PassState) -> None:
    """Run a Pass state."""
    leave(run, frame, state, state.flow.passed(run.scope(frame, state), state.result), state.next)


def run_choice(run: Run, frame: Frame, state: ChoiceState) -> None:
    """Run a Choice state."""
    scope = run.scope(frame, state)
    inner = state.flow.effective(scope)
    for rule in state.rules:
        if rule.condition.holds(inner):
            leave(run, frame, state, rule.flow.outcome(scope), rule.next)
            return
    if state.default is None:
        raise runtime_error("Failed to transition out of the state. The state does not point to a next state.")
    leave(run, frame, state, state.flow.outcome(scope), state.default)


def run_succeed(run: Run, frame: Frame, state: SucceedState) -> None:
    """Run a Succeed state."""
    leave(run, frame, state, state.flow.outcome(run.scope(frame, state)), None)


def run_fail(run: Run, frame: Frame, state: FailState) -> None:
    """Run a Fail state."""
    scope = run.scope(frame, state)
    run.give_up(frame, StatesError(_text(state.error, scope), _text(state.cause, scope)))


def run_wait(run: Run, frame: Frame, state: WaitState) -> None:
    """Run a Wait state up to its timer."""
    due = _due(run, state, state.flow.effective(run.scope(frame, state)))
    if due <= run.now:
        finish_wait(run, frame, state)
        return
    timer_id = f"{frame.entry_id}.wait"
    run.put(replace(frame, awaiting=AwaitTimer(timer_id, due)))
    run.start_timer(timer_id, due)


def finish_wait(run: Run, frame: Frame, state: WaitState) -> None:
    """Go on after a Wait state's timer."""
    leave(run, frame, state, state.flow.outcome(run.scope(frame, state)), state.next)


def _due(run: Run, state: WaitState, scope: Scope) -> datetime:
    if state.timestamp is not None:
        return state.timestamp.evaluate(scope)
    seconds = 0 if state.seconds is None else state.seconds.evaluate(scope)
    return run.now + span(seconds)


def _text(words: Words | None, scope: Scope) -> str | None:
    return None if words is None else words.evaluate(scope)
