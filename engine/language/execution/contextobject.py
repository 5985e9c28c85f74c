"""The context object ``$$`` as a state sees it (AWS: "Accessing execution data from the Context object")."""

from __future__ import annotations

from collections.abc import Mapping

from engine.language.context import ExecutionContext, timestamp_text
from engine.language.snapshot import AwaitChildren, Frame


def context_object(context: ExecutionContext, frames: Mapping[str, Frame], frame: Frame) -> dict[str, object]:
    """Give the context object for the state that ``frame`` is in."""
    shown = context.render()
    shown["State"] = {
        "EnteredTime": timestamp_text(frame.entered_at or context.start_time),
        "Name": frame.state,
        "RetryCount": frame.attempt - 1,
    }
    item = _item(frames, frame)
    if item is not None:
        shown["Map"] = {"Item": item}
    return shown


def _item(frames: Mapping[str, Frame], frame: Frame) -> dict[str, object] | None:
    """Find the item of the innermost Map iteration around ``frame``."""
    current = frame
    while current.parent is not None:
        parent = frames[current.parent]
        if isinstance(parent.awaiting, AwaitChildren) and parent.awaiting.items:
            return {"Index": current.index, "Value": parent.awaiting.items[current.index]}
        current = parent
    return None
