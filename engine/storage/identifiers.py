"""Identifiers in time order (RFC 9562, UUID version 7), so that new rows go to the end of an index."""

from __future__ import annotations

import os
import time
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62


def time_ordered_uuid() -> UUID:
    """Make a UUID that sorts after those made in earlier milliseconds, by any process."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = (random >> 62) & 0xFFF
    low = random & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(milliseconds & 0xFFFF_FFFF_FFFF) << 80 | _VERSION | high << 64 | _VARIANT | low)
