"""What an update would do to a stack that is up: nothing, or what was asked for and no more."""

from __future__ import annotations

import pytest

from infra.aws import registry
from tests.infra.deployed.conftest import Stack
from tests.infra.deployed.stacks import STACKS
from tests.infra.stacks import program

OTHER_DIGEST = "sha256:" + "cd" * 32
TASKS, SERVICE = "aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"


@pytest.mark.parametrize("name", STACKS)
def test_a_preview_after_up_shows_no_change_twice(stack: Stack, name: str) -> None:
    deployed = stack(name)

    for _time in range(2):
        planned = deployed.planned(program)
        assert {kind: steps for kind, steps in planned.items() if steps != {"same"}} == {}
        assert {TASKS, SERVICE} <= planned.keys()


@pytest.mark.parametrize("name", STACKS)
def test_a_new_tag_changes_exactly_two_resources(stack: Stack, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed = stack(name)
    monkeypatch.setattr(registry, "find_image_digest", lambda *_: OTHER_DIGEST)

    with deployed.configured(imageTag="v2"):
        changed = deployed.changes(program)

    kinds = {urn.split("::")[2].rsplit("$", 1)[-1]: steps for urn, steps in changed.items()}
    assert len(changed) == len(kinds)
    assert kinds.keys() == {TASKS, SERVICE}
    assert kinds[SERVICE] == {"update"}
    assert "delete" not in kinds[TASKS]
