"""Operators between plain values, as short cuts: each gives up on what isn't a string, number, truth value or null."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final

from msgspec import UNSET

from engine.language.expressions.jsonata.texts import text_of
from engine.language.expressions.scope import Scope
from engine.language.values import json_equal


class Undecided:
    """The type of `UNDECIDED`."""


UNDECIDED: Final = Undecided()
"""What a short cut gives when the library has to evaluate the expression."""

Shortcut = Callable[[Scope], object]
"""Gives the value of an expression, UNSET if it is undefined, or `UNDECIDED`."""

Combine = Callable[[Shortcut, Shortcut], Shortcut]

_DOUBLE: Final = 2**53
_ORDERED: Final = ({str}, {int}, {float}, {int, float})


def _is_plain(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return -_DOUBLE < value < _DOUBLE
    return value is None or isinstance(value, (str, bool, float))


def _equality(*, equal: bool) -> Combine:
    def combine(left: Shortcut, right: Shortcut) -> Shortcut:
        def compare(scope: Scope) -> object:
            one, other = left(scope), right(scope)
            if type(one) is str and type(other) is str:
                return (one == other) is equal
            if one is UNSET or other is UNSET:
                return UNDECIDED if UNDECIDED in (one, other) else False
            return json_equal(one, other) is equal if _is_plain(one) and _is_plain(other) else UNDECIDED

        return compare

    return combine


def _order(relation: Callable[..., bool]) -> Combine:
    def combine(left: Shortcut, right: Shortcut) -> Shortcut:
        def compare(scope: Scope) -> object:
            one, other = left(scope), right(scope)
            return relation(one, other) if {type(one), type(other)} in _ORDERED else UNDECIDED

        return compare

    return combine


def _logic(*, until: bool) -> Combine:
    def combine(left: Shortcut, right: Shortcut) -> Shortcut:
        def decide(scope: Scope) -> object:
            first = _truth(left(scope))
            return first if first is UNDECIDED or first is until else _truth(right(scope))

        return decide

    return combine


def _truth(value: object) -> object:
    if value is UNSET:
        return False
    return bool(value) if _is_plain(value) else UNDECIDED


def _joined(left: Shortcut, right: Shortcut) -> Shortcut:
    def join(scope: Scope) -> object:
        texts = [_text(left(scope)), _text(right(scope))]
        return UNDECIDED if None in texts else "".join(text for text in texts if text)

    return join


def _text(value: object) -> str | None:
    """Give the text of a plain value; None if it isn't one."""
    if value is UNSET:
        return ""
    if value is None:
        return "null"
    return text_of(value) if _is_plain(value) else None


OPERATORS: Final[dict[str, Combine]] = {
    "=": _equality(equal=True),
    "!=": _equality(equal=False),
    "<": _order(operator.lt),
    "<=": _order(operator.le),
    ">": _order(operator.gt),
    ">=": _order(operator.ge),
    "and": _logic(until=False),
    "or": _logic(until=True),
    "&": _joined,
}
"""How each operator combines the short cuts of its two sides."""
