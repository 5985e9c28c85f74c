"""What the service says of an expression that fails (AWS: "Handling errors in Step Functions workflows")."""

from __future__ import annotations

import re
from typing import Final

from engine.language.errors import QUERY_EVALUATION_ERROR, StatesError
from engine.language.expressions.jsonata.library import NULL, JException, JFunction, Symbol
from engine.language.expressions.jsonata.texts import text_of
from engine.language.values import json_text

_PLACE = re.compile(r"\{\{(\{)?\w+\}\}\}?")
_KINDS: Final = {"a": "arrays", "b": "booleans", "f": "functions", "n": "numbers", "o": "objects", "s": "strings"}
_LONGEST: Final = 200


def told(expression: str, field: str, what: str) -> StatesError:
    """Make the failure of ``expression`` in ``field``, named relative to its state; ``what`` goes on after both."""
    cause = f"The JSONata expression '{expression}' specified for the field '{field}' {what}"
    return StatesError(QUERY_EVALUATION_ERROR, cause, location=field)


def reason(error: JException) -> str:
    """Give code and sentence of an error of the library, as JSONata words it."""
    template = JException.error_codes.get(error.error)
    if template is None:
        return str(error.error)
    values = iter(_values(error))
    sentence = _PLACE.sub(lambda place: _shown(next(values, None), raw=place[1] is not None), _worded(template))
    return f"{error.error}: {sentence}"


def _worded(template: str) -> str:
    """Undo the library's renaming of functions to objects."""
    return template.replace("Object", "function")


def _values(error: JException) -> list[object]:
    values = [error.current, error.expected, error.extra]
    if error.error == "T0411":
        return [error.expected, error.current]
    if error.error == "T0412":
        return [error.current, error.expected, _KINDS.get(str(error.extra)[:1], error.extra)]
    return values


def _shown(value: object, *, raw: bool) -> str:
    if value is None or value is NULL:
        return "null"
    if isinstance(value, (JFunction, Symbol)):
        return '""'
    text = text_of(value)
    text = text if raw or not isinstance(value, str) else json_text(text)
    return text if raw or len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
