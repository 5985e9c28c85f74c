"""Reads groups of configuration keys into models, noting every problem on the way."""

import difflib
import json
import textwrap
import typing
from collections.abc import Iterator, Mapping
from typing import TypeVar

import msgspec

from infra.problems import Problem
from infra.values import allowed, parse

Model = TypeVar("Model", bound=msgspec.Struct)

LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


class Reader:
    """Goes through a configuration; `values` has what could be read by key, `problems` what couldn't."""

    def __init__(self, config: Mapping[str, str]) -> None:
        self.values: dict[str, object] = {}
        self.problems: list[Problem] = []
        self._config = config
        self._known: set[str] = set()

    def scan(self, model: type[msgspec.Struct], namespace: str) -> None:
        """Note the values and the problems of a model's keys."""
        hints = typing.get_type_hints(model, include_extras=True)
        for member in msgspec.structs.fields(model):
            key = f"{namespace}:{member.encode_name}"
            self._known.add(key)
            if key in self._config:
                self._read_value(key, hints[member.name])
            elif member.required:
                self.problems.append(Problem(key, "is not set", f"must be {allowed(hints[member.name])}"))

    def build(self, model: type[Model], namespace: str) -> Model:
        """A model of the values that `scan` has read; there must have been no problem."""
        keys = {member.name: f"{namespace}:{member.encode_name}" for member in msgspec.structs.fields(model)}
        return model(**{name: self.values[key] for name, key in keys.items() if key in self.values})

    def unknown(self, *namespaces: str) -> Iterator[Problem]:
        """The keys of these namespaces that no model has; their values aren't shown, as they may be secrets."""
        for key in self._config:
            if key.split(":")[0] in namespaces and key not in self._known:
                near = difflib.get_close_matches(key, self._known, n=1, cutoff=0.75)
                yield Problem(key, "is unknown", f"did you mean {near[0]}?" if near else "Pulumi.yaml lists every key")

    def _read_value(self, key: str, annotation: object) -> None:
        text = self._config[key]
        try:
            self.values[key] = parse(text, annotation)
        except ValueError:
            self.problems.append(Problem(key, f"is {shown(text)}", f"must be {allowed(annotation)}"))


def shown(text: str) -> str:
    """A value as it stands in a stack file: short, quoted where it isn't JSON."""
    try:
        json.loads(text)
    except ValueError:
        text = f'"{text}"'
    return textwrap.shorten(text, LONGEST_SHOWN, placeholder="...")
