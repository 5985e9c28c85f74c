"""Redrive: an execution that ended badly goes on where it failed (AWS: "Restarting executions with redrive").

What has succeeded is kept. A state that failed or was aborted runs again with its first input, its retries untouched;
of a Parallel or inline Map state only the branches and iterations that didn't succeed.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from engine.language.snapshot import AwaitChildren, AwaitMap, AwaitTurn, Frame


def revived(frames: Mapping[str, Frame], redrive_count: int, event: int) -> dict[str, Frame]:
    """Give ``frames`` as they go on: those with children wait for them, all others begin their state anew.

    ``event`` is the one that tells of the redrive.
    """
    parents = {frame.parent for frame in frames.values()}
    return {
        frame.id: frame if _waits(frame, parents) else _anew(frame, redrive_count, event) for frame in frames.values()
    }


def beginning(frames: Mapping[str, Frame]) -> list[Frame]:
    """Give the frames that begin their state anew, in the order in which they had entered it."""
    anew = (frame for frame in frames.values() if type(frame.awaiting) is not AwaitChildren)
    return sorted(anew, key=lambda frame: (frame.entry_event, frame.id))


def _waits(frame: Frame, parents: set[str | None]) -> bool:
    return type(frame.awaiting) is AwaitChildren and frame.id in parents


def _anew(frame: Frame, redrive_count: int, event: int) -> Frame:
    kept = frame.awaiting if isinstance(frame.awaiting, (AwaitMap, AwaitTurn)) else None
    entry_id = f"{frame.entry_event}r{redrive_count}"
    return replace(frame, entry_id=entry_id, attempt=1, retries={}, awaiting=kept, last_event=event)
