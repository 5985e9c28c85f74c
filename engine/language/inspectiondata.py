"""The steps of a state's data flow, one by one (AWS: "InspectionData")."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from msgspec import UNSET

from engine.language.dataflow.jsonpath import JsonPathFlow
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
from engine.language.distributed import Item, item_scope, items_of
from engine.language.errors import StatesError
from engine.language.expressions.scope import Scope

Step = tuple[str, object]


def collect(steps: Iterator[Step]) -> dict[str, object]:
    """Gather steps until one fails."""
    found: dict[str, object] = {}
    with contextlib.suppress(StatesError):
        found.update(steps)
    return found


def steps_in(state: State, scope: Scope, read: object) -> Iterator[Step]:
    """Give what the state makes of its input; ``read`` is what its ItemReader is to have read, UNSET if nothing."""
    if isinstance(state, FailState):
        yield "afterInputPath", scope.document
    elif isinstance(state, MapState):
        yield from _map_steps(state, scope, read)
    elif isinstance(state.flow, JsonPathFlow):
        if not isinstance(state, PassState) or state.result is UNSET:
            yield "afterInputPath", state.flow.effective(scope).document
            if isinstance(state, (TaskState, PassState, ParallelState)):
                yield "afterParameters", state.flow.arguments(scope)
    elif isinstance(state, (TaskState, ParallelState)):
        yield "afterArguments", state.flow.arguments(scope)


def steps_out(state: State, scope: Scope, result: object) -> Iterator[Step]:
    """Give what the state makes of its ``result``; UNSET if it has none of its own."""
    if isinstance(state, (SucceedState, ChoiceState, WaitState, FailState)):
        return
    if isinstance(state, PassState):
        if state.result is not UNSET:
            yield "result", state.result
        result = state.flow.arguments(scope) if state.result is UNSET else state.result
    elif result is UNSET:
        return
    elif not isinstance(state, MapState):
        yield "result", result
    flow = state.flow
    if isinstance(flow, JsonPathFlow):
        selected = result if flow.result_selector is None else flow.result_selector.render(scope.of(result))
        yield "afterResultSelector", selected
        yield "afterResultPath", flow.combined(scope, selected)


def _map_steps(state: MapState, scope: Scope, read: object) -> Iterator[Step]:
    inner = state.flow.effective(scope)
    distributed = state.distributed
    if state.query_language == "JSONPath":
        yield "afterInputPath", inner.document
    yield from _limits(state, inner)
    fetched = distributed is not None and distributed.reader is not None
    items = read if fetched else state.items.evaluate(inner)
    if not isinstance(items, (list, dict)):
        return
    if state.query_language == "JSONPath" and not fetched:
        yield "afterItemsPath", items
    inputs = list(_inputs(state, inner, items_of(items)))
    if state.item_selector is not None:
        yield "afterItemSelector", inputs
    if distributed is not None and distributed.batcher is not None:
        yield "afterItemBatcher", _batches(distributed.batcher.evaluate(inner), inputs)


def _limits(state: MapState, scope: Scope) -> Iterator[Step]:
    yield "maxConcurrency", 0 if state.max_concurrency is None else state.max_concurrency.evaluate(scope)
    if state.distributed is None:
        return
    count, percentage = state.distributed.tolerated_failure_count, state.distributed.tolerated_failure_percentage
    if count is not None:
        yield "toleratedFailureCount", count.evaluate(scope)
    if percentage is not None:
        yield "toleratedFailurePercentage", percentage.evaluate(scope)


def _inputs(state: MapState, scope: Scope, items: Iterator[Item]) -> Iterator[object]:
    selector = state.item_selector
    for index, item in enumerate(items):
        yield item.pair if selector is None else selector.render(item_scope(scope, index, item))


def _batches(batcher: dict[str, object], inputs: list[object]) -> list[object]:
    most = batcher.get("MaxItemsPerBatch")
    size = most if isinstance(most, int) else len(inputs) or 1
    shared = {"BatchInput": batcher["BatchInput"]} if "BatchInput" in batcher else {}
    return [{**shared, "Items": inputs[at : at + size]} for at in range(0, len(inputs), size)]
