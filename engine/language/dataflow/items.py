"""The items of a Map state (ASL: "Map State input/output processing")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.language.dataflow.interface import Renderable
from engine.language.dataflow.jsonpath import select
from engine.language.errors import runtime_error
from engine.language.expressions.jsonata import JsonataField, kind_of, told
from engine.language.expressions.paths import Path
from engine.language.expressions.scope import Scope
from engine.language.values import json_text

Collection = list[object] | dict[str, object]


class Items(Protocol):
    """Where a Map state's items are."""

    def evaluate(self, scope: Scope) -> Collection:
        """Give an array, or an object whose members are the items; anything else is a `StatesError`.

        ``scope`` has the state's effective input as its document.
        """
        ...


@dataclass(frozen=True, slots=True)
class ItemsAt:
    """The compiled ItemsPath; `objects` says whether an object will do."""

    path: Path
    objects: bool = False

    def evaluate(self, scope: Scope) -> Collection:
        """Read the path."""
        items = select(self.path, scope)
        if isinstance(items, list) or (self.objects and isinstance(items, dict)):
            return items
        raise runtime_error(f'Reference path "{self.path.text}" must point to array.')


@dataclass(frozen=True, slots=True)
class ItemsWritten:
    """The compiled Items as an array or object with expressions in it."""

    template: Renderable

    def evaluate(self, scope: Scope) -> Collection:
        """Compute the items."""
        items = self.template.render(scope)
        return items if isinstance(items, (list, dict)) else []


@dataclass(frozen=True, slots=True)
class ItemsComputed:
    """The compiled Items as one expression, or None for the state's input."""

    field: JsonataField | None = None

    def evaluate(self, scope: Scope) -> Collection:
        """Compute the array or object."""
        items = scope.document if self.field is None else self.field.evaluate(scope)
        if isinstance(items, (list, dict)):
            return items
        text = "$states.input" if self.field is None else self.field.computed.expression.text
        found = f"Expected 'array', but was '{kind_of(items)}' for value: {json_text(items)}"
        raise told(text, "Items", f"returned an unexpected result type. {found}")
