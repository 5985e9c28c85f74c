"""What holds for every definition and every input.

The driver checks more at each step: transitions are deterministic, snapshots survive being written and read, what is
pending after that is what was asked for, and the ids of the history have no gaps.
"""

from __future__ import annotations

import contextlib

from hypothesis import assume, given
from hypothesis import strategies as st

from engine.language import InvalidDefinition, RunMap, RunTask, Stopped, TimerFired, parse
from engine.language.errors import StatesError
from engine.language.expressions.intrinsics import compile_intrinsic
from engine.language.expressions.paths import compile_path, compile_reference_path
from engine.language.expressions.templates import compile_template
from engine.language.problems import Problems
from tests.engine.language import strategies
from tests.engine.language.driver import Answer, Driver, context
from tests.engine.language.expressions.support import scope
from tests.engine.language.strategies import JsonObject

_FIELDS = ["StartAt", "States", "S", "Type", "Choices", "Branches", "ItemProcessor", "Retry", "Catch", "Next"]
_INNER = ["ErrorEquals", "And", "Not", "Variable", "IsNull", "Parameters", "a.$", "Resource", "End"]
answers = st.builds(Answer, strategies.values, after=st.sampled_from([0.0, 1.0, 5.0])) | st.builds(
    Answer, error=st.sampled_from(strategies.ERRORS), cause=st.none() | st.text(max_size=5)
)


def machine_of(definition: JsonObject) -> Driver | None:
    """Compile a random definition; None if it has states that are never reached, or a member twice."""
    try:
        return Driver(parse(definition), context())
    except InvalidDefinition as error:
        wrong = [problem for problem in error.problems if problem.rule not in {"unreachable-state", "duplicate-field"}]
        if wrong:
            raise
        return None


def failure_is_known(driver: Driver) -> bool:
    assert driver.finish is not None
    error = driver.finish.error
    by_fail_state = "FailStateEntered" in driver.types
    return error is None or by_fail_state or error.startswith("States.") or error in strategies.ERRORS


@given(strategies.tables(), strategies.documents, st.lists(answers, min_size=1, max_size=4))
def test_every_execution_ends_in_an_output_or_an_error(
    definition: JsonObject, payload: object, script: list[Answer]
) -> None:
    driver = machine_of(definition)
    assume(driver is not None)
    assert driver is not None
    calls = iter(range(1_000_000))

    def answer(_: RunTask | RunMap) -> Answer:
        return script[next(calls) % len(script)]

    driver.context = context(payload)
    driver.tasks = answer
    driver.run(limit=2_000)
    assert driver.finish is not None
    assert driver.finish.status in {"SUCCEEDED", "FAILED"}
    assert failure_is_known(driver)
    assert driver.types.count(driver.types[-1]) == 1
    assert driver.snapshot.frames == {}


@given(strategies.tables(), strategies.documents, st.integers(0, 6))
def test_an_execution_can_be_stopped_at_any_step(definition: JsonObject, payload: object, steps: int) -> None:
    driver = machine_of(definition)
    assume(driver is not None)
    assert driver is not None
    driver.context = context(payload)
    driver.start()
    for _ in range(steps):
        driver.step()
    driver.send(TimerFired("nobody's"))
    driver.send(Stopped())
    assert driver.finish is not None
    assert driver.snapshot.frames == {}
    assert not driver.outstanding


@given(strategies.templates, strategies.values)
def test_templates_fail_with_states_errors_only(template: object, document: object) -> None:
    problems = Problems()
    compiled = compile_template(template, "$", problems)
    seen = {"Execution": {"Name": "n"}, "State": {"Name": "s"}}
    try:
        first = compiled.render(scope(document, dict(seen)))
    except StatesError:
        return
    assert first == compiled.render(scope(document, dict(seen)))


@given(strategies.reference_paths, strategies.values, strategies.values)
def test_what_is_written_is_found_again(path: str, document: object, value: object) -> None:
    compiled = compile_reference_path(path)
    try:
        written = compiled.write(document, value)
    except StatesError:
        return
    assert compiled.read(scope(written)) == value


@given(st.text(alphabet="$.@[]()'\"?*:,ab01 -\\{}=<>!&|~^#_", max_size=12).map(lambda text: "$" + text))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        path = compile_path(text)
    except ValueError:
        return
    try:
        path.read(scope({"a": [{"b": 1}, {"a": "b"}], "b": {"a": None}}))
    except StatesError:
        return


@given(st.text(alphabet="States.FormatAy()'\\,$ab1{}-e ", max_size=20).map(lambda text: "States.Array(" + text))
def test_any_text_is_a_call_or_refused(text: str) -> None:
    try:
        call = compile_intrinsic(text, "$")
    except ValueError:
        return
    try:
        call.evaluate(scope({"a": 1}))
    except StatesError:
        return


@given(
    st.recursive(
        strategies.values | st.sampled_from(["Task", "Choice", "Map", "Parallel", "S"]),
        lambda inner: (
            st.dictionaries(st.sampled_from(_FIELDS + _INNER), inner, max_size=4) | st.lists(inner, max_size=2)
        ),
        max_leaves=20,
    ).filter(lambda value: isinstance(value, dict))
)
def test_any_object_is_a_definition_or_refused(definition: JsonObject) -> None:
    with contextlib.suppress(InvalidDefinition):
        parse(definition)


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_any_text_is_a_definition_or_refused(text: str | bytes) -> None:
    with contextlib.suppress(InvalidDefinition):
        parse(text)
