"""Previews and drift, summed up for pipelines and pull requests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from operations import changes
from operations.errors import DriftError, OperationError
from operations.plan import Change
from operations.pulumi import PulumiStack

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
INSTANCE = "aws:rds/instance:Instance"


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> PulumiStack:
    made = PulumiStack(tmp_path, "dev", {})
    monkeypatch.setattr(changes, "open_stack", lambda _root, _name: (made, None))
    return made


def previewed(monkeypatch: pytest.MonkeyPatch, *steps: tuple[str, str, dict[str, object]]) -> None:
    listed = []
    for operation, kind, inputs in steps:
        urn = f"urn:pulumi:dev::workflow::{kind}::it"
        state = {"urn": urn, "type": kind, "inputs": inputs}
        listed.append({"op": operation, "urn": urn, "newState": state, "diffReasons": list(inputs)})
    monkeypatch.setattr(PulumiStack, "previewed", lambda _self: json.dumps({"steps": listed}))


@pytest.mark.usefixtures("stack")
def test_a_preview_says_what_changes_and_what_it_costs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    previewed(monkeypatch, ("update", LOG_GROUP, {"retentionInDays": 30}), ("same", "aws:kms/key:Key", {}))

    result = changes.preview(tmp_path, "dev", deployed_image=False, summed_up=True)

    assert result.data["changes"] == [
        {"operation": "update", "type": LOG_GROUP, "name": "it", "inputs": ["retentionInDays"]}
    ]
    assert result.data["monthly"] == 1.0
    assert result.text.startswith("### dev: 1 change, about 1 USD a month\n")
    assert f"| update | `{LOG_GROUP}` `it` | `retentionInDays` |" in result.text


def test_the_local_stack_is_previewed_as_its_file_is_now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_text("config: {'workflow:flowLogs': none, 'workflow:imageTag': v1}")
    (tmp_path / "Pulumi.local.yaml").write_text("config: {'workflow:flowLogs': all}")
    monkeypatch.setattr(changes, "open_stack", lambda _root, _name: (PulumiStack(tmp_path, "local", {}, copy), None))
    monkeypatch.setattr(PulumiStack, "get_config", lambda _self, _key: "v1")
    previewed(monkeypatch)

    changes.preview(tmp_path, "local", deployed_image=False, summed_up=True)

    assert yaml.safe_load(copy.read_text())["config"] == {"workflow:flowLogs": "all", "workflow:imageTag": "v1"}


@pytest.mark.usefixtures("stack")
def test_a_broken_rule_is_in_the_summary_and_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    previewed(monkeypatch, ("update", INSTANCE, {"publiclyAccessible": True, "storageEncrypted": True}))

    result = changes.preview(tmp_path, "dev", deployed_image=False, summed_up=True)

    assert isinstance(result.failure, OperationError)
    assert "RDS.2" in str(result.failure)
    assert "- :x: `" in result.text


def test_a_long_list_is_cut_and_no_change_is_said() -> None:
    many = [Change("create", LOG_GROUP, f"g{number}") for number in range(changes.SHOWN + 5)]

    assert "… and 5 more." in changes.markdown("dev", many, [], 0)
    assert changes.markdown("dev", [], [], 12.3) == "### dev: no changes, about 12 USD a month\n"


def test_a_name_cannot_write_into_the_comment() -> None:
    text = changes.markdown("dev", [Change("create", LOG_GROUP, "`|\n# @everyone [x](http://evil)")], [], 0)

    assert text.splitlines()[-1] == f"| create | `{LOG_GROUP}` `   # @everyone [x](http://evil)` |  |"


@pytest.mark.usefixtures("stack")
def test_drift_is_a_result_and_a_failure_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(PulumiStack, "drift", lambda _self: [Change("update", LOG_GROUP, "logs", ("retentionInDays",))])
    found = changes.drift(tmp_path, "dev")
    assert found.data["drifted"] is True
    assert isinstance(found.failure, DriftError)
    assert "update of aws:cloudwatch/logGroup:LogGroup logs (retentionInDays)" in str(found.failure)

    monkeypatch.setattr(PulumiStack, "drift", lambda _self: [])
    none = changes.drift(tmp_path, "dev")
    assert (none.data["drifted"], none.failure) == (False, None)


def test_a_pipelines_checkout_gets_the_image_of_the_last_update(
    stack: PulumiStack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    previewed(monkeypatch)
    written: dict[str, str] = {}
    monkeypatch.setattr(PulumiStack, "get_config", lambda _self, key: written.get(key))
    monkeypatch.setattr(PulumiStack, "set_config", lambda _self, key, value: written.update({key: value}))
    monkeypatch.setattr(PulumiStack, "deployed", lambda _self, _key: ["v7", "v6"])

    changes.preview(tmp_path, stack.name, deployed_image=True, summed_up=True)
    assert written == {"imageTag": "v7"}

    written["imageTag"] = "v1"
    changes.preview(tmp_path, stack.name, deployed_image=True, summed_up=True)
    assert written == {"imageTag": "v1"}
