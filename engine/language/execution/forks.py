"""Parallel and Map states: start children, gather their outputs, end them all when one fails."""

from __future__ import annotations

from msgspec.structs import replace

from engine.language.definition import ForkState, MapState, ParallelState
from engine.language.errors import StatesError, runtime_error
from engine.language.execution.run import Enter, Run
from engine.language.execution.steps import fail, leave
from engine.language.expressions.paths import MISSING
from engine.language.expressions.scope import Scope
from engine.language.snapshot import AwaitChildren, AwaitTask, AwaitTimer, Frame


def run_parallel(run: Run, frame: Frame, state: ParallelState) -> None:
    """Start the branches of a Parallel state."""
    arguments = state.flow.arguments(run.scope(frame))
    run.payload(arguments, state.name)
    frame = run.record(frame, "ParallelStateStarted")
    total = len(state.branches)
    run.put(replace(frame, awaiting=AwaitChildren(total, total)))
    for index, branch in enumerate(state.branches):
        _start(run, frame, index, branch.start_at, arguments)


def run_map(run: Run, frame: Frame, state: MapState) -> None:
    """Start the first iterations of a Map state."""
    scope = run.scope(frame)
    inner = scope.of(state.flow.arguments(scope))
    run.payload(inner.document, state.name)
    items = _items(state, inner)
    limit = _concurrency(state, inner)
    frame = run.record(frame, "MapStateStarted", {"length": len(items)})
    frame = run.put(replace(frame, awaiting=AwaitChildren(len(items), 0, items=tuple(items))))
    if not items:
        _succeed(run, frame, state, [])
        return
    for _ in range(min(limit or len(items), len(items))):
        _start_iteration(run, frame.id, state)


def child_ended(run: Run, child: Frame, output: object) -> None:
    """Take the output of a branch or iteration that has ended."""
    parent, state, awaiting = _parent_of(run, child)
    if isinstance(state, MapState):
        child = run.record(child, "MapIterationSucceeded", {"name": state.name, "index": child.index})
    run.drop([child])
    awaiting = replace(awaiting, outputs={**awaiting.outputs, child.index: output})
    parent = run.put(replace(parent, awaiting=awaiting))
    if len(awaiting.outputs) == awaiting.total:
        outputs = [awaiting.outputs[index] for index in range(awaiting.total)]
        _succeed(run, run.put(replace(parent, last_event=child.last_event)), state, outputs)
    elif awaiting.started < awaiting.total and isinstance(state, MapState):
        _start_iteration(run, parent.id, state)


def child_failed(run: Run, child: Frame, failure: StatesError) -> None:
    """End all children of the state, since one has failed, and then let the state itself fail."""
    parent, state, _ = _parent_of(run, child)
    cause = child.last_event
    if isinstance(state, MapState):
        run.note("MapIterationFailed", cause, {"name": state.name, "index": child.index})
    run.drop([child])
    abort_children(run, parent, cause)
    parent = run.record(replace(parent, last_event=cause, awaiting=None), f"{state.type}StateFailed")
    fail(run, parent, failure)


def _succeed(run: Run, frame: Frame, state: ForkState, outputs: list[object]) -> None:
    frame = run.record(replace(frame, awaiting=None), f"{state.type}StateSucceeded")
    leave(run, frame, state.flow.output(run.scope(frame), outputs), state.next)


def abort_children(run: Run, frame: Frame, cause: int) -> None:
    """End everything that the frame's state started; the event ``cause`` is why."""
    state = run.state_of(frame)
    for child in run.children_of(frame.id):
        _abort(run, child, cause)
        if isinstance(state, MapState):
            run.note("MapIterationAborted", cause, {"name": state.name, "index": child.index})


def _abort(run: Run, frame: Frame, cause: int) -> None:
    """End a frame and everything it started; the state it was in is recorded as aborted."""
    abort_children(run, frame, cause)
    if isinstance(frame.awaiting, AwaitTask | AwaitTimer | AwaitChildren):
        run.note(f"{run.state_of(frame).type}StateAborted", cause, {})
    run.drop([frame])


def _start(run: Run, parent: Frame, index: int, start_at: str, document: object) -> None:
    frame = Frame(
        id=f"{parent.entry_id}.{parent.attempt}/{index}",
        parent=parent.id,
        index=index,
        state=start_at,
        input=document,
        last_event=parent.last_event,
    )
    run.put(frame)
    run.work.append(Enter(frame.id))


def _start_iteration(run: Run, frame_id: str, state: MapState) -> None:
    frame = run.frames[frame_id]
    awaiting = frame.awaiting
    if not isinstance(awaiting, AwaitChildren):
        return
    index = awaiting.started
    item = awaiting.items[index]
    document = item if state.item_selector is None else _selected(run, frame, state, index, item)
    run.payload(document, state.name)
    started = run.note("MapIterationStarted", frame.last_event, {"name": state.name, "index": index})
    run.put(replace(frame, awaiting=replace(awaiting, started=index + 1)))
    _start(run, replace(frame, last_event=started), index, state.processor.start_at, document)


def _selected(run: Run, frame: Frame, state: MapState, index: int, item: object) -> object:
    scope = run.scope(frame)
    document = state.flow.arguments(scope)
    context = {**scope.context, "Map": {"Item": {"Index": index, "Value": item}}}
    inner = Scope(document, lambda: context, f"{scope.seed}/{index}")
    return document if state.item_selector is None else state.item_selector.render(inner)


def _items(state: MapState, scope: Scope) -> list[object]:
    items = state.items_path.read(scope)
    if items is MISSING:
        raise runtime_error(
            f"Invalid path '{state.items_path.text}' : No results for path: {state.items_path.normalized}"
        )
    if not isinstance(items, list):
        raise runtime_error(f'Reference path "{state.items_path.text}" must point to array.')
    return items


def _concurrency(state: MapState, scope: Scope) -> int:
    if isinstance(state.max_concurrency, int):
        return state.max_concurrency
    value = state.max_concurrency.read(scope)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        path = state.max_concurrency.text
        raise runtime_error(f"The MaxConcurrencyPath parameter does not reference a whole number from 0: {path}")
    return value


def _parent_of(run: Run, child: Frame) -> tuple[Frame, ForkState, AwaitChildren]:
    parent = run.frames[child.parent or ""]
    state = run.state_of(parent)
    if not isinstance(parent.awaiting, AwaitChildren) or not isinstance(state, ParallelState | MapState):
        msg = f"the frame {parent.id!r} has children but doesn't wait for them"
        raise TypeError(msg)
    return parent, state, parent.awaiting
