"""Identifiers in time order (RFC 9562, UUID version 7), so that new rows go to the end of an index."""

from __future__ import annotations

import os
import time
from datetime import datetime
from uuid import UUID

from asyncpg.pgproto import pgproto

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_VENDOR = 0x8 << 12
_INDEX = 0xFFFF_FFFF
_INDEX_SHIFT = 30


def time_ordered_uuid() -> UUID:
    """Make a UUID that sorts after those made in earlier milliseconds, by any process."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = (random >> 62) & 0xFFF
    low = random & 0x3FFF_FFFF_FFFF_FFFF
    number = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | _VERSION | high << 64 | _VARIANT | low
    return compiled(number)


def compiled(number: int) -> UUID:
    """Make a UUID of 128 bits, in C as asyncpg has them: ids are hashed, compared and written all the time."""
    made: UUID = pgproto.UUID(number.to_bytes(16, "big"))
    return made


def child_id(map_run: UUID, index: int) -> UUID:
    """Give the id of a map run's child by its index from 0.

    The ids of a map run's children lie side by side and sort by index (RFC 9562, UUID version 8).
    """
    high = (map_run.int >> 64) & 0xFFFF_FFFF_FFFF_0FFF | _VENDOR
    low = _VARIANT | (index & _INDEX) << _INDEX_SHIFT | map_run.int & 0x3FFF_FFFF
    return compiled(high << 64 | low)


def child_index(child: UUID) -> int:
    """Give the index that a child's id was made of."""
    return (child.int >> _INDEX_SHIFT) & _INDEX


def first_of_time(moment: datetime) -> UUID:
    """Give the least of the identifiers made at a time or later."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80)


def map_runs_near(child: UUID) -> tuple[UUID, UUID]:
    """Give the range of ids that the map run of a child has one of: after the first up to the second."""
    high = child.int >> 64
    return UUID(int=high << 64), UUID(int=high << 64 | 0xFFFF_FFFF_FFFF_FFFF)


def children_of(map_run: UUID) -> tuple[UUID, UUID]:
    """Give the range of the ids of a map run's children: after the first up to the second."""
    return UUID(int=child_id(map_run, 0).int - 1), child_id(map_run, _INDEX)
