"""Rows of SQL databases as the engine knows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from engine.storage.records import NO_ORIGIN, Execution, Origin, Route
from engine.storage.retention import Archived

_ROUTES: Final = msgspec.json.Decoder(tuple[Route, ...])
_NONE: Final = dict.fromkeys(Origin.__struct_fields__)


def with_origin(values: dict[str, Any]) -> dict[str, Any]:
    """Give an execution's columns with those of its origin as one value."""
    columns = {name: values.pop(name) for name in Origin.__struct_fields__}
    if columns != _NONE:
        columns["items"] = columns["items"] or 0
        values["origin"] = Origin(**columns)
    else:
        values["origin"] = NO_ORIGIN
    return values


def execution_of(values: dict[str, Any]) -> Execution:
    """Read an execution's columns, with those of where it is archived."""
    place = [values.pop(name) for name in ("archive", "archive_position", "archive_length")]
    return Execution(**with_origin(values), archived=None if place[0] is None else Archived(*place))


def encode_routes(routes: Sequence[Route]) -> str:
    """Write an alias's routes."""
    return msgspec.json.encode(routes).decode()


def decode_routes(text: str) -> tuple[Route, ...]:
    """Read an alias's routes."""
    return _ROUTES.decode(text)
