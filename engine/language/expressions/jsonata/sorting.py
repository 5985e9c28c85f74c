"""``$sort``: a merge sort, stable whatever the comparator says of equals, as JSONata defines it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.language.expressions.jsonata.evaluator import Evaluator
from engine.language.expressions.jsonata.library import Functions, JException, Value
from engine.language.expressions.jsonata.strings import padded


def sort(evaluator: Evaluator, args: Sequence[Value]) -> object:
    """Do what ``$sort`` does: the comparator says whether its first argument goes after the second."""
    values, comparator = padded(args, 2)
    if comparator is None and values and not _sortable(values):
        raise JException("D3070", -1)
    evaluator.bounds.charge_for(values)
    if comparator is None or values is None or len(values) <= 1:
        return Functions.sort(values, None)
    return _merge_sorted(list(values), lambda left, right: _goes_after(comparator, left, right))


def _sortable(values: Sequence[object]) -> bool:
    return all(isinstance(value, str) for value in values) or all(
        isinstance(value, (int, float)) and not isinstance(value, bool) for value in values
    )


def _goes_after(comparator: Value, left: object, right: object) -> bool:
    """Ask the comparator; of a number that it gives the sign counts."""
    answer = Functions.func_apply(comparator, [left, right])
    if isinstance(answer, (int, float)):
        return answer > 0
    return Functions.to_boolean(answer) is True


def _merge_sorted(values: list[object], goes_after: Callable[[object, object], bool]) -> list[object]:
    if len(values) <= 1:
        return values
    middle = len(values) // 2
    left, right = _merge_sorted(values[:middle], goes_after), _merge_sorted(values[middle:], goes_after)
    merged: list[object] = []
    one = other = 0
    while one < len(left) and other < len(right):
        if goes_after(left[one], right[other]):
            merged.append(right[other])
            other += 1
        else:
            merged.append(left[one])
            one += 1
    return [*merged, *left[one:], *right[other:]]
