"""How the service words that a path leads to no number, or to one out of bounds, by the field (recorded from it)."""

from __future__ import annotations

from typing import Final, NamedTuple

from engine.language.errors import ITEM_READER_FAILED, RUNTIME, Reach, StatesError
from engine.language.values import json_text


class Wording(NamedTuple):
    """The causes for a value that is no number, and for a number below or above the bounds; the error's name."""

    unreadable: str
    below: str
    above: str
    error: str = RUNTIME


_SECONDS: Final = Wording(
    "The {name}Path parameter cannot be parsed as a long value: {path} == {value}",
    "The {name}Path parameter references a negative value: {path} == {value}",
    "The {name}Path parameter references a value greater than {high:.12g}: {path} == {value}",
)
_NO_INTEGER: Final = 'The {name}Path field refers to value "{value}" which is not a valid integer: {path}'
_WORDINGS: Final = {
    "MaxConcurrency": Wording(
        _NO_INTEGER,
        "Expected non-negative integer for {name}, got '{value}' instead.",
        "Expected an integer of at most {high:.12g} for {name}, got '{value}' instead.",
    ),
    "ToleratedFailureCount": Wording(
        _NO_INTEGER, "{name} cannot be negative.", "{name} cannot be greater than {high:.12g}."
    ),
    "ToleratedFailurePercentage": Wording(
        'The {name}Path field refers to value "{value}" which is not a valid float: {path}',
        "{name} must be between 0 and 100.",
        "{name} must be between 0 and 100.",
    ),
    "MaxItems": Wording(
        "The {name}Path field refers to value '{value}' which is not a valid integer: {path}",
        "field {name} must be positive",
        "field {name} must not be greater than {high:.12g}",
        ITEM_READER_FAILED,
    ),
}


def complaint(name: str, path: str, value: object, low: float, high: float) -> StatesError:
    """Make the failure of the field ``name`` whose ``path`` leads to ``value``, which is not from ``low`` to ``high``.

    A value that is no number of the field's kind is given as text, null, an object and the like.
    """
    wording = _WORDINGS.get(name, _SECONDS)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        cause = wording.unreadable
    elif value < low:
        cause = wording.below
    else:
        cause = wording.above if value > high else wording.unreadable
    shown = value if isinstance(value, str) else json_text(value)
    reach = Reach.NOBODY if wording.error == RUNTIME else Reach.ANYONE
    return StatesError(wording.error, cause.format(name=name, path=path, value=shown, high=high), reach=reach)
