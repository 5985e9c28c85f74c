"""Functions of JSONata that take a picture of a number or a time, kept from pictures that take time without bound."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Iterator, Sequence
from typing import Final

from engine.language.expressions.jsonata.evaluator import Evaluator
from engine.language.expressions.jsonata.library import Functions, JException, Value
from engine.language.expressions.jsonata.strings import padded
from engine.language.expressions.jsonata.texts import text_of

_LONGEST: Final = 256
_STEPS: Final = 50
_LARGE: Final = 1e18
_STEPS_FOR_LARGE: Final = 50_000
_ZONE: Final = re.compile(r"[-+]?[0-9]{1,9}")
_COMPLAINTS: Final = {
    "D3130": "Formatting or parsing an integer",
    "D3131": "In a decimal digit pattern",
    "D3132": "Unknown component",
    "D3133": "The 'name' modifier",
    "D3134": "The timezone integer format",
    "D3135": "No matching closing bracket",
    "D3136": "The date/time picture string is missing",
}
"""How the sentences begin that the library has for the failures of these codes."""

_WIDTH: Final = re.compile(r",[^\]]*[0-9]{4}")


def format_number(evaluator: Evaluator, args: Sequence[Value]) -> object:
    """Do what ``$formatNumber`` does."""
    number, picture, options = padded(args, 3)
    _check(evaluator, picture)
    return None if number is None else Functions.format_number(number, picture, options)


def format_integer(evaluator: Evaluator, args: Sequence[Value]) -> object:
    """Do what ``$formatInteger`` does."""
    number, picture = padded(args, 2)
    _check(evaluator, picture)
    if number is not None and abs(number) > _LARGE:
        evaluator.bounds.charge(_STEPS_FOR_LARGE)
    with _reported(picture):
        return Functions.format_integer(number, picture)


def parse_integer(evaluator: Evaluator, args: Sequence[Value]) -> object:
    """Do what ``$parseInteger`` does; what the picture can't read is no number."""
    text, picture = padded(args, 2)
    _check(evaluator, picture, text)
    try:
        with _reported(picture):
            return Functions.parse_integer(text, picture)
    except ValueError:
        return math.nan


def to_millis(evaluator: Evaluator, args: Sequence[Value]) -> object:
    """Do what ``$toMillis`` does."""
    text, picture = padded(args, 2)
    _check(evaluator, picture, text)
    try:
        with _reported(picture):
            return Functions.datetime_to_millis(text, picture)
    except (ValueError, OverflowError):
        raise JException("D3110", -1, text) from None


def from_millis(evaluator: Evaluator, args: Sequence[Value]) -> object:
    """Do what ``$fromMillis`` does."""
    millis, picture, zone = padded(args, 3)
    _check(evaluator, picture, zone)
    if isinstance(zone, str) and _ZONE.fullmatch(zone) is None:
        raise JException("D3137", -1, f"A time zone must be an offset such as +0100, not {zone}")
    try:
        with _reported(picture):
            return Functions.datetime_from_millis(millis, picture, zone)
    except (ValueError, OverflowError, OSError):
        raise JException("D3137", -1, f"No date can be made of {text_of(millis)} milliseconds") from None


def now(evaluator: Evaluator, args: Sequence[Value]) -> object:
    """Do what ``$now`` does: give the time of the transition."""
    return from_millis(evaluator, [evaluator.timestamp, *args])


@contextlib.contextmanager
def _reported(picture: Value) -> Iterator[None]:
    """Give the library's failures over a picture the codes and values that JSONata has for them."""
    try:
        yield
    except (JException, RecursionError):
        raise
    except KeyError as error:
        raise JException("D3132", -1, error.args[0]) from None
    except RuntimeError as error:
        code = next((code for code, words in _COMPLAINTS.items() if str(error).startswith(words)), None)
        if code is None:
            raise
        raise JException(code, -1, picture) from None


def _check(evaluator: Evaluator, picture: Value, text: Value = None) -> None:
    evaluator.bounds.charge(_STEPS)
    for given in (picture, text):
        if isinstance(given, str) and len(given) > _LONGEST:
            raise JException("D3137", -1, f"A picture and what it reads must not be longer than {_LONGEST} characters")
    if isinstance(picture, str) and _WIDTH.search(picture):
        raise JException("D3137", -1, "A width in a picture must be less than 1000")
