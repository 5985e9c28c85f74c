"""Reads the fields of JSONata states (ASL: "JSONata Concepts")."""

from __future__ import annotations

from typing import Final

from engine.language.dataflow.interface import Condition, Exit, Flow
from engine.language.dataflow.items import Items, ItemsComputed, ItemsWritten
from engine.language.dataflow.jsonata import JsonataCatch, JsonataCondition, JsonataFlow, JsonataNever
from engine.language.dataflow.sources import Moment, Quantity, Words
from engine.language.expressions.jsonata import (
    EVERYTHING,
    JsonataField,
    JsonataTemplate,
    Kind,
    compile_jsonata_field,
    compile_jsonata_template,
    is_jsonata,
)
from engine.language.expressions.timestamps import parse_timestamp
from engine.language.parsing.fields import Fields
from engine.language.problems import sentence

_RULE: Final = ("Condition", "Next", "Comment", "Assign", "Output")
_ALWAYS: Final = frozenset({"input", "context", EVERYTHING})
_AFTER_RESULT: Final = _ALWAYS | {"result"}
_AFTER_ERROR: Final = _ALWAYS | {"errorOutput"}
_WITH_RESULT: Final = frozenset({"a Task state", "a Parallel state", "a Map state"})


class JsonataDialect:
    """The dialect of JSONata; see `Dialect`."""

    def flow(self, state: Fields) -> JsonataFlow:
        """Read Arguments, Output and Assign, as far as there are any."""
        allowed = _AFTER_RESULT if state.kind in _WITH_RESULT else _ALWAYS
        return JsonataFlow(self.call(state), _template(state, "Output", allowed), _assign(state, allowed))

    def rule_flow(self, rule: Fields, flow: Flow) -> Flow:  # noqa: ARG002 - nothing is taken over from the state
        """Read Output and Assign."""
        return JsonataFlow(output=_template(rule, "Output", _ALWAYS), assign=_assign(rule, _ALWAYS))

    def catch_exit(self, catcher: Fields) -> Exit:
        """Read Output and Assign."""
        return JsonataCatch(_template(catcher, "Output", _AFTER_ERROR), _assign(catcher, _AFTER_ERROR))

    def condition(self, rule: Fields) -> Condition:
        """Read Condition: an expression for true or false, or one of the two."""
        rule.allow(_RULE)
        rule.require("Condition")
        value = rule.value.get("Condition")
        if isinstance(value, bool):
            return JsonataNever() if not value else JsonataCondition(None)
        field = _field(rule, "Condition", "boolean") if "Condition" in rule.value else None
        return JsonataNever() if field is None else JsonataCondition(field)

    def items(self, state: Fields, *, objects: bool) -> Items:  # noqa: ARG002 - JSONata takes objects in any mode
        """Read Items."""
        value = state.value.get("Items")
        if isinstance(value, (list, dict)):
            template = _template(state, "Items", _ALWAYS)
            return ItemsComputed() if template is None else ItemsWritten(template)
        if is_jsonata(value):
            return ItemsComputed(_field(state, "Items"))
        if "Items" in state.value:
            state.misfit("Items", "an array, an object, or a JSONata expression for one")
        return ItemsComputed()

    def quantity(self, owner: Fields, name: str, low: float, high: float, *, whole: bool = True) -> Quantity | None:
        """Read a number or an expression for one."""
        if isinstance(owner.value.get(name), str):
            field = _field(owner, name, "number")
            return None if field is None else Quantity(name, field, low, high, whole)
        value = owner.whole(name, int(low), int(high)) if whole else owner.number(name, low, high)
        return None if value is None else Quantity(name, value, low, high, whole)

    def moment(self, state: Fields) -> Moment | None:
        """Read Timestamp: a timestamp or an expression for one."""
        value = state.value.get("Timestamp")
        if is_jsonata(value):
            field = _field(state, "Timestamp", "string")
            return None if field is None else Moment(field)
        timestamp = parse_timestamp(value)
        if "Timestamp" in state.value and timestamp is None:
            allowed = "a timestamp such as 2024-08-18T17:33:00Z, or a JSONata expression for one"
            state.report("Timestamp", "wrong-type", f"'Timestamp' must be {allowed}.")
        return None if timestamp is None else Moment(timestamp)

    def words(self, state: Fields, name: str) -> Words | None:
        """Read a string, which may be an expression for one."""
        if is_jsonata(state.value.get(name)):
            field = _field(state, name, "string")
            return None if field is None else Words(name, field)
        text = state.text(name)
        return None if text is None else Words(name, text)

    def template(self, owner: Fields, name: str) -> JsonataTemplate | None:
        """Read JSON with expressions in it."""
        return _template(owner, name, _ALWAYS)

    def call(self, owner: Fields) -> JsonataTemplate | None:
        """Read Arguments: an object, or an expression for one."""
        value = owner.value.get("Arguments")
        if "Arguments" in owner.value and not isinstance(value, dict) and not is_jsonata(value):
            owner.misfit("Arguments", "an object or a JSONata expression for one")
            return None
        return _template(owner, "Arguments", _ALWAYS)


def _assign(owner: Fields, allowed: frozenset[str]) -> JsonataTemplate | None:
    return _template(owner, "Assign", allowed)


def _template(owner: Fields, name: str, allowed: frozenset[str]) -> JsonataTemplate | None:
    if name not in owner.value:
        return None
    template = compile_jsonata_template(owner.value[name], owner.location(name), owner.at(name), owner.problems)
    _check(owner, name, template, allowed)
    return template


def _field(owner: Fields, name: str, *kinds: Kind) -> JsonataField | None:
    field = compile_jsonata_field(owner.value[name], owner.location(name), owner.at(name), owner.problems, *kinds)
    if field is not None:
        _check(owner, name, field, _ALWAYS)
    return field


def _check(owner: Fields, name: str, part: JsonataTemplate | JsonataField, allowed: frozenset[str]) -> None:
    """Note which variables are mentioned, and report parts of ``$states`` that aren't there yet."""
    owner.mentioned.update(part.references.variables)
    for used in sorted(part.references.states - allowed):
        there = ", ".join(f"$states.{known}" for known in sorted(allowed - {EVERYTHING}))
        message = f"$states.{used} can't be used in {name!r} of {owner.kind}; there are {there}."
        owner.report(name, "inaccessible-data", sentence(message))
