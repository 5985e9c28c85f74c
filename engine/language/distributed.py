"""From the items of a distributed Map to the inputs of its child executions (AWS: "ItemSelector", "ItemBatcher").

Works lazily, an item at a time, so that a source may be larger than the memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, Protocol

import msgspec

from engine.language.commands import RunMap
from engine.language.context import ExecutionContext
from engine.language.definition import StateMachine
from engine.language.errors import DATA_LIMIT_EXCEEDED, StatesError, runtime_error
from engine.language.execution.contextobject import context_object
from engine.language.expressions.scope import Scope
from engine.language.snapshot import AwaitMap, Frame, Snapshot

STATE_DATA: Final = "STATE_DATA"
"""``Map.Item.Source`` of items that come with the state's input."""

_SEPARATOR: Final = len(",")
_ENCODER: Final = msgspec.json.Encoder()


class Item(msgspec.Struct, frozen=True, gc=False):
    """One item to iterate over.

    Attributes:
        value: the item, any JSON value.
        source: where it comes from (AWS: ``Map.Item.Source``): ``STATE_DATA`` or ``S3://bucket/key``.
        key: its name, when the items are the members of an object.
    """

    value: object
    source: str = STATE_DATA
    key: str | None = None

    @property
    def pair(self) -> object:
        """What an iteration gets without ``ItemSelector``: the item, or the member's ``Key`` and ``Value``."""
        return self.value if self.key is None else {"Key": self.key, "Value": self.value}


class ChildInput(msgspec.Struct, frozen=True, gc=False):
    """The input of the child execution ``index``, from 0, as JSON text; it stands for so many ``items``."""

    index: int
    text: str
    items: int = 1


class Selector(Protocol):
    """An ``ItemSelector``, compiled."""

    def render(self, scope: Scope) -> object:
        """Give an item's input."""
        ...


class Tolerance(msgspec.Struct, frozen=True):
    """How many items may fail (AWS: "ToleratedFailureCount", "ToleratedFailurePercentage"); 0 for not given.

    With both, either ends the map run; with none, the first failure does.
    """

    count: int = 0
    percentage: float = 0.0

    def exceeded(self, failed: int, total: int | None) -> bool:
        """Tell whether too many items have failed; ``total`` is None until all items are counted."""
        if not failed:
            return False
        if not self.count and not self.percentage:
            return True
        if self.count and failed > self.count:
            return True
        return bool(self.percentage and total and failed * 100 > self.percentage * total)


def items_of(value: object) -> Iterator[Item]:
    """Give the elements of an array or the members of an object; raises StatesError for anything else."""
    if isinstance(value, (list, tuple)):
        return (Item(element) for element in value)
    if isinstance(value, dict):
        return (Item(member, key=key) for key, member in value.items())
    raise runtime_error("The items of a distributed Map state must be an array or an object.")


def map_scope(
    machine: StateMachine, context: ExecutionContext, snapshot: Snapshot, run_map: RunMap, now: datetime
) -> Scope:
    """Give what the expressions of a Map state see while its map run goes on.

    ``snapshot`` is the one in which the state waits for the map run; ``now`` must be the same again after a takeover.
    """
    state = machine.maps[run_map.pointer]
    frame = next(frame for frame in snapshot.frames.values() if _awaits(frame, run_map))
    return Scope(
        run_map.input,
        lambda: context_object(context, snapshot.frames, frame, state),
        f"{context.execution_id}/{run_map.entry_id}/{run_map.attempt}",
        variables=run_map.variables,
        now=now,
    )


def _awaits(frame: Frame, run_map: RunMap) -> bool:
    return isinstance(frame.awaiting, AwaitMap) and frame.awaiting.task.task_id == run_map.task_id


def child_inputs(
    run_map: RunMap,
    selector: Selector | None,
    scope: Scope,
    items: Iterable[Item],
    max_bytes: int,
) -> Iterator[ChildInput]:
    """Give the inputs of the child executions in order.

    Args:
        run_map: the map run.
        selector: the state's ``ItemSelector``.
        scope: what expressions of the state see, with the state's effective input as its document.
        items: the items.
        max_bytes: largest input of an execution.

    Raises StatesError when an item can't be selected or is too large.
    """
    selected = (_selected(selector, scope, index, item) for index, item in enumerate(items))
    if run_map.batcher is not None:
        return _batches(run_map.state_name, run_map.batcher, selected, max_bytes)
    return _single(run_map.state_name, selected, max_bytes)


def _selected(selector: Selector | None, scope: Scope, index: int, item: Item) -> object:
    if selector is None:
        return item.pair
    return selector.render(item_scope(scope, index, item))


def item_scope(scope: Scope, index: int, item: Item) -> Scope:
    """Give the scope in which ``ItemSelector`` is evaluated for an item: ``Map.Item`` is in the context object."""
    shown: dict[str, object] = {"Index": index, "Value": item.value, "Source": item.source}
    if item.key is not None:
        shown["Key"] = item.key
    return scope.with_item(shown)


def _single(state: str, inputs: Iterable[object], max_bytes: int) -> Iterator[ChildInput]:
    for index, value in enumerate(inputs):
        data = _ENCODER.encode(value)
        if len(data) > max_bytes:
            raise _too_large(state, len(data), max_bytes)
        yield ChildInput(index, data.decode())


def _batches(
    state: str, batcher: Mapping[str, object], inputs: Iterable[object], max_bytes: int
) -> Iterator[ChildInput]:
    """Fill batches until either limit is reached; an item that alone is too large for a batch is a failure."""
    limit = min(max_bytes, _limit(batcher.get("MaxInputBytesPerBatch"), max_bytes))
    most = _limit(batcher.get("MaxItemsPerBatch"), max_bytes)
    wrap = _wrapper(batcher)
    empty = len(wrap([]))
    batch: list[bytes] = []
    size, index = empty, 0
    for value in inputs:
        data = _ENCODER.encode(value)
        if empty + len(data) > limit:
            raise _too_large(state, empty + len(data), limit)
        if batch and (len(batch) >= most or size + len(data) + _SEPARATOR > limit):
            yield ChildInput(index, wrap(batch), len(batch))
            batch, size, index = [], empty, index + 1
        size += len(data) + (_SEPARATOR if batch else 0)
        batch.append(data)
    if batch:
        yield ChildInput(index, wrap(batch), len(batch))


def _wrapper(batcher: Mapping[str, object]) -> Callable[[list[bytes]], str]:
    shared = _ENCODER.encode(batcher["BatchInput"]) if "BatchInput" in batcher else None
    start = b'{"Items":[' if shared is None else b'{"BatchInput":' + shared + b',"Items":['
    return lambda batch: (start + b",".join(batch) + b"]}").decode()


def _limit(value: object, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default


def _too_large(state: str, size: int, limit: int) -> StatesError:
    cause = f"An item of the state '{state}' makes an input of {size} bytes; a child execution takes {limit} at most."
    return StatesError(DATA_LIMIT_EXCEEDED, cause)
