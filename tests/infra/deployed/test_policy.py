"""The policy pack in the real engine, over every stack as it is made."""

from __future__ import annotations

import pytest

from infra.policy.exemptions import EXEMPTIONS
from infra.policy.findings import find
from infra.policy.preview import read_resources
from infra.policy.rules import RULES
from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import STACKS


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_breaks_no_rule(stack: Stack, name: str) -> None:
    assert [f"{event.policy_name} {event.message}" for event in stack(name).violations] == []


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_needs_each_of_its_exemptions(stack: Stack, name: str) -> None:
    resources = read_resources(stack(name).exported())

    found = {finding.rule.control for finding in find(RULES, resources)}

    assert found == {entry.control for entry in EXEMPTIONS if stack(name).environment in entry.environments}
