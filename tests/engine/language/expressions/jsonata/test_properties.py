from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.errors import StatesError
from engine.language.expressions.jsonata import bounds, compile_jsonata, evaluator
from engine.language.expressions.jsonata.plainpaths import PlainPath, plain_path
from engine.language.values import json_text
from tests.engine.language.expressions.support import scope

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
LEAVES = st.sampled_from(
    """1 -2.5 'x' null true $x $x.a $states.input $states.input.a.b $states [] {} [1..3] /a+/ $sum a * ** $ $$
    function($v){$v} $now() $uuid() $missing""".split()  # noqa: SIM905 - reads better than a list
)
FUNCTIONS = st.sampled_from(
    """sum count max min average string length uppercase trim pad match contains replace split join formatNumber
    formatBase formatInteger parseInteger number floor round sqrt power boolean not map zip filter single reduce sift
    keys lookup append exists spread merge reverse each error assert type sort shuffle distinct base64encode
    base64decode encodeUrl decodeUrlComponent toMillis fromMillis clone now millis partition range hash random uuid
    parse eval nothing""".split()  # noqa: SIM905 - as above
)


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from("+ - * / % & = != < <= > >= in and or ~> . ?: ??".split())  # noqa: SIM905 - as above
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
        st.tuples(FUNCTIONS, st.lists(inner, max_size=3)).map(lambda parts: f"${parts[0]}({', '.join(parts[1])})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}[{parts[1]}]"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"($x := {parts[0]}; {parts[1]})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}^({parts[1]})"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]} ~> |$|{parts[1]}|"),
        st.lists(inner, max_size=3).map(lambda parts: f"[{', '.join(parts)}]"),
        st.tuples(inner, inner).map(lambda parts: f"{{{parts[0]}: {parts[1]}}}"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}{{'k': {parts[1]}}}"),
        st.tuples(inner, inner).map(lambda parts: f"{parts[0]}@$i.{parts[1]}"),
        inner.map(lambda part: f"{part}#$i[]"),
        inner.map(lambda part: f"(-{part})"),
    )


EXPRESSIONS = st.recursive(LEAVES, calls, max_leaves=8)


def outcome(text: str, document: object, variable: object) -> str:
    """Evaluate, and tell what came out as text; anything but JSON and the failures there should be fails the test."""
    try:
        expression = compile_jsonata(text)
    except ValueError as error:
        return str(error)
    try:
        made = scope(document, {"State": {"Name": "S"}}, variables={"x": variable})
        return json_text(expression.evaluate(made, "Output", "$.States.S"))
    except StatesError as error:
        return f"{error.error}: {error.cause}"


@given(EXPRESSIONS, VALUES, VALUES)
def test_any_expression_gives_json_or_fails_and_always_the_same(text: str, document: object, variable: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "MAX_STEPS", 20_000)
        before = json_text([document, variable])
        first = outcome(text, document, variable)
        assert outcome(text, document, variable) == first
        assert json_text([document, variable]) == before


@given(st.text(alphabet="$abx123.[](){}'\"/~>|^%*:=?,;&+- \\`@#", max_size=25))
def test_any_text_is_an_expression_or_is_not(text: str) -> None:
    assert outcome(text, {}, 1)


@given(
    st.sampled_from(["$states.input", "$states.result", "$states.context", "$x", "$states.errorOutput", "$missing"]),
    st.lists(NAMES, max_size=3),
    st.sampled_from(["", "[0]", "[-1].a", "[]", ".(b)", "[a=1].b", "[a]", "^(b)", "{'k': a}", "#$i.{'n': $i}", ".*"]),
    VALUES,
)
def test_plain_starts_of_paths_give_what_the_library_gives(
    root: str, path: list[str], rest: str, value: object
) -> None:
    text = ".".join([root, *path]) + rest
    made = scope(value, {"a": value}, variables={"x": value}).with_result(value)
    results = []
    for written, find in ((text, plain_path), (f"({text})", plain_path), (f"(({text}))", lambda _path: PlainPath())):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(evaluator, "plain_path", find)
            try:
                results.append(json_text(compile_jsonata(written).evaluate(made, "Output")))
            except StatesError as error:
                results.append(str(error.cause).replace(f"'{written}'", ""))
    assert results[0] == results[1] == results[2]


OPERANDS = st.sampled_from("1 1.0 0 -2.5 'x' '' null true false $x $states.input $states.input.a $missing".split())  # noqa: SIM905 - as above
OPERATIONS = st.recursive(
    OPERANDS,
    lambda inner: st.tuples(inner, st.sampled_from("= != < <= > >= and or &".split()), inner).map(" ".join),  # noqa: SIM905 - as above
    max_leaves=4,
)


@settings(max_examples=120)
@given(OPERATIONS, VALUES, VALUES)
def test_operators_give_what_the_library_gives(text: str, document: object, variable: object) -> None:
    short, long = outcome(text, document, variable), outcome(f"({text})", document, variable)
    assert short.replace(f"'{text}'", "") == long.replace(f"'({text})'", "")
