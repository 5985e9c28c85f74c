"""Pass, Choice, Wait, Succeed and Fail states."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from engine.language.commands import StartTimer
from engine.language.definition import UNSET, ChoiceState, FailState, PassState, SucceedState, WaitState
from engine.language.errors import StatesError, runtime_error
from engine.language.execution.run import Run
from engine.language.execution.steps import leave
from engine.language.expressions.intrinsics import Intrinsic
from engine.language.expressions.paths import MISSING, Path
from engine.language.expressions.scope import Scope
from engine.language.expressions.templates import evaluate
from engine.language.expressions.timestamps import parse_timestamp
from engine.language.limits import MAX_SECONDS
from engine.language.snapshot import AwaitTimer, Frame


def run_pass(run: Run, frame: Frame, state: PassState) -> None:
    """Run a Pass state."""
    scope = run.scope(frame)
    result = state.flow.arguments(scope) if state.result is UNSET else state.result
    leave(run, frame, state.flow.output(scope, result), state.next)


def run_choice(run: Run, frame: Frame, state: ChoiceState) -> None:
    """Run a Choice state."""
    scope = run.scope(frame)
    inner = scope.of(state.flow.arguments(scope))
    chosen = next((rule.next for rule in state.rules if rule.condition.holds(inner)), state.default)
    if chosen is None:
        raise runtime_error("Failed to transition out of the state. The state does not point to a next state.")
    leave(run, frame, state.flow.filtered(inner), chosen)


def run_succeed(run: Run, frame: Frame, state: SucceedState) -> None:
    """Run a Succeed state."""
    scope = run.scope(frame)
    leave(run, frame, state.flow.filtered(scope.of(state.flow.arguments(scope))), None)


def run_fail(run: Run, frame: Frame, state: FailState) -> None:
    """Run a Fail state."""
    scope = run.scope(frame)
    failure = StatesError(_text(state.error, "ErrorPath", scope), _text(state.cause, "CausePath", scope))
    run.give_up(frame, failure)


def run_wait(run: Run, frame: Frame, state: WaitState) -> None:
    """Run a Wait state up to its timer."""
    scope = run.scope(frame)
    due = _due(run, state, scope.of(state.flow.arguments(scope)))
    if due <= run.now:
        finish_wait(run, frame, state)
        return
    timer_id = f"{frame.entry_id}.wait"
    run.put(replace(frame, awaiting=AwaitTimer(timer_id, due)))
    run.command(timer_id, StartTimer(timer_id, due))


def finish_wait(run: Run, frame: Frame, state: WaitState) -> None:
    """Go on after a Wait state's timer."""
    scope = run.scope(frame)
    leave(run, frame, state.flow.filtered(scope.of(state.flow.arguments(scope))), state.next)


def _due(run: Run, state: WaitState, scope: Scope) -> datetime:
    if state.timestamp is not None:
        return state.timestamp
    if state.timestamp_path is not None:
        moment = parse_timestamp(_wait_value(state.timestamp_path, "TimestampPath", scope))
        if moment is None:
            raise runtime_error(
                f"The TimestampPath parameter does not reference a timestamp: {state.timestamp_path.text}"
            )
        return moment
    seconds = state.seconds
    if state.seconds_path is not None:
        found = _wait_value(state.seconds_path, "SecondsPath", scope)
        if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MAX_SECONDS:
            allowed = f"a whole number from 0 to {MAX_SECONDS}"
            raise runtime_error(f"The SecondsPath parameter does not reference {allowed}: {state.seconds_path.text}")
        seconds = found
    return run.now + timedelta(seconds=seconds or 0)


def _wait_value(path: Path, field: str, scope: Scope) -> object:
    value = path.read(scope)
    if value is MISSING:
        raise runtime_error(f"The {field} parameter does not reference an input value: {path.text}")
    return value


def _text(source: str | Path | Intrinsic | None, field: str, scope: Scope) -> str | None:
    if source is None or isinstance(source, str):
        return source
    value = evaluate(source, scope, field)
    if not isinstance(value, str):
        raise runtime_error(f"The {field} parameter does not reference a string: {source.text}")
    return value
