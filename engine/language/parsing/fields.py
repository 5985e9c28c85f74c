"""The fields of one object of a definition: read by type, each misfit reported with what is allowed.

Fields of one query language alone are read by the dialects.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import Final

from engine.language.definition import QueryLanguage
from engine.language.parsing.vocabulary import Vocabulary
from engine.language.problems import Problems, member, required, sentence

_LARGEST: Final = sys.float_info.max


class Fields:
    """An object of the definition.

    Attributes:
        value: its members.
        path: where it is.
        kind: what messages call it, such as "a Task state".
        problems: where problems go.
        state: the path of the state that it is part of.
        language: the query language of that state.
        mentioned: the names of the variables that the state's fields are found to mention.
    """

    def __init__(self, value: Mapping[str, object], path: str, kind: str, problems: Problems) -> None:
        self.value = value
        self.path = path
        self.kind = kind
        self.problems = problems
        self.state = path
        self.language: QueryLanguage = "JSONPath"
        self.mentioned: set[str] = set()

    def as_state(self, kind: str, language: QueryLanguage) -> Fields:
        """Give the same object as a state of its own."""
        state = Fields(self.value, self.path, kind, self.problems)
        state.language = language
        return state

    def at(self, name: str) -> str:
        """Give the path of the field ``name``."""
        return member(self.path, name)

    def location(self, name: str) -> str:
        """Name the field as causes of the service do: relative to the state, such as ``Choices[1]/Condition``."""
        return self.at(name)[len(self.state) + 1 :].replace(".", "/")

    def report(self, name: str, rule: str, message: str, *, service: str | None = None) -> None:
        """Record a problem with the field ``name``."""
        self.problems.add(self.at(name), rule, message, service=service)

    def allow(self, names: Iterable[str]) -> None:
        """Report all fields but ``names``."""
        allowed = frozenset(names)
        for name in self.value:
            if name in allowed:
                continue
            known = ", ".join(sorted(allowed))
            self.report(name, "unknown-field", f"{name!r} is not a field of {self.kind}; allowed are {known}.")

    def allow_words(self, vocabulary: Vocabulary) -> None:
        """Report all fields but those of ``vocabulary`` that the query language knows, and values given twice."""
        own, foreign = vocabulary.jsonpath, vocabulary.jsonata
        if self.language == "JSONata":
            own, foreign = foreign, own
        for name in foreign:
            if name in self.value and name not in own:
                allowed = ", ".join(own) or "none of its own"
                message = (
                    f"{name!r} is no field of {self.language}; fields of {self.kind} in {self.language}: {allowed}."
                )
                self.report(name, "wrong-query-language", message)
        self.allow((*vocabulary.both, *own, *foreign))
        for name in own:
            if name.endswith("Path") and name != "ResultPath":
                self.exclude(name.removesuffix("Path"), name)

    def require(self, *names: str) -> None:
        """Report it unless exactly one of ``names`` is there."""
        given = [name for name in names if name in self.value]
        choice = names[0] if len(names) == 1 else f"one of {', '.join(names)}"
        if not given:
            message = f"{sentence(self.kind)} must have {choice}."
            self.problems.add(self.path, "missing-field", message, service=required(names[0]))
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
        self.misfit(name, "a string")
        return None

    def target(self, name: str) -> str | None:
        """Give the name of a state to go on at; None if it isn't there or isn't one."""
        name_of_state = self.text(name)
        if name_of_state == "":
            message = f"{name!r} must be the name of a state, but is empty."
            self.report(name, "dangling-name", message, service="Missing 'Next' target: ")
        return name_of_state

    def flag(self, name: str) -> bool | None:
        """Give true or false; None if it isn't there or is neither."""
        if name not in self.value:
            return None
        value = self.value[name]
        if isinstance(value, bool):
            return value
        self.misfit(name, "true or false")
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
        self.misfit(name, f"a whole number from {low} to {high}")
        return None

    def number(self, name: str, low: float, high: float = _LARGEST) -> float | None:
        """Give a number from ``low`` to ``high``; None if it isn't there or isn't one."""
        value = self.value.get(name)
        if name not in self.value:
            return None
        if isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high:
            return float(value)
        allowed = f"at least {low:g}" if high == _LARGEST else f"from {low:g} to {high:g}"
        self.misfit(name, f"a number that is {allowed}")
        return None

    def child(self, name: str, kind: str) -> Fields | None:
        """Give an object; None if it isn't there or isn't one."""
        if name not in self.value:
            return None
        value = self.value[name]
        if isinstance(value, dict):
            return self._part(value, self.at(name), kind)
        self.misfit(name, "an object")
        return None

    def children(self, name: str, kind: str, *, least: int = 0) -> list[Fields]:
        """Give an array of at least ``least`` objects; what isn't an object is reported and left out."""
        if name not in self.value:
            return []
        value = self.value[name]
        if not isinstance(value, list) or len(value) < least:
            self.misfit(name, "an array of objects" if least == 0 else "an array of one or more objects")
            return []
        found: list[Fields] = []
        for index, part in enumerate(value):
            where = f"{self.at(name)}[{index}]"
            if isinstance(part, dict):
                found.append(self._part(part, where, kind))
            else:
                self.problems.add(where, "wrong-type", f"{sentence(kind)} must be an object.")
        return found

    def misfit(self, name: str, allowed: str) -> None:
        """Report that the field ``name`` is not what is ``allowed``."""
        shown = repr(self.value[name])
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."  # noqa: PLR2004 - enough to recognize the value
        self.report(name, "wrong-type", f"{name!r} must be {allowed}, but is {shown}.")

    def _part(self, value: Mapping[str, object], path: str, kind: str) -> Fields:
        part = Fields(value, path, kind, self.problems)
        part.state, part.language, part.mentioned = self.state, self.language, self.mentioned
        return part
