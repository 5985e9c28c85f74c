"""The text of values, as JSONata's ``$string`` and ``&`` make it (JSONata: "String functions")."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Final

import msgspec

from engine.language.expressions.jsonata.library import NULL
from engine.language.expressions.jsonata.values import number

_ENCODER = msgspec.json.Encoder()
_PLAIN_FROM: Final = -7
_PLAIN_TO: Final = 21
_INDENT: Final = 2


def text_of(value: object, *, pretty: bool = False) -> str:
    """Give the text: a string as it is, anything else as JSON, with JavaScript's spelling of numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return number_text(value)
    if not isinstance(value, (list, dict)):
        return _word(value)
    encoded = _ENCODER.encode(_spelled(value))
    return (msgspec.json.format(encoded, indent=_INDENT) if pretty else encoded).decode()


def number_text(value: float) -> str:
    """Spell a number as JavaScript does, a fraction with at most 15 digits."""
    known = number(value)
    if isinstance(known, (str, int)):
        return str(known)
    if known % 1:
        known = float(f"{known:.15g}")
    sign, digits, exponent = Decimal(repr(known)).normalize().as_tuple()
    if not isinstance(exponent, int):
        return str(known)
    text = "".join(map(str, digits))
    return ("-" if sign else "") + _placed(text, len(text) + exponent)


def _placed(digits: str, point: int) -> str:
    """Put the decimal point after ``point`` digits, or write an exponent where JavaScript does."""
    if not _PLAIN_FROM < point - 1 < _PLAIN_TO:
        rest = f".{digits[1:]}" if digits[1:] else ""
        return f"{digits[0]}{rest}e{point - 1:+d}"
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def _spelled(value: object) -> object:
    if isinstance(value, dict):
        return {name: _spelled(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_spelled(part) for part in value]
    if isinstance(value, float):
        return msgspec.Raw(number_text(value).encode()) if math.isfinite(value) else number(value)
    if value is None or value is NULL:
        return None
    return value if isinstance(value, (str, bool, int)) else ""


def _word(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is NULL else ""
