"""The test of one state, by itself and without effects (AWS: "TestState")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from engine.language.commands import RunTask
from engine.language.context import ExecutionContext
from engine.language.definition import FallibleState, MapState, ParallelState, State, StateMachine, StateTable
from engine.language.errors import StatesError
from engine.language.events import Event, TaskFailed, TaskSucceeded, TimerFired
from engine.language.execution.behavior import begin, fail_frame, resume
from engine.language.execution.failing import fail
from engine.language.execution.forks import succeed_fork
from engine.language.execution.run import Run
from engine.language.execution.work import Ended, Failed
from engine.language.expressions.scope import Scope
from engine.language.inspectiondata import collect, steps_in, steps_out
from engine.language.snapshot import ROOT, AwaitChildren, AwaitMap, AwaitTask, AwaitTimer, Frame, outstanding

TestStatus = Literal["SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"]

THRESHOLD_EXCEEDED: Final = "States.ExceedToleratedFailureThreshold"


class Answer(msgspec.Struct, frozen=True):
    """What the state's task, branches or iterations come to: a ``result``, or an ``error`` with its ``cause``."""

    result: object = UNSET
    error: str | None = None
    cause: str | None = None


class Circumstances(msgspec.Struct, frozen=True):
    """What a test takes for granted.

    Attributes:
        variables: the variables that the state can read.
        context: members of the context object that take the place of the computed ones.
        retries: how often the state was tried again already.
        error_state: the state inside a Map or Parallel state that the error comes from; None if it isn't named.
        failed_items: how many iterations of a Map state have failed.
        read_items: what the ItemReader of a Map state has read; UNSET if nothing.
    """

    variables: Mapping[str, object] = {}
    context: Mapping[str, object] = {}
    retries: int = 0
    error_state: str | None = None
    failed_items: int = 0
    read_items: object = UNSET


class Inspection(msgspec.Struct, frozen=True):
    """The outcome of a test.

    Attributes:
        status: what became of the state; None when it waits for an answer to ``task``.
        output: its output, any JSON value; UNSET if it has none.
        next_state: the state that comes next; None at the end.
        error: the name of the error that it met, handled or not.
        cause: that error's cause.
        data: the members of the API's InspectionData, as JSON values, as far as the state got.
        task: the task that has to be run for an answer, when none was given.
    """

    status: TestStatus | None
    output: object = UNSET
    next_state: str | None = None
    error: str | None = None
    cause: str | None = None
    data: dict[str, object] = {}
    task: RunTask | None = None


def inspect_state(
    machine: StateMachine,
    name: str,
    context: ExecutionContext,
    now: datetime,
    *,
    answer: Answer | None = None,
    given: Circumstances | None = None,
) -> Inspection:
    """Run one state of a machine and say what came of it; nothing is really called, and no time passes.

    Args:
        machine: where the state is, at any depth; `parse_state` makes one of a state alone.
        name: the state's name.
        context: the execution that it pretends to be in; its input is the state's input.
        now: the present moment, with a time zone.
        answer: what the task, branches or iterations come to. Without it a Task state isn't finished: the inspection
            has its `task`, to be run and then answered in a second call.
        given: what else the test takes for granted.

    Raises:
        KeyError: if there is no such state.
        ValueError: if the answer can't be one of the state; the message is a sentence.
    """
    circumstances = given or Circumstances()
    state = find_state(machine, name)
    _check_answer(state, answer, circumstances)
    run = _test(state, context, circumstances, now)
    frame = run.frames[ROOT]
    begin(run, frame, state)
    _answer(run, state, _with_threshold(run, state, answer, circumstances))
    data = _data(run, state, frame, answer, circumstances)
    return _conclusion(run, data)


def _test(state: State, context: ExecutionContext, given: Circumstances, now: datetime) -> _Test:
    frame = Frame(
        id=ROOT,
        parent=None,
        index=0,
        state=state.name,
        input=context.input,
        last_event=0,
        entry_id="1",
        entry_event=1,
        entered_at=now,
        attempt=1 + given.retries,
        retries=dict.fromkeys(range(len(_retriers(state))), given.retries),
        variables=dict(given.variables),
    )
    machine = StateMachine(StateTable(state.name, {state.name: state}), None, None, "")
    return _Test(machine, context, now, {ROOT: frame}, given=given.context)


class _Test(Run, kw_only=True):
    """A run of a single state, with ``given`` members of the context object."""

    given: Mapping[str, object]

    def scope(self, frame: Frame, state: State) -> Scope:
        """Give what expressions see, with the given members of the context object in it."""
        scope = super().scope(frame, state)
        if not self.given:
            return scope
        return Scope(
            scope.document,
            lambda: {**scope.context, **self.given},
            scope.seed,
            variables=scope.variables,
            now=scope.now,
        )


def find_state(machine: StateMachine, name: str) -> State:
    """Give the state of that name, at the top level or inside of others; raises KeyError if there is none."""
    tables = [machine.table]
    for table in tables:
        if name in table.states:
            return table.states[name]
        for state in table.states.values():
            if isinstance(state, ParallelState):
                tables.extend(state.branches)
            elif isinstance(state, MapState):
                tables.append(state.processor)
    raise KeyError(name)


def _check_answer(state: State, answer: Answer | None, given: Circumstances) -> None:
    """Refuse an answer that the state could never get."""
    if given.error_state is not None and isinstance(state, (ParallelState, MapState)):
        tables = state.branches if isinstance(state, ParallelState) else (state.processor,)
        if not any(given.error_state in table.states for table in tables):
            msg = f"The state {given.error_state!r}, which is to cause the error, is not inside of {state.name!r}."
            raise ValueError(msg)
    if answer is None or answer.result is UNSET:
        return
    written = isinstance(state, MapState) and state.distributed is not None and state.distributed.writer is not None
    if written and not isinstance(answer.result, dict):
        raise ValueError("Mocked result must be a JSON object.")
    if isinstance(state, (ParallelState, MapState)) and not written and not isinstance(answer.result, list):
        raise ValueError("Mocked result must be an array.")
    if (
        isinstance(state, ParallelState)
        and isinstance(answer.result, list)
        and len(answer.result) != len(state.branches)
    ):
        raise ValueError("Mocked result must contain the same number of items as number of Parallel branches.")


def _with_threshold(run: Run, state: State, answer: Answer | None, given: Circumstances) -> Answer | None:
    """Let a distributed Map state fail that tolerates fewer failures than are given."""
    awaiting = run.frames[ROOT].awaiting
    if not isinstance(state, MapState) or not isinstance(awaiting, AwaitMap) or not given.failed_items:
        return answer
    count, percentage = awaiting.task.tolerated_failure_count, awaiting.task.tolerated_failure_percentage
    items = awaiting.task.items if given.read_items is UNSET else given.read_items
    total = len(items) if isinstance(items, (list, dict)) else 0
    over_percentage = percentage is not None and given.failed_items * 100 > percentage * total
    over_count = given.failed_items > (count or 0) if count is not None or percentage is None else False
    if over_count or over_percentage:
        return Answer(error=THRESHOLD_EXCEEDED, cause="The specified tolerated failure threshold was exceeded")
    return answer


def _answer(run: Run, state: State, answer: Answer | None) -> None:
    """Give the state what it waits for."""
    frame = run.frames[ROOT]
    match frame.awaiting:
        case AwaitTimer(timer_id=timer_id) if run.handled is None:
            resume(run, frame, TimerFired(timer_id))
        case AwaitTask(task=task) | AwaitMap(task=task) if answer is not None:
            resume(run, frame, _event(task.task_id, answer, run.now))
        case AwaitChildren() if answer is not None and isinstance(state, (ParallelState, MapState)):
            _end_children(run, frame, state, answer)


def _event(task_id: str, answer: Answer, now: datetime) -> Event:
    if answer.result is UNSET:
        return TaskFailed(task_id, answer.error, answer.cause, now)
    return TaskSucceeded(task_id, answer.result, now)


def _end_children(run: Run, frame: Frame, state: ParallelState | MapState, answer: Answer) -> None:
    """Let all branches or iterations have come to what the answer says."""
    run.work.clear()
    for child in [frame for frame in run.frames.values() if frame.parent == ROOT]:
        run.drop(child)
    frame = run.put(replace(frame, awaiting=None))
    if answer.result is UNSET:
        fail(run, frame, StatesError(answer.error, answer.cause))
        return
    try:
        succeed_fork(run, frame, state, answer.result)
    except StatesError as failure:
        fail_frame(run, ROOT, failure)


def _data(run: Run, state: State, frame: Frame, answer: Answer | None, given: Circumstances) -> dict[str, object]:
    scope = run.scope(frame, state)
    result = UNSET if answer is None else answer.result
    data = {"input": frame.input, **collect(steps_in(state, scope, given.read_items))}
    data |= collect(steps_out(state, scope, result))
    handled = run.handled
    if handled is not None:
        details = {
            "catchIndex": handled.catcher,
            "retryIndex": handled.retrier,
            "retryBackoffIntervalSeconds": None if handled.delay is None else int(handled.delay),
        }
        data["errorDetails"] = {name: value for name, value in details.items() if value is not None}
    variables = run.frames[ROOT].variables if ROOT in run.frames else frame.variables
    if variables:
        data["variables"] = dict(variables)
    return data


def _conclusion(run: Run, data: dict[str, object]) -> Inspection:
    frame, handled = run.frames[ROOT], run.handled
    work = run.work[0] if run.work else None
    error = None if handled is None else handled.failure.error
    cause = None if handled is None else handled.failure.cause
    if isinstance(work, Failed):
        return Inspection("FAILED", error=work.failure.error, cause=work.failure.cause, data=data)
    if isinstance(work, Ended):
        return Inspection("SUCCEEDED", work.output, data=data)
    if work is not None:
        status: TestStatus = "SUCCEEDED" if handled is None else "CAUGHT_ERROR"
        return Inspection(status, frame.input, frame.state, error, cause, data)
    if handled is not None:
        return Inspection("RETRIABLE", error=error, cause=cause, data=data)
    task = next((command for command in outstanding(frame) if isinstance(command, RunTask)), None)
    return Inspection(None, data=data, task=task)


def _retriers(state: State) -> tuple[object, ...]:
    return state.retry if isinstance(state, FallibleState) else ()
