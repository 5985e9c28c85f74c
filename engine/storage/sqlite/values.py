"""How values look in SQLite: times are microseconds since 1970, identifiers 16 bytes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


def from_time(moment: datetime | None) -> int | None:
    """Write a time."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def to_time(microseconds: int) -> datetime:
    """Read a time."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_optional_time(microseconds: int | None) -> datetime | None:
    """Read a time that may be absent."""
    return None if microseconds is None else to_time(microseconds)


def to_id(data: bytes) -> UUID:
    """Read an identifier."""
    return UUID(bytes=data)


def now() -> int:
    """Give the machine's time, which for a file on it is the database's."""
    return time.time_ns() // 1000
