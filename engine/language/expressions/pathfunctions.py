"""The functions that can end a path, such as ``length()`` (Jayway JsonPath: "Functions")."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from typing import Final

from engine.language.errors import runtime_error
from engine.language.values import is_number


def _length(value: object, _argument: int | None) -> object:
    return len(value) if isinstance(value, (list, dict, str)) else None


def _keys(value: object, _argument: int | None) -> object:
    return list(value) if isinstance(value, dict) else None


def _element(value: object, index: int | None) -> object:
    fits = isinstance(value, list) and index is not None and -len(value) <= index < len(value)
    return value[index] if isinstance(value, list) and index is not None and fits else None


def _of_numbers(compute: Callable[[list[float]], float]) -> Callable[[object, int | None], object]:
    def of_numbers(value: object, _argument: int | None) -> object:
        numbers = [part for part in value if is_number(part)] if isinstance(value, list) else []
        if not numbers:
            raise runtime_error("Aggregation function attempted to calculate value using empty array")
        try:
            result = float(compute(numbers))
        except OverflowError:
            result = math.inf
        if not math.isfinite(result):
            raise runtime_error("Aggregation function gives a number that JSON can't hold")
        return result

    return of_numbers


PATH_FUNCTIONS: Final[dict[str, Callable[[object, int | None], object]]] = {
    "length": _length,
    "size": _length,
    "keys": _keys,
    "min": _of_numbers(min),
    "max": _of_numbers(max),
    "avg": _of_numbers(statistics.fmean),
    "sum": _of_numbers(sum),
    "stddev": _of_numbers(statistics.pstdev),
    "first": lambda value, _argument: _element(value, 0),
    "last": lambda value, _argument: _element(value, -1),
    "index": _element,
}
"""What each function gives for the value that the path leads to and its own argument; null where it has no meaning."""
