"""Inline Map states: start iterations, so many at a time."""

from __future__ import annotations

from msgspec.structs import replace

from engine.language.definition import MapState
from engine.language.execution.contextobject import item_of
from engine.language.execution.forks import start_child, succeed_fork
from engine.language.execution.run import Run
from engine.language.limits import MAX_INLINE_CONCURRENCY
from engine.language.snapshot import AwaitChildren, Frame


def run_inline_map(run: Run, frame: Frame, state: MapState) -> None:
    """Start the first iterations of a Map state."""
    inner = state.flow.effective(run.scope(frame, state))
    limit = 0 if state.max_concurrency is None else int(state.max_concurrency.evaluate(inner))
    found = state.items.evaluate(inner)
    keys = tuple(found) if isinstance(found, dict) else ()
    items = tuple(found.values() if isinstance(found, dict) else found)
    run.payload(found, state.name)
    frame = run.record(frame, "MapStateStarted", {"length": len(items)})
    frame = run.put(replace(frame, awaiting=AwaitChildren(len(items), 0, items=items, keys=keys)))
    if not items:
        succeed_fork(run, frame, state, [])
        return
    for _ in range(min(limit or MAX_INLINE_CONCURRENCY, len(items))):
        start_iteration(run, run.frames[frame.id], state, frame.last_event)


def start_iteration(run: Run, frame: Frame, state: MapState, previous: int) -> None:
    """Start the next iteration after the event ``previous``."""
    awaiting = frame.awaiting
    if type(awaiting) is not AwaitChildren:
        return
    index = awaiting.started
    item = item_of(awaiting, index)
    document = _document(run, frame, state, item)
    run.payload(document, state.name)
    started = run.note("MapIterationStarted", previous, {"name": state.name, "index": index})
    run.put(replace(frame, awaiting=replace(awaiting, started=index + 1)))
    start_child(run, replace(frame, last_event=started), index, state.processor.start_at, document)


def _document(run: Run, frame: Frame, state: MapState, item: dict[str, object]) -> object:
    """Make the input of an iteration: what ItemSelector gives, or the item, or the member of an object."""
    if state.item_selector is None:
        return {"Key": item["Key"], "Value": item["Value"]} if "Key" in item else item["Value"]
    return state.item_selector.render(state.flow.effective(run.scope(frame, state)).with_item(item))
