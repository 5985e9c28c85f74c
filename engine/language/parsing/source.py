"""Definitions as text: JSON or YAML, without duplicate keys (RFC 8259; YAML 1.2 core types)."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Final, NoReturn

import yaml

from engine.language.limits import MAX_DEFINITION_BYTES, MAX_DEPTH
from engine.language.problems import InvalidDefinition, Problem, Problems, member

_DUPLICATE: Final = "duplicate-key"


class _Duplicated(dict[object, object]):
    """An object of whose members some were given twice."""

    names: tuple[str, ...] = ()


def read_source(source: str | bytes | Mapping[str, object], problems: Problems) -> dict[str, object]:
    """Read a definition as a JSON object; raises `InvalidDefinition` if it isn't one.

    Members given twice go to ``problems``, so that the rest can be looked at as well.
    """
    if isinstance(source, Mapping):
        document: object = dict(source)
    else:
        document = _read_text(_decoded(source))
    if not isinstance(document, dict):
        _refuse("wrong-type", "A definition must be an object.")
    _check(document, "$", 1, problems)
    problems.raise_if_any(but=_DUPLICATE)
    return document


def _decoded(source: str | bytes) -> str:
    if len(source) > MAX_DEFINITION_BYTES:
        _refuse("too-large", f"The definition is larger than {MAX_DEFINITION_BYTES} bytes, which is the most allowed.")
    if isinstance(source, str):
        return source
    try:
        return source.decode()
    except UnicodeDecodeError as error:
        _refuse("bad-text", f"The definition must be UTF-8 text, but byte {error.start} is not.")


def _read_text(text: str) -> object:
    try:
        if text.lstrip().startswith("{"):
            return json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a SafeLoader with fewer types
    except json.JSONDecodeError as error:
        _refuse("bad-json", f"The definition is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        _refuse("bad-yaml", f"The definition is neither JSON nor YAML: {error.problem}{where}.")
    except RecursionError:
        _refuse("too-deep", f"The definition is nested too deeply; {MAX_DEPTH} levels are allowed.")
    except (yaml.YAMLError, ValueError) as error:
        _refuse("bad-text", f"The definition can't be read: {str(error).splitlines()[0]}.")


def _object(pairs: list[tuple[object, object]]) -> dict[object, object]:
    members = _Duplicated(pairs)
    if len(members) < len(pairs):
        times = Counter(name for name, _ in pairs)
        members.names = tuple(str(name) for name, count in times.items() if count > 1)
        return members
    return dict(pairs)


def _no_constant(text: str) -> NoReturn:
    msg = f"{text} is not a JSON number"
    raise ValueError(msg)


def _check(value: object, path: str, depth: int, problems: Problems) -> None:
    """Report what JSON can't hold, and members given twice."""
    if depth > MAX_DEPTH:
        problems.add(path, "too-deep", f"The definition is nested too deeply; {MAX_DEPTH} levels are allowed.")
    elif isinstance(value, dict):
        _check_members(value, path, depth, problems)
    elif isinstance(value, list):
        for index, part in enumerate(value):
            _check(part, f"{path}[{index}]", depth + 1, problems)
    elif (misfit := _misfit(value)) is not None:
        problems.add(path, "wrong-type", misfit)


def _misfit(value: object) -> str | None:
    """Say why a value without parts is nothing that JSON can hold; None if it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return "The number must be finite."
    if isinstance(value, str) and not _is_text(value):
        return "The string must be Unicode text, without lone surrogates."
    if value is None or isinstance(value, (str, int, float)):
        return None
    return f"A {type(value).__name__} is nothing that JSON can hold."


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _check_members(value: Mapping[object, object], path: str, depth: int, problems: Problems) -> None:
    if isinstance(value, _Duplicated):
        for twice in value.names:
            problems.add(member(path, twice), _DUPLICATE, f"{twice!r} is given more than once.")
    for name, part in value.items():
        if isinstance(name, str) and _is_text(name):
            _check(part, member(path, name), depth + 1, problems)
        else:
            problems.add(path, "wrong-type", f"The key {name!r} must be a string of Unicode text; put it in quotes.")


def _refuse(rule: str, message: str) -> NoReturn:
    raise InvalidDefinition([Problem("$", rule, message)])


class Loader(yaml.SafeLoader):
    """Reads YAML as JSON would have it: its types only, no aliases, no merging."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse aliases: a small text could stand for an immense definition."""
        if self.check_event(yaml.AliasEvent):
            problem = "anchors and aliases are not allowed"
            raise yaml.composer.ComposerError(None, None, problem, self.get_mark())
        return super().compose_node(parent, index)

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """Refuse brackets nested without end before any of them is built."""
        if self.flow_level > MAX_DEPTH:
            raise RecursionError
        super().fetch_flow_collection_start(token)

    def construct_object_with_names(self, node: yaml.MappingNode) -> dict[object, object]:
        """Make an object that remembers which members were given twice."""
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                problem = "the name of a member must be text"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
        return _object(
            [
                (self.construct_object(key, deep=True), self.construct_object(value, deep=True))
                for key, value in node.value
            ]
        )

    def construct_number(self, node: yaml.ScalarNode) -> float:
        """Make a number with a fraction or an exponent."""
        return float(node.value)


Loader.yaml_implicit_resolvers = {}
Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"(?:null|~|)\Z"), ["n", "~", ""])
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)\Z"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"-?(?:0|[1-9][0-9]*)\Z"), list("-0123456789"))
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+]?[0-9]+)\Z"),
    list("-0123456789"),
)
Loader.add_constructor("tag:yaml.org,2002:map", Loader.construct_object_with_names)
Loader.add_constructor("tag:yaml.org,2002:float", Loader.construct_number)
