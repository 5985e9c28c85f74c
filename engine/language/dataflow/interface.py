"""What a state asks of its query language (ASL: "Data Transform")."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from msgspec import UNSET, Struct

from engine.language.expressions.scope import Scope


class Outcome(Struct, frozen=True, gc=False):
    """What a state leaves behind: its output, and the variables that it assigns."""

    output: object
    assigned: Mapping[str, object] = MappingProxyType({})


class Renderable(Protocol):
    """A compiled template, such as ``Parameters`` or ``Arguments``."""

    def render(self, scope: Scope) -> object:
        """Compute its value; a failure is a `StatesError`."""
        ...


class Condition(Protocol):
    """The compiled condition of a choice rule."""

    def holds(self, scope: Scope) -> bool:
        """Say whether it holds; a failure is a `StatesError`."""
        ...


class Exit(Protocol):
    """A way out of a state: of the state itself, or by a choice rule or a catcher."""

    def outcome(self, scope: Scope, result: object = UNSET) -> Outcome:
        """Make the outcome of ``result``; without one, the state's input passes through.

        ``scope`` has the raw input as its document.
        """
        ...


class Flow(Exit, Protocol):
    """The data flow of a state."""

    @property
    def passes_input(self) -> bool:
        """Whether `arguments` gives the raw input as it is."""
        ...

    @property
    def passes_result(self) -> bool:
        """Whether `outcome` gives the result as it is, and assigns nothing."""
        ...

    def effective(self, scope: Scope) -> Scope:
        """Give the scope in which the state's own fields are read: ``$`` is its effective input before Parameters."""
        ...

    def arguments(self, scope: Scope) -> object:
        """Give what the state works with; ``scope`` has the raw input as its document."""
        ...

    def passed(self, scope: Scope, fixed: object = UNSET) -> Outcome:
        """Make the outcome of a Pass state, whose ``Result`` is ``fixed`` if it has one."""
        ...


def assigned_by(assign: Renderable | None, scope: Scope) -> Mapping[str, object]:
    """Compute the variables of an ``Assign``."""
    if assign is None:
        return {}
    values = assign.render(scope)
    return values if isinstance(values, dict) else {}
