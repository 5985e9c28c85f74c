"""The context object ``$$`` as a state sees it (AWS: "Accessing execution data from the Context object")."""

from __future__ import annotations

from collections.abc import Mapping

from engine.language.context import ExecutionContext, timestamp_text
from engine.language.definition import MapState, ParallelState, State, TaskState
from engine.language.snapshot import AwaitChildren, Frame


def context_object(
    context: ExecutionContext, frames: Mapping[str, Frame], frame: Frame, state: State
) -> dict[str, object]:
    """Give the context object for the ``state`` that ``frame`` is in."""
    shown = context.render()
    shown["State"] = _state(context, frame, state)
    if isinstance(state, TaskState) and state.resource.pattern == "token":
        shown["Task"] = {"Token": context.task_token(task_id(frame))}
    item = _item(frames, frame)
    if item is not None:
        shown["Map"] = {"Item": item}
    return shown


def task_id(frame: Frame) -> str:
    """Name the attempt that the frame's state is at."""
    return f"{frame.entry_id}.{frame.attempt}"


def item_of(awaiting: AwaitChildren, index: int) -> dict[str, object]:
    """Describe the item of an iteration."""
    item: dict[str, object] = {"Index": index, "Value": awaiting.items[index]}
    if awaiting.keys:
        item["Key"] = awaiting.keys[index]
    return item


def _state(context: ExecutionContext, frame: Frame, state: State) -> dict[str, object]:
    shown: dict[str, object] = {
        "Name": frame.state,
        "EnteredTime": timestamp_text(frame.entered_at or context.start_time),
    }
    if isinstance(state, (TaskState, ParallelState, MapState)):
        shown["RetryCount"] = frame.attempt - 1
    return shown


def _item(frames: Mapping[str, Frame], frame: Frame) -> dict[str, object] | None:
    """Find the item of the innermost Map iteration around ``frame``."""
    current = frame
    while current.parent is not None:
        parent = frames[current.parent]
        if type(parent.awaiting) is AwaitChildren and parent.awaiting.items:
            return item_of(parent.awaiting, current.index)
        current = parent
    return None
