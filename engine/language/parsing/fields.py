"""The fields of one object of a definition: read by type, each misfit reported with what is allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from engine.language.expressions.intrinsics import Intrinsic
from engine.language.expressions.paths import ROOT_PATH, Path, compile_path, compile_reference_path
from engine.language.expressions.templates import Template, compile_expression, compile_template
from engine.language.problems import Problems, member, sentence

UNSUPPORTED: Final = {
    "Arguments": "it belongs to JSONata, which this version does not run",
    "Assign": "this version does not run variables",
    "Credentials": "this version runs all tasks with its own credentials",
    "ItemBatcher": "this version runs Map states in the mode INLINE only",
    "ItemReader": "this version runs Map states in the mode INLINE only",
    "Items": "it belongs to JSONata, which this version does not run",
    "Label": "this version runs Map states in the mode INLINE only",
    "Output": "it belongs to JSONata, which this version does not run",
    "ResultWriter": "this version runs Map states in the mode INLINE only",
    "ToleratedFailureCount": "this version runs Map states in the mode INLINE only",
    "ToleratedFailureCountPath": "this version runs Map states in the mode INLINE only",
    "ToleratedFailurePercentage": "this version runs Map states in the mode INLINE only",
    "ToleratedFailurePercentagePath": "this version runs Map states in the mode INLINE only",
}
"""Fields of the language that this version doesn't run, and why."""


class Fields:
    """An object of the definition at ``path``; ``kind`` says in messages what it is, such as "a Task state"."""

    def __init__(self, value: Mapping[str, object], path: str, kind: str, problems: Problems) -> None:
        self.value = value
        self.path = path
        self.kind = kind
        self.problems = problems

    def at(self, name: str) -> str:
        """Give the path of the field ``name``."""
        return member(self.path, name)

    def report(self, name: str, rule: str, message: str) -> None:
        """Record a problem with the field ``name``."""
        self.problems.add(self.at(name), rule, message)

    def allow(self, names: Iterable[str]) -> None:
        """Report all fields but ``names``."""
        allowed = frozenset(names)
        for name in self.value:
            if name in allowed:
                continue
            if name in UNSUPPORTED:
                self.report(name, "unsupported-field", f"{name!r} is not supported: {UNSUPPORTED[name]}.")
            else:
                known = ", ".join(sorted(allowed))
                self.report(name, "unknown-field", f"{name!r} is not a field of {self.kind}; allowed are {known}.")

    def require(self, *names: str) -> None:
        """Report it unless exactly one of ``names`` is there."""
        given = [name for name in names if name in self.value]
        choice = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
        if not given:
            self.problems.add(self.path, "missing-field", f"{sentence(self.kind)} must have {choice}.")
        self.exclude(*names)

    def exclude(self, *names: str) -> None:
        """Report it if more than one of ``names`` is there."""
        given = [name for name in names if name in self.value]
        if len(given) > 1:
            together = " and ".join(given)
            self.report(given[1], "exclusive-fields", f"{together} exclude each other; only one of them is allowed.")

    def text(self, name: str) -> str | None:
        """Give a string; None if it isn't there or isn't one."""
        if name not in self.value:
            return None
        value = self.value[name]
        if isinstance(value, str):
            return value
        self._misfit(name, "a string")
        return None

    def flag(self, name: str) -> bool | None:
        """Give true or false; None if it isn't there or is neither."""
        if name not in self.value:
            return None
        value = self.value[name]
        if isinstance(value, bool):
            return value
        self._misfit(name, "true or false")
        return None

    def whole(self, name: str, low: int, high: int) -> int | None:
        """Give a whole number from ``low`` to ``high``; None if it isn't there or isn't one."""
        value = self.value.get(name)
        if name not in self.value:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self._misfit(name, f"a whole number from {low} to {high}")
        return None

    def number(self, name: str, low: float) -> float | None:
        """Give a finite number that is at least ``low``; None if it isn't there or isn't one."""
        value = self.value.get(name)
        if name not in self.value:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool) and low <= value and math.isfinite(value):
            return float(value)
        self._misfit(name, f"a number that is at least {low:g}")
        return None

    def path_field(self, name: str) -> Path | None:
        """Give a path; None if it isn't there or can't be read."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return compile_path(text)
        except ValueError as error:
            self.report(name, "bad-path", f"{name!r} can't be read: {error}.")
            return None

    def reference(self, name: str) -> Path | None:
        """Give a path that names one place, in ``$`` or ``$$``; None if it isn't there or isn't one."""
        path = self.path_field(name)
        if path is not None and path.query is not None:
            message = f"{name!r} must name one place by members and indexes, but {path.text!r} can match many."
            self.report(name, "bad-reference-path", message)
            return None
        return path

    def filter_path(self, name: str) -> Path | None:
        """Give InputPath or OutputPath: ``$`` if it isn't there, None for null."""
        if name not in self.value:
            return ROOT_PATH
        return None if self.value[name] is None else self.path_field(name)

    def result_path(self) -> Path | None:
        """Give ResultPath: ``$`` if it isn't there, None for null."""
        if "ResultPath" not in self.value:
            return ROOT_PATH
        text = None if self.value["ResultPath"] is None else self.text("ResultPath")
        if text is None:
            return None
        try:
            return compile_reference_path(text)
        except ValueError as error:
            self.report("ResultPath", "bad-reference-path", f"'ResultPath' can't be used: {error}.")
            return None

    def template(self, name: str) -> Template | None:
        """Give a payload template; None if it isn't there."""
        if name not in self.value:
            return None
        return compile_template(self.value[name], self.at(name), self.problems)

    def expression(self, name: str) -> Path | Intrinsic | None:
        """Give a path or an intrinsic function; None if it isn't there or can't be read."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return compile_expression(text, self.at(name))
        except ValueError as error:
            self.report(name, "bad-expression", f"{name!r} can't be read: {error}.")
            return None

    def child(self, name: str, kind: str) -> Fields | None:
        """Give an object; None if it isn't there or isn't one."""
        if name not in self.value:
            return None
        value = self.value[name]
        if isinstance(value, dict):
            return Fields(value, self.at(name), kind, self.problems)
        self._misfit(name, "an object")
        return None

    def children(self, name: str, kind: str, *, least: int = 0) -> list[Fields]:
        """Give an array of at least ``least`` objects; what isn't an object is reported and left out."""
        if name not in self.value:
            return []
        value = self.value[name]
        if not isinstance(value, list) or len(value) < least:
            self._misfit(name, "an array of objects" if least == 0 else "an array of one or more objects")
            return []
        found: list[Fields] = []
        for index, part in enumerate(value):
            where = f"{self.at(name)}[{index}]"
            if isinstance(part, dict):
                found.append(Fields(part, where, kind, self.problems))
            else:
                self.problems.add(where, "wrong-type", f"{sentence(kind)} must be an object.")
        return found

    def _misfit(self, name: str, allowed: str) -> None:
        shown = repr(self.value[name])
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."  # noqa: PLR2004 - enough to recognize the value
        self.report(name, "wrong-type", f"{name!r} must be {allowed}, but is {shown}.")
