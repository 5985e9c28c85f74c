"""Distributed Map states: have a map run done, and take its result (AWS: "Using Map state in Distributed mode")."""

from __future__ import annotations

import uuid
from typing import Final

from msgspec import UNSET
from msgspec.structs import replace

from engine.language.commands import RunMap
from engine.language.dataflow.sources import Quantity
from engine.language.definition import MapState
from engine.language.distribution import Distributed
from engine.language.errors import ITEM_READER_FAILED, RESULT_WRITER_FAILED, Reach, StatesError, reported
from engine.language.events import TaskFailed, TaskSucceeded
from engine.language.execution.contextobject import task_id
from engine.language.execution.failing import fail, fail_evaluation
from engine.language.execution.forks import succeed_fork
from engine.language.execution.run import Run
from engine.language.expressions.scope import Scope
from engine.language.history import present
from engine.language.snapshot import AwaitMap, Frame

_NAMESPACE: Final = uuid.UUID("6f5b1d0c-93a5-4b62-9c0a-8f3d1f6c2b7e")
_WITHOUT_TIME: Final = (1 << 80) - 1
_VERSION_BITS: Final = 0xF << 76
_VERSION_8: Final = 0x8 << 76
_ARN_PARTS: Final = 5
_OF_THE_STATE: Final = frozenset({ITEM_READER_FAILED, RESULT_WRITER_FAILED})


def run_map_run(run: Run, frame: Frame, state: MapState, distributed: Distributed) -> None:
    """Ask for a map run, or, after a redrive, for the rest of the one there was."""
    former = frame.awaiting.task if type(frame.awaiting) is AwaitMap else None
    if former is None:
        _begin(run, frame, state, distributed)
        return
    count = former.redrive_count + 1
    command = replace(former, task_id=task_id(frame), entry_id=frame.entry_id, attempt=1, redrive_count=count)
    shown: dict[str, object] = {"mapRunArn": command.map_run_arn, "redriveCount": count}
    _await(run, run.record(frame, "MapRunRedriven", shown), command)


def succeed_map_run(run: Run, frame: Frame, state: MapState, event: TaskSucceeded) -> None:
    """Take the result of the map run; the exit follows the event before the state's success, as in the service."""
    frame = run.put(replace(frame, awaiting=None))
    run.payload(event.output, state.name, Reach.ANYONE)
    succeed_fork(run, run.record(frame, "MapRunSucceeded"), state, event.output)


def fail_map_run(run: Run, frame: Frame, event: TaskFailed) -> None:
    """Take the failure of the map run; what its reader or writer complains of is told as the state's own failure."""
    run.fall(frame)
    frame = run.put(replace(frame, awaiting=None))
    failure = reported(event.error, event.cause)
    if event.error in _OF_THE_STATE:
        failure = failure.located(frame.state, frame.entry_event)
    frame = run.record(frame, "MapRunFailed", present(error=failure.error, cause=failure.cause))
    fail(run, frame, failure)


def _begin(run: Run, frame: Frame, state: MapState, distributed: Distributed) -> None:
    """Evaluate the state's fields in the service's order, between the events that it has there."""
    scope = state.flow.effective(run.scope(frame, state))
    concurrency = _number(state.max_concurrency, scope)
    items = state.items.evaluate(scope) if distributed.reader is None else UNSET
    length = len(items) if isinstance(items, (list, dict)) else 0
    started = run.note("MapStateStarted", frame.last_event, {"length": length})
    count = _number(distributed.tolerated_failure_count, scope)
    percentage = _number(distributed.tolerated_failure_percentage, scope)
    arn = _arn(run, frame, distributed)
    frame = run.record(replace(frame, last_event=started), "MapRunStarted", {"mapRunArn": arn})
    command = RunMap(
        task_id=task_id(frame),
        entry_id=frame.entry_id,
        state_name=state.name,
        attempt=frame.attempt,
        pointer=state.pointer,
        map_run_arn=arn,
        label=distributed.label,
        execution_type=distributed.execution_type,
        input=scope.document,
        max_concurrency=0 if concurrency is None else int(concurrency),
        tolerated_failure_count=None if count is None else int(count),
        tolerated_failure_percentage=percentage,
        variables=dict(scope.variables),
        items=items,
    )
    try:
        _await(run, frame, _with_parts(command, distributed, scope))
    except StatesError as failure:
        located = failure.located(frame.state, frame.entry_event)
        frame = run.record(frame, "MapRunFailed", present(error=located.error, cause=located.cause))
        fail_evaluation(run, frame, failure)


def _with_parts(command: RunMap, distributed: Distributed, scope: Scope) -> RunMap:
    """Evaluate what reads the items, batches them and writes the results."""
    return replace(
        command,
        reader=None if distributed.reader is None else distributed.reader.evaluate(scope),
        batcher=None if distributed.batcher is None else distributed.batcher.evaluate(scope),
        writer=None if distributed.writer is None else distributed.writer.evaluate(scope),
    )


def _await(run: Run, frame: Frame, command: RunMap) -> None:
    run.put(replace(frame, awaiting=AwaitMap(command)))
    run.call(command)


def _arn(run: Run, frame: Frame, distributed: Distributed) -> str:
    """Make the map run's ARN: the same each time for the same attempt of the same visit.

    Its id begins with the time of the visit (RFC 9562, UUID version 8), so that what is stored by it and by the ids of
    its children, which begin as it does, goes to the end of an index.
    """
    context = run.context
    place = ":".join(context.execution_id.split(":")[:_ARN_PARTS])
    machine = context.state_machine_name.partition("/")[0]
    unique = uuid.uuid5(_NAMESPACE, f"{context.execution_id}/{frame.entry_id}/{frame.attempt}").int
    milliseconds = int((frame.entered_at or context.start_time).timestamp() * 1000)
    identity = uuid.UUID(int=(milliseconds << 80 | unique & _WITHOUT_TIME) & ~_VERSION_BITS | _VERSION_8)
    return f"{place}:mapRun:{machine}/{distributed.label}:{identity}"


def _number(quantity: Quantity | None, scope: Scope) -> float | None:
    return None if quantity is None else quantity.evaluate(scope)
