"""Paths: ``$`` and ``$$`` expressions that pick values out of a document (ASL: "Paths", "Reference Paths")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.language.errors import RESULT_PATH_MATCH_FAILURE, StatesError
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
    r"""\.(?P<name>[^\s.\[\](){}*?,'"@:]+)"""
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
        steps: member names and indexes; empty when ``query`` does the work.
        query: a compiled JSONPath query with filters, wildcards, slices or descent; None for a plain path.
    """

    text: str
    in_context: bool = False
    steps: tuple[Step, ...] = ()
    query: Query | None = None

    def read(self, scope: Scope) -> object:
        """Give what the path leads to, or `MISSING`; a query gives the list of all that match."""
        root = scope.context if self.in_context else scope.document
        return walk(root, self.steps) if self.query is None else self.query.find(root, MISSING)

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
        return "$" + "".join(f"['{step}']" if isinstance(step, str) else f"[{step}]" for step in self.steps)


ROOT_PATH: Final = Path("$")


def compile_path(text: str) -> Path:
    """Compile a path; raises ValueError with a sentence that says what is allowed."""
    in_context = text.startswith("$$")
    root = 2 if in_context else 1
    if not text.startswith("$"):
        msg = f"the path {text[:60]!r} must start with $ or $$"
        raise ValueError(msg)
    if len(text) > MAX_PATH_LENGTH:
        msg = f"the path {text[:60]!r}... is longer than {MAX_PATH_LENGTH} characters"
        raise ValueError(msg)
    if not text.startswith((".", "["), root) and len(text) > root:
        msg = f"the path {text!r} must go on with a dot or a bracket after $ or $$; this version does not run variables"
        raise ValueError(msg)
    steps = _steps(text, root)
    if steps is not None:
        return Path(text, in_context, steps)
    return Path(text, in_context, (), compile_query(text[1:] if in_context else text))


def compile_reference_path(text: str) -> Path:
    """Compile a path that must name exactly one place, such as ResultPath; raises ValueError."""
    steps = _steps(text, 1) if text.startswith("$") and len(text) <= MAX_PATH_LENGTH else None
    if steps is None or any(isinstance(step, int) and step < 0 for step in steps):
        msg = (
            f"{text[:60]!r} is not a reference path; it must start with $ and name one place by members and indexes, "
            "as $.order.items[0] or $['order'] do"
        )
        raise ValueError(msg)
    return Path(text, steps=steps)


def walk(value: object, steps: tuple[Step, ...]) -> object:
    """Follow ``steps`` from ``value``; `MISSING` if one leads nowhere."""
    for step in steps:
        if isinstance(step, str):
            if not isinstance(value, dict) or step not in value:
                return MISSING
            value = value[step]
        elif isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


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


def _steps(text: str, position: int) -> tuple[Step, ...] | None:
    steps: list[Step] = []
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            return None
        steps.append(_step(match))
        position = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    if match["name"] is not None:
        return match["name"]
    return _ESCAPE.sub(r"\1", match["single"] or match["double"])
