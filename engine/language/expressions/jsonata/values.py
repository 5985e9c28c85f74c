"""Values on their way into the library and out of it.

The library shows undefined as None and null as an object of its own; JSON shows null as None. Numbers follow the
service: a whole number that a 64-bit integer holds is one, whatever its spelling (``1.0`` is 1), and every other
number is a double; a double that JSON can't hold is the string that JavaScript names it by.
"""

from __future__ import annotations

import math
from typing import Final

from engine.language.expressions.jsonata.library import NULL

_LONG: Final = 2**63


class NotJson(Exception):  # noqa: N818 - says what the value is
    """A value holds what JSON can't, such as a function."""


def number(value: float) -> int | float | str:
    """Give a number as the service writes it."""
    if isinstance(value, int):
        return value if -_LONG <= value < _LONG else _double(value)
    if math.isfinite(value):
        return int(value) if value.is_integer() and -_LONG <= value < _LONG else value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def to_json(value: object) -> object:
    """Give what the library made as plain JSON; raises `NotJson`. What is plain already isn't copied."""
    return value if _is_settled(value, nulls=True) else _to_json(value)


def from_json(value: object) -> object:
    """Give JSON with its nulls as the library shows them, and its numbers as the service reads them.

    What has none of these isn't copied.
    """
    return value if _is_settled(value, nulls=False) else _from_json(value)


def _is_settled(value: object, *, nulls: bool) -> bool:
    """Say whether ``value`` is plain JSON, its numbers as the service has them, and whether it may have ``nulls``."""
    parts = [value]
    for part in parts:  # grows while it is read
        kind = type(part)
        if kind is str or kind is bool:
            continue
        if isinstance(part, dict):
            parts += part.values()
        elif isinstance(part, int):
            if not -_LONG <= part < _LONG:
                return False
        elif kind is list and isinstance(part, list):
            parts += part
        elif isinstance(part, float):
            if type(number(part)) is not kind:
                return False
        elif part is not None or not nulls:
            return False
    return True


def _to_json(value: object) -> object:
    if value is None or value is NULL:
        return None
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, dict):
        return {name: _to_json(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_to_json(part) for part in value]
    raise NotJson


def _from_json(value: object) -> object:
    if value is None:
        return NULL
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, dict):
        return {name: _from_json(part) for name, part in value.items()}
    return [_from_json(part) for part in value] if isinstance(value, list) else value


def _double(value: int) -> float | str:
    try:
        return float(value)
    except OverflowError:
        return "Infinity" if value > 0 else "-Infinity"
