"""What tests of the parser say about problems."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from engine.language import InvalidDefinition, Problem, parse


def problems_of(definition: str | bytes | Mapping[str, object]) -> tuple[Problem, ...]:
    """Give the problems of a definition that can't be run; each must be a plain sentence."""
    with pytest.raises(InvalidDefinition) as caught:
        parse(definition)
    assert caught.value.problems
    for problem in caught.value.problems:
        assert problem.message.endswith("."), problem
        assert problem.message[0].isupper() or not problem.message[0].isalpha(), problem
        assert str(problem) in str(caught.value)
    return caught.value.problems


def found(definition: str | bytes | Mapping[str, object]) -> list[list[str]]:
    return sorted([problem.path, problem.rule] for problem in problems_of(definition))
