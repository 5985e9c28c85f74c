"""Reads the rules of Choice states (ASL: "Choice State")."""

from __future__ import annotations

from typing import Final

from engine.language.definition import ChoiceRule
from engine.language.expressions.conditions import (
    KINDS,
    READERS,
    RELATIONS,
    All,
    AnyOf,
    Comparison,
    Condition,
    KindTest,
    Negation,
    PresenceTest,
    compile_pattern,
    matches,
)
from engine.language.expressions.paths import ROOT_PATH, Path
from engine.language.parsing.fields import Fields


def _comparisons() -> dict[str, tuple[str, str]]:
    """Give kind and relation of every comparison operator."""
    named = {
        f"{kind}{relation}": (kind, relation) for kind in ("String", "Numeric", "Timestamp") for relation in RELATIONS
    }
    return {**named, "BooleanEquals": ("Boolean", "Equals")}


_COMPARISONS: Final = _comparisons()
_TESTS: Final = (*_COMPARISONS, *(f"{name}Path" for name in _COMPARISONS), "StringMatches", *KINDS, "IsPresent")
_COMBINERS: Final = ("And", "Or", "Not")
_NEVER: Final = AnyOf(())


def read_rules(state: Fields) -> tuple[ChoiceRule, ...]:
    """Read the field Choices of a Choice state."""
    state.require("Choices")
    rules: list[ChoiceRule] = []
    for item in state.children("Choices", "a choice rule", least=1):
        item.require("Next")
        rules.append(ChoiceRule(_condition(item, top=True), item.text("Next") or ""))
    return tuple(rules)


def _condition(rule: Fields, *, top: bool = False) -> Condition:
    extra = ("Next", "Comment") if top else ("Comment",)
    if not top and "Next" in rule.value:
        rule.report("Next", "nested-next", "'Next' is allowed in the outermost rule only.")
        extra = (*extra, "Next")
    combiner = next((name for name in _COMBINERS if name in rule.value), None)
    if combiner is None:
        return _test(rule, extra)
    rule.allow((combiner, *extra))
    if combiner == "Not":
        inner = rule.child("Not", "a choice rule")
        return _NEVER if inner is None else Negation(_condition(inner))
    parts = tuple(_condition(item) for item in rule.children(combiner, "a choice rule", least=1))
    return All(parts) if combiner == "And" else AnyOf(parts)


def _test(rule: Fields, extra: tuple[str, ...]) -> Condition:
    rule.allow(("Variable", *_TESTS, *_COMBINERS, *extra))
    given = [name for name in rule.value if name in _TESTS]
    if len(given) != 1:
        found = f"it has {' and '.join(given)}" if given else "it has none"
        rule.problems.add(
            rule.path, "one-operator", f"A choice rule must have exactly one comparison operator; {found}."
        )
        return _NEVER
    rule.require("Variable")
    variable = rule.path_field("Variable") or ROOT_PATH
    return _operator(rule, given[0], variable)


def _operator(rule: Fields, name: str, variable: Path) -> Condition:
    if name == "IsPresent":
        return PresenceTest(variable, rule.flag(name) is not False)
    if name in KINDS:
        return KindTest(variable, KINDS[name], rule.flag(name) is not False)
    if name == "StringMatches":
        pattern = compile_pattern(rule.text(name) or "")
        return Comparison(variable, _as_is, matches, pattern)
    base = name.removesuffix("Path")
    kind, relation = _COMPARISONS[base]
    read, allowed = READERS[kind]
    compare = RELATIONS[relation]
    if name != base:
        return Comparison(variable, read, compare, expected_path=rule.path_field(name) or ROOT_PATH)
    expected = read(rule.value[name])
    if expected is None:
        rule.report(name, "wrong-type", f"{name!r} must be {allowed}.")
    return Comparison(variable, read, compare, expected)


def _as_is(value: object) -> object:
    return value
