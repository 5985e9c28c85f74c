"""Paths: ``$`` and ``$$`` expressions that pick values out of a document (ASL: "Paths", "Reference Paths")."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from engine.language.errors import RESULT_PATH_MATCH_FAILURE, StatesError
from engine.language.expressions.names import is_variable_name, variable_prefix
from engine.language.expressions.queries import Query, compile_query
from engine.language.expressions.scope import Scope
from engine.language.limits import MAX_PATH_LENGTH
from engine.language.values import json_text


class Missing:
    """The type of `MISSING`."""


MISSING: Final = Missing()
"""What a path gives that leads nowhere."""

Step = str | int

_STEP = re.compile(
    r"""\.(?P<name>[^\s.\[\](){}*?,'"@:]++)(?!\()"""
    r"""|\[(?P<index>-?[0-9]{1,9})\]"""
    r"""|\['(?P<single>(?:[^'\\]|\\.)+)'\]"""
    r"""|\["(?P<double>(?:[^"\\]|\\.)+)"\]"""
)
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path.

    Attributes:
        text: the path as written.
        in_context: whether it starts at ``$$``.
        steps: member names and indexes: all of a plain path, and those before the first that isn't plain.
        query: the rest, with filters, wildcards, slices, descent or a function; None for a plain path.
        variable: the name of the variable that it starts at; None if it starts at ``$`` or ``$$``.
    """

    text: str
    in_context: bool = False
    steps: tuple[Step, ...] = ()
    query: Query | None = None
    variable: str | None = None

    def read(self, scope: Scope) -> object:
        """Give what the path leads to, or `MISSING`; a query that can match many gives the list of all that do."""
        value: object = scope.context if self.in_context else scope.document
        if self.variable is not None:
            value = scope.variables.get(self.variable, MISSING)
        for step in self.steps:
            if isinstance(value, dict):
                value = value.get(step, MISSING)
            elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
                value = value[step]
            else:
                return MISSING
        return value if self.query is None or value is MISSING else self.query.find(value, MISSING)

    def ends_outside(self, scope: Scope) -> bool:
        """Say whether the path leads to an element of an array that has fewer elements."""
        if self.query is not None or not self.steps or not isinstance(self.steps[-1], int):
            return False
        return isinstance(replace(self, steps=self.steps[:-1]).read(scope), list)

    def write(self, document: object, value: object) -> object:
        """Give a copy of ``document`` with ``value`` at this plain path, making members on the way."""
        try:
            return _put(document, self.steps, value)
        except _NoPlaceError:
            cause = f"Unable to apply ReferencePath {self.text} to input {json_text(document)}"
            raise StatesError(RESULT_PATH_MATCH_FAILURE, cause) from None

    @property
    def normalized(self) -> str:
        """The path in bracket notation."""
        if self.query is not None:
            return self.text
        root = "$" if self.variable is None else f"${self.variable}"
        return root + "".join(f"['{step}']" if isinstance(step, str) else f"[{step}]" for step in self.steps)


ROOT_PATH: Final = Path("$")


def compile_path(text: str) -> Path:
    """Compile a path; raises ValueError with a sentence that says what is allowed."""
    if not text.startswith("$"):
        msg = f"the path {text[:60]!r} must start with $, $$ or the name of a variable such as $order"
        raise ValueError(msg)
    if len(text) > MAX_PATH_LENGTH:
        msg = f"the path {text[:60]!r}... is longer than {MAX_PATH_LENGTH} characters"
        raise ValueError(msg)
    in_context = text.startswith("$$")
    variable = variable_prefix(text)
    if variable is not None and not is_variable_name(variable):
        msg = f"{variable[:90]!r} can't be the name of a variable: it is reserved, or longer than 80 characters"
        raise ValueError(msg)
    root = 2 if in_context else 1 + len(variable or "")
    if not text.startswith((".", "["), root) and len(text) > root:
        msg = f"the path {text!r} must go on with a dot or a bracket after {text[:root]}"
        raise ValueError(msg)
    steps, end = _steps(text, root)
    query = None if end == len(text) else compile_query(text, f"${text[end:]}")
    return Path(text, in_context, steps, query, variable)


def compile_reference_path(text: str) -> Path:
    """Compile a path that must name exactly one place, such as ResultPath; raises ValueError."""
    plain = text.startswith("$") and len(text) <= MAX_PATH_LENGTH
    steps, end = _steps(text, 1) if plain else ((), -1)
    if end != len(text) or any(isinstance(step, int) and step < 0 for step in steps):
        msg = (
            f"{text[:60]!r} is not a reference path; it must start with $ and name one place by members and indexes, "
            "as $.order.items[0] or $['order'] do"
        )
        raise ValueError(msg)
    return Path(text, steps=steps)


class _NoPlaceError(Exception):
    """A value can't be put where a path leads."""


def _put(document: object, steps: tuple[Step, ...], value: object) -> object:
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if document is not None and not isinstance(document, dict):
            raise _NoPlaceError
        members: dict[str, object] = dict(document or {})
        members[step] = _put(members.get(step), rest, value)
        return members
    if not isinstance(document, list) or step >= len(document):
        raise _NoPlaceError
    elements = list(document)
    elements[step] = _put(elements[step], rest, value)
    return elements


def _steps(text: str, position: int) -> tuple[tuple[Step, ...], int]:
    """Give the plain steps from ``position`` on, and where they end."""
    steps: list[Step] = []
    while (match := _STEP.match(text, position)) is not None:
        steps.append(_step(match))
        position = match.end()
    return tuple(steps), position


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    if match["name"] is not None:
        return match["name"]
    return _ESCAPE.sub(r"\1", match["single"] or match["double"])
