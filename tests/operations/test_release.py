"""A release against a registry of moto's and a recorder in the Pulumi CLI's place."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from operations import cli, deployment, release
from operations.errors import BusyError, OperationError, RefusedError, RolledBackError
from operations.pulumi import GoAhead
from operations.release import ReleaseOptions

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PULUMI = """#!/bin/sh
echo "$@" >> "$RECORD"
case "$*" in
  *"stack output"*) echo '{"apiUrl": "https://api.example", "region": "eu-west-1", "clusterName": "c",
    "databaseEndpoint": "d:5432", "serviceName": "'$SERVICE'",
    "registryUrl": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/workflow-dev"}' ;;
  preview*) cat "$PREVIEW" ;;
  *"stack history"*) cat "$HISTORY" ;;
  *"config --json"*) echo '{"workflow:imageTag": {"value": "v1"}, "workflow:deletionProtection": {"value": "true"}}' ;;
  up*) echo '{}' > "$3"; exit "${UP_EXITS_WITH:-0}" ;;
esac
"""


AT_ONCE = ReleaseOptions(GoAhead.AT_ONCE)
TASK_DEFINITION, SERVICE = "aws:ecs/taskDefinition:TaskDefinition", "aws:ecs/service:Service"


@pytest.fixture(autouse=True)
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A registry that holds v1 and v2, and a CLI that writes down what it is asked."""
    for name in ("pulumi", "pulumi-language-python"):
        program = tmp_path / name
        program.write_text(PULUMI)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    monkeypatch.setenv("SERVICE", "")
    for name in ("preview", "history"):
        monkeypatch.setenv(name.upper(), str(tmp_path / name))
    previewed(tmp_path)
    succeeded(tmp_path, "v1")
    (tmp_path / "Pulumi.dev.yaml").write_text("config:\n  workflow:imageTag: v1\n")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        ecr = boto3.client("ecr", region_name="eu-west-1")
        ecr.create_repository(repositoryName="workflow-dev")
        for tag in ("v1", "v2"):
            manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": {"digest": tag}, "layers": []})
            ecr.put_image(repositoryName="workflow-dev", imageManifest=manifest, imageTag=tag)
        yield


def previewed(tmp_path: Path, *steps: tuple[str, str]) -> None:
    """What `pulumi preview` says: operations and types."""
    urn = "urn:pulumi:dev::workflow::{type}::it"
    listed = [
        {"op": operation, "urn": urn.format(type=type_), "newState": {"type": type_}} for operation, type_ in steps
    ]
    (tmp_path / "preview").write_text(json.dumps({"steps": listed}))


def succeeded(tmp_path: Path, *tags: str) -> None:
    """The tags of the updates that succeeded, the latest first; each after one that failed."""
    entries = [
        {"result": result, "config": {"workflow:imageTag": {"value": value, "secret": False}}}
        for tag in tags
        for result, value in (("failed", "v0"), ("succeeded", tag))
    ]
    (tmp_path / "history").write_text(json.dumps([*entries, {"result": "succeeded", "config": {}}]))


def calls(tmp_path: Path) -> list[str]:
    """The calls that change something."""
    lines = (tmp_path / "record").read_text().splitlines()
    return [line.split(" --")[0] for line in lines if line.startswith(("up", "config set"))]


def test_the_tag_is_set_and_brought_up(tmp_path: Path) -> None:
    release.release(tmp_path, "dev", "v2", AT_ONCE)

    assert calls(tmp_path) == ["config set imageTag v2", "up"]


def test_an_image_that_was_deployed_is_kept_by_the_registry(tmp_path: Path) -> None:
    for tag in ("v2", "v1", "v2"):
        release.release(tmp_path, "dev", tag, AT_ONCE)

    ecr = boto3.client("ecr", region_name="eu-west-1")
    listed = ecr.list_images(repositoryName="workflow-dev")["imageIds"]
    assert {image["imageTag"] for image in listed} == {"v1", "v2", "deployed-v1", "deployed-v2"}


def test_a_tag_that_is_not_in_the_registry_changes_nothing(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match=r"There is no image v3 in .*/workflow-dev: push it first"):
        release.release(tmp_path, "dev", "v3", AT_ONCE)

    assert calls(tmp_path) == []


def test_a_failed_update_leaves_the_config_with_the_tag_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UP_EXITS_WITH", "255")

    with pytest.raises(OperationError, match="`pulumi up` of stack dev failed"):
        release.release(tmp_path, "dev", "v2", AT_ONCE)

    assert calls(tmp_path) == ["config set imageTag v2", "up", "config set imageTag v1"]


def test_a_release_changes_nothing_but_what_a_new_image_brings(tmp_path: Path) -> None:
    previewed(tmp_path, ("create", TASK_DEFINITION), ("create", SERVICE), ("update", "aws:rds/instance:Instance"))
    with pytest.raises(OperationError, match=r"1 other changes: update of aws:rds/instance:Instance it\..*allow"):
        release.release(tmp_path, "dev", "v2", AT_ONCE)
    assert calls(tmp_path) == ["config set imageTag v2", "config set imageTag v1"]

    release.release(tmp_path, "dev", "v2", ReleaseOptions(GoAhead.AT_ONCE, allow_changes=True))
    assert calls(tmp_path)[2:] == ["config set imageTag v2", "up"]


def test_a_deployment_that_fails_can_be_followed_by_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UP_EXITS_WITH", "255")

    with pytest.raises(OperationError, match="`pulumi up` of stack dev failed"):
        release.release(tmp_path, "dev", "v2", ReleaseOptions(GoAhead.AT_ONCE, rollback_on_failure=True))

    assert calls(tmp_path) == ["config set imageTag v2", "up", "config set imageTag v1", "up"]


def test_a_rollback_deploys_the_tag_that_ran_before(tmp_path: Path) -> None:
    succeeded(tmp_path, "v1", "v1", "v2", "v3")
    release.rollback(tmp_path, "dev", None, AT_ONCE)
    assert calls(tmp_path) == ["config set imageTag v2", "up"]


def test_a_rollback_needs_something_to_go_back_to(tmp_path: Path) -> None:
    with pytest.raises(OperationError, match="Stack dev never ran another image than v1: name one with --tag"):
        release.rollback(tmp_path, "dev", None, AT_ONCE)
    release.rollback(tmp_path, "dev", "v2", AT_ONCE)
    assert calls(tmp_path) == ["config set imageTag v2", "up"]


def deploying(monkeypatch: pytest.MonkeyPatch, *states: str) -> None:
    """Give the stack a service whose deployments have these states (DescribeServices, rolloutState)."""
    monkeypatch.setenv("SERVICE", "engine")
    deployments = [{"id": state, "rolloutState": state, "taskDefinition": f"td/engine:{state}"} for state in states]
    service = {"taskDefinition": "td/engine:1", "deployments": deployments}
    monkeypatch.setattr(deployment, "find_service", lambda *_: service)
    monkeypatch.setattr(deployment, "tasks", lambda *_, **__: [])
    monkeypatch.setattr(release, "wait_for_service", lambda *_: None)


class RolledBack(contextlib.AbstractContextManager["RolledBack"]):
    """A deployment that ECS gives up as soon as it is looked at."""

    failed = "td/engine:2"

    def __init__(self, *_: object, on_failure: Callable[[], None]) -> None:
        on_failure()

    def __exit__(self, *_: object) -> None:
        pass


def test_another_deployment_under_way_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deploying(monkeypatch, "IN_PROGRESS", "COMPLETED")

    with pytest.raises(BusyError, match="ECS is still deploying engine:IN_PROGRESS to service engine: wait for it"):
        release.release(tmp_path, "dev", "v2", AT_ONCE)

    assert calls(tmp_path) == []


def test_another_deployment_can_be_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deploying(monkeypatch, "IN_PROGRESS")
    monkeypatch.setattr(release, "Rollout", lambda *_, **__: contextlib.nullcontext())

    release.release(tmp_path, "dev", "v2", ReleaseOptions(GoAhead.AT_ONCE, supersede=True))

    assert calls(tmp_path) == ["config set imageTag v2", "up"]


def test_a_rollback_by_ecs_ends_the_update_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deploying(monkeypatch, "COMPLETED")
    monkeypatch.setattr(release, "Rollout", RolledBack)
    monkeypatch.setenv("UP_EXITS_WITH", "255")

    with pytest.raises(RolledBackError, match="The deployment of engine:2 was rolled back: service engine runs engine"):
        release.release(tmp_path, "dev", "v2", AT_ONCE)

    assert calls(tmp_path) == ["config set imageTag v2", "up", "config set imageTag v1"]


def test_the_command_line_asks_unless_told_not_to(tmp_path: Path) -> None:
    assert cli.main(["release", "--stack", "dev", "--tag", "v2"]) == 0
    assert cli.main(["release", "--stack", "dev", "--tag", "v2", "--yes"]) == 0

    asked, told = [line for line in (tmp_path / "record").read_text().splitlines() if line.startswith("up")]
    assert "--yes" not in asked
    assert "--yes" in told
    assert "--skip-preview" not in told


def test_a_protected_stack_is_not_destroyed_and_the_way_out_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["down", "--stack", "dev", "--confirm", "dev"]) == RefusedError.exit_code

    assert "pulumi config set deletionProtection false --stack dev" in capsys.readouterr().err
    assert "destroy" not in (tmp_path / "record").read_text()


def test_the_local_stack_is_in_no_account(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["release", "--stack", "local", "--tag", "v2"])

    assert "local is in no account" in capsys.readouterr().err


def test_what_goes_wrong_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["release", "--stack", "dev", "--tag", "v9"]) == RefusedError.exit_code

    assert capsys.readouterr().err.strip().startswith("release: There is no image v9")
