"""Writes the snapshots of an execution, one after the other: what hasn't changed since the last isn't encoded again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from engine.language.snapshot import Frame, Snapshot, encode_snapshot

_FEW: Final = 4
"""Snapshots of no more threads are encoded as a whole, so that nothing is kept of them."""

_ENCODER: Final = msgspec.json.Encoder()


class _Written(msgspec.Struct, omit_defaults=True, gc=False):
    """A `Snapshot` whose threads are encoded already; its fields are the same, in the same order."""

    frames: dict[str, msgspec.Raw]
    last_event_id: int
    timeout_due: datetime | None = None
    version: int = 0
    redrivable: dict[str, Frame] = {}


class SnapshotWriter:
    """Writes the snapshots of one execution as `encode_snapshot` does.

    Of the threads of a Parallel or Map state most stay as they are in a transition. Their JSON is kept from one
    snapshot to the next, so that the time for a hundred branches doesn't grow with the square of their number.
    """

    __slots__ = ("_written",)

    def __init__(self) -> None:
        self._written: dict[str, tuple[Frame, msgspec.Raw]] = {}

    def write(self, snapshot: Snapshot) -> bytes:
        """Give ``snapshot`` as JSON."""
        if len(snapshot.frames) <= _FEW:
            if self._written:
                self._written = {}
            return encode_snapshot(snapshot)
        self._written = {frame_id: self._write(frame) for frame_id, frame in snapshot.frames.items()}
        frames = {frame_id: raw for frame_id, (_, raw) in self._written.items()}
        written = _Written(frames, snapshot.last_event_id, snapshot.timeout_due, snapshot.version, snapshot.redrivable)
        return _ENCODER.encode(written)

    def _write(self, frame: Frame) -> tuple[Frame, msgspec.Raw]:
        known = self._written.get(frame.id)
        return known if known is not None and known[0] is frame else (frame, msgspec.Raw(_ENCODER.encode(frame)))
