"""Fields of JSONata states: JSON in which some strings are expressions (ASL: "JSONata expressions in fields")."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeGuard

from engine.language.expressions.jsonata.expression import Jsonata, compile_jsonata
from engine.language.expressions.jsonata.failures import told
from engine.language.expressions.jsonata.references import NOTHING, References, united
from engine.language.expressions.scope import Scope
from engine.language.problems import Problems, member
from engine.language.values import is_number, json_text

_OPEN: Final = "{%"
_CLOSE: Final = "%}"

Kind = Literal["string", "number", "boolean", "array", "object"]
"""The kinds of JSON values that a field can ask for."""

_KINDS: Final[dict[Kind, Callable[[object], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "number": is_number,
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


@dataclass(frozen=True, slots=True)
class Constant:
    """A part without expressions; it is shared by all evaluations and never changed."""

    value: object

    @property
    def references(self) -> References:
        """Nothing."""
        return NOTHING

    def render(self, _scope: Scope) -> object:
        """Give the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Computed:
    """An expression that stands in ``field`` of its state, at ``path`` of the definition."""

    expression: Jsonata
    field: str
    path: str

    @property
    def references(self) -> References:
        """What the expression mentions."""
        return self.expression.references

    def render(self, scope: Scope) -> object:
        """Compute the value; a failure is a `StatesError`."""
        return self.expression.evaluate(scope, self.field, self.path)


@dataclass(frozen=True, slots=True)
class Members:
    """An object with expressions somewhere in it."""

    members: tuple[tuple[str, JsonataTemplate], ...]

    @property
    def references(self) -> References:
        """What the expressions mention."""
        return united([part.references for _, part in self.members])

    def render(self, scope: Scope) -> object:
        """Compute the object."""
        return {name: part.render(scope) for name, part in self.members}


@dataclass(frozen=True, slots=True)
class Elements:
    """An array with expressions somewhere in it."""

    elements: tuple[JsonataTemplate, ...]

    @property
    def references(self) -> References:
        """What the expressions mention."""
        return united([part.references for part in self.elements])

    def render(self, scope: Scope) -> object:
        """Compute the array."""
        return [part.render(scope) for part in self.elements]


JsonataTemplate = Constant | Computed | Members | Elements


@dataclass(frozen=True, slots=True)
class JsonataField:
    """A field that is one expression and must give a value of one of ``kinds``; any value if there are none."""

    computed: Computed
    kinds: tuple[Kind, ...]

    @property
    def references(self) -> References:
        """What the expression mentions."""
        return self.computed.references

    def evaluate(self, scope: Scope) -> object:
        """Compute the value; a failure, also a value of another kind, is a `StatesError`."""
        value = self.computed.render(scope)
        for kind in self.kinds:
            if _KINDS[kind](value):
                return value
        if not self.kinds:
            return value
        expected = " or ".join(f"'{kind}'" for kind in self.kinds)
        found = f"Expected {expected}, but was '{kind_of(value)}' for value: {json_text(value)}"
        text, field = self.computed.expression.text, self.computed.field
        raise told(text, field, f"returned an unexpected result type. {found}")


def kind_of(value: object) -> str:
    """Name the kind of a JSON value."""
    return next((kind for kind, is_kind in _KINDS.items() if is_kind(value)), "null")


def is_jsonata(value: object) -> TypeGuard[str]:
    """Say whether a value of a definition is an expression: a string that begins with ``{%`` and ends with ``%}``."""
    return (
        isinstance(value, str)
        and len(value) >= len(_OPEN) + len(_CLOSE)
        and value.startswith(_OPEN)
        and value.endswith(_CLOSE)
    )


def compile_jsonata_template(value: object, field: str, path: str, problems: Problems) -> JsonataTemplate:
    """Compile the value of a field that may hold expressions at any depth.

    Args:
        value: any JSON value.
        field: its name as causes have it, relative to the state: ``Output``, ``Choices[1]/Assign``.
        path: where it stands in the definition.
        problems: gets what is wrong with it.
    """
    if is_jsonata(value):
        return _computed(value, field, path, problems) or Constant(None)
    if isinstance(value, dict):
        members = tuple(
            (name, compile_jsonata_template(part, f"{field}/{name}", member(path, name), problems))
            for name, part in value.items()
        )
        return Constant(value) if _all_constant(part for _, part in members) else Members(members)
    if isinstance(value, list):
        elements = tuple(
            compile_jsonata_template(part, f"{field}[{index}]", f"{path}[{index}]", problems)
            for index, part in enumerate(value)
        )
        return Constant(value) if _all_constant(elements) else Elements(elements)
    return Constant(value)


def compile_jsonata_field(
    value: object, field: str, path: str, problems: Problems, *kinds: Kind
) -> JsonataField | None:
    """Compile a field that must be one expression; None if it isn't one that can be read."""
    if not is_jsonata(value):
        message = f"{field!r} must be a JSONata expression: a string that begins with '{{%' and ends with '%}}'."
        problems.add(path, "wrong-type", message)
        return None
    computed = _computed(value, field, path, problems)
    return None if computed is None else JsonataField(computed, kinds)


def _all_constant(parts: Iterable[JsonataTemplate]) -> bool:
    return all(isinstance(part, Constant) for part in parts)


def _computed(text: str, field: str, path: str, problems: Problems) -> Computed | None:
    inner = text[len(_OPEN) : -len(_CLOSE)].strip()
    try:
        expression = compile_jsonata(inner)
    except ValueError as error:
        problems.add(path, "bad-expression", f"{field!r} can't be read: {error}.")
        return None
    for name in sorted(expression.references.fields):
        message = f"Reference to '{name}' at the top level is not supported; write $states.input.{name} or ${name}."
        problems.add(path, "unsupported-expression", message)
    if expression.references.root:
        problems.add(path, "unsupported-expression", "Reference to '$$' is not supported; write $states.input.")
    return Computed(expression, field, path)
