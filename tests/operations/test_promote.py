"""An image promoted from one stack to another: registries and services of moto's, a recorder in the CLI's place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from operations import cli, deployment, promote
from operations.errors import RefusedError
from operations.promote import Origin
from operations.pulumi import GoAhead
from operations.registry_copy import Repository
from operations.release import ReleaseOptions

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
PULUMI = """#!/bin/sh
for word; do case "$last" in --stack) stack="$word" ;; esac; last="$word"; done
echo "$stack $PULUMI_BACKEND_URL $@" >> "$DIRECTORY/record"
case "$*" in
  *"stack output"*) cat "$DIRECTORY/$stack.json" ;;
  preview*) echo '{"steps": []}' ;;
  *"stack history"*) echo '[]' ;;
  *"config --json"*) echo '{}' ;;
  up*) echo '{}' > "$3" ;;
esac
"""
OPTIONS = ReleaseOptions(GoAhead.PREVIEWED)


@pytest.fixture(autouse=True)
def account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A staging that runs v1, and a production that has no image yet; the digest of v1."""
    for name in ("pulumi", "pulumi-language-python"):
        (tmp_path / name).write_text(PULUMI)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("DIRECTORY", str(tmp_path))
    monkeypatch.setenv("PULUMI_BACKEND_URL", "here")
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    # The sandbox, where a test of this process has loaded it, has moto's deployments end by a runner, which isn't here.
    monkeypatch.setattr(deployment, "under_way", lambda _: False)
    with mock_aws():
        ecr = boto3.client("ecr", region_name="us-east-1")
        for stack in ("staging", "production"):
            ecr.create_repository(repositoryName=f"workflow-{stack}")
            (tmp_path / f"Pulumi.{stack}.yaml").write_text("config:\n  aws:region: us-east-1\n")
        manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "layers": []})
        put = ecr.put_image(repositoryName="workflow-staging", imageManifest=manifest, imageTag="v1")
        digest = put["image"]["imageId"]["imageDigest"]
        write_outputs(tmp_path, "staging", imageTag="v1", imageDigest=digest, **run_service())
        write_outputs(tmp_path, "production")
        yield digest


def run_service() -> dict[str, str]:
    """A service of staging; its name and its task definition as the stack's outputs have them."""
    ecs = boto3.client("ecs", region_name="us-east-1")
    ecs.create_cluster(clusterName="workflow-staging")
    container = {"name": "engine", "image": "engine", "memory": 512}
    made = ecs.register_task_definition(family="engine", containerDefinitions=[container])  # type: ignore[list-item]
    arn = made["taskDefinition"]["taskDefinitionArn"]
    ecs.create_service(cluster="workflow-staging", serviceName="engine", taskDefinition=arn, desiredCount=0)
    return {"serviceName": "engine", "taskDefinitionArn": arn}


def write_outputs(directory: Path, stack: str, **more: str) -> None:
    common = {"apiUrl": "https://api.example", "region": "us-east-1", "databaseEndpoint": "d:5432"}
    registry = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/workflow-{stack}"
    own = {"clusterName": f"workflow-{stack}", "registryUrl": registry}
    (directory / f"{stack}.json").write_text(json.dumps({**common, **own, **more}))


def record(directory: Path) -> list[str]:
    return (directory / "record").read_text().splitlines()


def test_the_target_runs_the_same_digest(tmp_path: Path, account: str) -> None:
    result = promote.promote(tmp_path, Origin("staging"), "production", OPTIONS)

    ecr = boto3.client("ecr", region_name="us-east-1")
    tags = [{"imageTag": tag} for tag in ("v1", "deployed-v1")]
    found = ecr.describe_images(repositoryName="workflow-production", imageIds=tags)["imageDetails"]  # type: ignore[arg-type]
    assert {image["imageDigest"] for image in found} == {account}
    assert result.data == {"stack": "production", "tag": "v1", "digest": account, "before": None, "from": "staging"}
    changed = [line for line in record(tmp_path) if " config set " in line or " up " in line]
    assert [line.split()[0] for line in changed] == ["production", "production"]
    assert "config set imageTag v1" in changed[0]


def test_an_origin_that_runs_nothing_is_refused(tmp_path: Path) -> None:
    write_outputs(tmp_path, "staging", imageTag="v1")

    with pytest.raises(RefusedError, match="Stack staging runs no image that could be promoted"):
        promote.promote(tmp_path, Origin("staging"), "production", OPTIONS)


def test_an_origin_that_runs_something_else_is_refused(tmp_path: Path) -> None:
    outputs = json.loads((tmp_path / "staging.json").read_text())
    outputs["taskDefinitionArn"] += "9"
    (tmp_path / "staging.json").write_text(json.dumps(outputs))

    with pytest.raises(RefusedError, match="Stack staging does not run v1 as its last update left it"):
        promote.promote(tmp_path, Origin("staging"), "production", OPTIONS)

    assert (
        boto3.client("ecr", region_name="us-east-1").list_images(repositoryName="workflow-production")["imageIds"] == []
    )


def test_the_origin_may_have_another_profile_and_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aws").write_text("[profile of-staging]\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws"))
    profiles: list[str] = []

    def note(source: Repository, target: Repository, _digest: str, _tag: str) -> None:
        signers = [repository.ecr._request_signer for repository in (source, target)]  # type: ignore[attr-defined]
        profiles.extend(signer._credentials.access_key for signer in signers)

    monkeypatch.setattr(promote, "copy", note)
    origin = Origin("staging", profile="of-staging", backend="there")
    with pytest.raises(RefusedError, match="There is no image v1"):
        promote.promote(tmp_path, origin, "production", OPTIONS)

    assert profiles == ["a", os.environ["AWS_ACCESS_KEY_ID"]]
    backends = {line.split()[0]: line.split()[1] for line in record(tmp_path)}
    assert backends == {"staging": "there", "production": "here"}


def test_the_command_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["promote", "--from", "staging", "--to", "staging"]) == RefusedError.exit_code
    assert "can't be promoted to itself" in capfd.readouterr().err

    assert cli.main(["promote", "--from", "staging", "--to", "production", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["tag"] == "v1"
    [update] = [line for line in record(tmp_path) if " up " in line]
    assert "--yes" in update
