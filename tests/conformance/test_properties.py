"""What holds for any state machine and any input, whatever they are; a longer run finds more (see conftest.py)."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language import InvalidDefinition, StateMachine, parse
from tests.conformance import randomexpressions as expressions
from tests.conformance.cases import Answer
from tests.conformance.execution import Execution, Script, context
from tests.conformance.mapruns import map_runner
from tests.conformance.randomexpressions import JsonObject
from tests.conformance.randommachines import broken_machines, machines

PROFILE = settings.get_profile("conformance")
pytestmark = pytest.mark.timeout(0 if PROFILE.max_examples > 1000 else 600)

answers = st.builds(Answer, output=expressions.values, after=st.sampled_from([0.0, 1.0, 9.0])) | st.builds(
    Answer, error=st.sampled_from(expressions.ERRORS), cause=st.none() | st.just("why")
)
_KNOWN = ("Boom", "E", *expressions.ERRORS)


def _accepted(definition: JsonObject | str) -> StateMachine | None:
    """Read a definition; None if it is refused."""
    try:
        return parse(definition)
    except InvalidDefinition:
        return None


def _run(machine: StateMachine, payload: object, given: list[Answer]) -> Execution:
    """Run an execution, which checks at each step that it is a pure function of what it can store and read again."""
    own, script = context(payload), Script({}, given)
    return Execution(machine, own, script, map_runner(machine, own, script)).run()


def _check_end(execution: Execution) -> None:
    finish = execution.finish
    assert finish is not None
    assert finish.status in {"SUCCEEDED", "FAILED", "TIMED_OUT"}
    json.dumps(finish.output, allow_nan=False)
    failed_by_itself = any(event.type == "FailStateEntered" for event in execution.history)
    if finish.status == "FAILED" and not failed_by_itself:
        assert finish.error is not None
        assert finish.error.startswith("States.") or finish.error in _KNOWN


@PROFILE
@given(machines(), expressions.documents, st.lists(answers, min_size=1, max_size=3))
def test_an_execution_ends_in_an_output_or_in_an_error(
    definition: JsonObject, payload: object, given: list[Answer]
) -> None:
    machine = _accepted(definition)
    if machine is not None:
        _check_end(_run(machine, payload, given))


@PROFILE
@given(broken_machines(), expressions.documents, st.lists(answers, min_size=1, max_size=2))
def test_a_definition_is_refused_or_runs(definition: JsonObject, payload: object, given: list[Answer]) -> None:
    machine = _accepted(definition)
    if machine is not None:
        _check_end(_run(machine, payload, given))


@PROFILE
@given(machines(), expressions.documents, st.lists(answers, min_size=1, max_size=3))
def test_an_execution_goes_the_same_way_again(definition: JsonObject, payload: object, given: list[Answer]) -> None:
    machine, again = _accepted(definition), _accepted(definition)
    if machine is None or again is None:
        return
    first, second = _run(machine, payload, given), _run(again, payload, given)
    assert first.history == second.history
    assert first.finish == second.finish


@PROFILE
@given(machines())
def test_a_definition_may_be_json_or_yaml(definition: JsonObject) -> None:
    machine = _accepted(definition)
    texts = [json.dumps(definition), yaml.safe_dump(definition, allow_unicode=True, sort_keys=False)]
    assert [_accepted(text) == machine for text in texts] == [True, True]
