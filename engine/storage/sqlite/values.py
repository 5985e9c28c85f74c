"""How values look in SQLite: times are microseconds since 1970, identifiers 16 bytes."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)

_IDS: Final = frozenset(
    {
        "id",
        "state_machine_id",
        "revision_id",
        "execution_id",
        "activity_id",
        "parent",
        "map_run",
        "schedule_id",
        "latest_execution",
    }
)
_TIMES: Final = frozenset(
    {"created_at", "updated_at", "started_at", "stopped_at", "redriven_at", "due_at", "scheduled_at"}
)
_FLAGS: Final = frozenset({"deleting", "enabled", "ends", "is_behind"})


def from_time(moment: datetime | None) -> int | None:
    """Write a time."""
    return None if moment is None else (moment - _EPOCH) // _MICROSECOND


def to_time(microseconds: int) -> datetime:
    """Read a time."""
    return _EPOCH + timedelta(microseconds=microseconds)


def from_id(identifier: UUID | None) -> bytes | None:
    """Write an identifier that may be absent."""
    return None if identifier is None else identifier.bytes


def to_id(data: bytes) -> UUID:
    """Read an identifier."""
    return UUID(bytes=data)


def now() -> int:
    """Give the machine's time, which for a file on it is the database's."""
    return time.time_ns() // 1000


def marks(values: Sequence[object]) -> str:
    """Give a placeholder for each value."""
    return ", ".join("?" * len(values))


def columns(row: sqlite3.Row) -> dict[str, Any]:
    """Read a row: columns with the names of identifiers and times are read as such."""
    return {name: _read(name, row[name]) for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values


def record(kind: type[Row], row: sqlite3.Row) -> Row:
    """Read a row whose columns are the fields of a record."""
    values = columns(row)
    return kind(**values)


def _read(name: str, value: Any) -> object:  # noqa: ANN401 - what SQLite gives
    if value is None:
        return None
    if name in _IDS:
        return to_id(value)
    if name in _TIMES:
        return to_time(value)
    return bool(value) if name in _FLAGS else value
