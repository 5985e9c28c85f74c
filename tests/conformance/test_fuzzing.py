"""Texts that nobody wrote for the parsers: each is read or refused, none is a crash, none takes forever."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.language import InvalidDefinition, Problem, parse
from engine.language.errors import StatesError
from engine.language.expressions.intrinsics import compile_intrinsic
from engine.language.expressions.jsonata import compile_jsonata
from engine.language.expressions.paths import compile_path
from engine.language.expressions.scope import Scope
from tests.conformance import randomexpressions as expressions
from tests.conformance.randommachines import machines

PROFILE = settings.get_profile("conformance")
pytestmark = pytest.mark.timeout(0 if PROFILE.max_examples > 1000 else 600)


def _cut(text: str, at: int, by: int, put: str) -> str:
    """Replace a part of a text."""
    start = at % (len(text) + 1)
    return text[:start] + put + text[start + by :]


def _mutated(texts: st.SearchStrategy[str], pieces: list[str]) -> st.SearchStrategy[str]:
    put = st.sampled_from(["", *pieces]) | st.text(max_size=3)
    once = st.builds(_cut, texts, st.integers(0, 400), st.integers(0, 4), put)
    return once | st.builds(_cut, once, st.integers(0, 400), st.integers(0, 9), put)


_JSON = ["{", "}", "[", "]", '"', ":", ",", "\\u0000", "1e999", "NaN", "\ud800", "-", "\t", "'"]
_YAML = [
    "\n",
    "  ",
    "- ",
    ": ",
    "&a ",
    "*a",
    "!!python/object ",
    "? ",
    "|",
    ">",
    "%",
    "#",
    "{",
    "<<: ",
    "---\n",
    "\x07",
]
_JSONATA = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "$",
    "~>",
    "|",
    "^(",
    "#$i",
    "@$j",
    "/",
    "?",
    ":=",
    "..",
    "**",
    "%",
    "`",
    '"',
    "function(",
]
_JSONPATH = [
    "$",
    "$$",
    "..",
    "[",
    "]",
    "?(",
    "@",
    "*",
    "'",
    "\\",
    ",",
    ":",
    "==",
    "=~ /(a+)+$/",
    "&&",
    "(",
    ")",
    "length()",
]


def _scope() -> Scope:
    document = {"a": [{"b": 1}, {"a": "aaaaaaaaaaaaaaaaaaaaaaaaaa!"}], "b": {"c": None}, "c": 2}
    return Scope(document, lambda: {"Execution": {"Name": "n"}}, "seed", variables={"v": [1, {"a": 2}]})


def _check(text: str | bytes) -> None:
    """Read a text; if it is refused, every problem says where it is and what is wrong."""
    problems = _problems(text)
    assert problems != ()
    assert all(problem.path.startswith("$") and problem.rule and problem.message for problem in problems or ())


def _problems(text: str | bytes) -> tuple[Problem, ...] | None:
    try:
        parse(text)
    except InvalidDefinition as refused:
        return refused.problems
    return None


def _outcome(evaluate: Callable[[Scope], object]) -> tuple[str | None, object]:
    """Give the error of an evaluation, or what it comes to."""
    try:
        return None, evaluate(_scope())
    except StatesError as failure:
        return failure.error, None


@PROFILE
@given(_mutated(machines().map(json.dumps), _JSON))
def test_json(text: str) -> None:
    _check(text)


@PROFILE
@example("? StartAt: S\nStates:\n  S: {Type: Pass, End: true}\n")
@given(_mutated(machines().map(yaml.safe_dump), _YAML))
def test_yaml(text: str) -> None:
    _check(text)


@PROFILE
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text(text: str | bytes) -> None:
    _check(text)


@PROFILE
@given(_mutated(expressions.expressions, _JSONATA))
def test_jsonata(text: str) -> None:
    try:
        expression = compile_jsonata(text)
    except ValueError:
        return
    error, value = _outcome(lambda scope: expression.evaluate(scope, "Output"))
    assert error in {None, "States.QueryEvaluationError"}
    json.dumps(value, allow_nan=False)


@PROFILE
@given(_mutated(expressions.paths, _JSONPATH))
def test_jsonpath(text: str) -> None:
    try:
        path = compile_path(text)
    except ValueError:
        return
    error, _ = _outcome(path.read)
    assert error in {None, "States.Runtime", "States.DataLimitExceeded"}


@PROFILE
@given(_mutated(expressions.calls, ["(", ")", ",", "'", "\\", "$", "States.", "{}", "1e9", "null"]))
def test_intrinsic_functions(text: str) -> None:
    try:
        call = compile_intrinsic(text, "$")
    except ValueError:
        return
    error, value = _outcome(call.evaluate)
    assert error in {None, "States.Runtime", "States.DataLimitExceeded"}
    json.dumps(value, allow_nan=False)
