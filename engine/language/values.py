"""JSON values: their text, their equality, their size."""

from __future__ import annotations

from typing import Final

import msgspec

from engine.language.errors import DATA_LIMIT_EXCEEDED, Reach, StatesError

_ENCODER = msgspec.json.Encoder()
_EXACT: Final = 2**53
"""Whole numbers below this are exact as doubles."""


def json_bytes(value: object) -> bytes:
    """Write ``value`` as compact JSON; a value too deep or not JSON at all is a `StatesError`."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        cause = "A value is nested too deeply, or is of a kind that JSON can't hold."
        raise StatesError(DATA_LIMIT_EXCEEDED, cause, reach=Reach.BY_NAME) from error


def json_text(value: object) -> str:
    """Write ``value`` as compact JSON text."""
    return json_bytes(value).decode()


def canonical_json(value: object) -> bytes:
    """Write ``value`` as JSON that is the same for equal values: members sorted, 1.0 as 1."""
    return msgspec.json.encode(_with_doubles(value), order="sorted")


def _with_doubles(value: object) -> object:
    if isinstance(value, dict):
        return {name: _with_doubles(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_doubles(part) for part in value]
    exact = isinstance(value, int) and not isinstance(value, bool) and abs(value) < _EXACT
    return float(value) if exact and isinstance(value, int) else value


def is_deeper(value: object, text: str, limit: int) -> bool:
    """Say whether ``value``, whose JSON is ``text``, nests objects and arrays more than ``limit`` levels deep."""
    if len(text) <= 2 * limit or text.count("{") + text.count("[") <= limit:
        return False
    level = [value]
    for _ in range(limit + 1):
        level = [part for part in level if isinstance(part, (dict, list))]
        if not level:
            return False
        level = [part for whole in level for part in (whole.values() if isinstance(whole, dict) else _elements(whole))]
    return True


def _elements(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def json_equal(left: object, right: object) -> bool:
    """Compare two JSON values; unlike Python, true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(json_equal(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(json_equal, left, right))
    return left == right


def is_number(value: object) -> bool:
    """Say whether ``value`` is a JSON number; true and false are not."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
