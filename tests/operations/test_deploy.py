"""A deployment in one command: Pulumi and docker are recorders, the registry is moto's."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from operations import cli, container_tool, source
from operations.deploy import deploy
from operations.errors import RefusedError
from operations.image import ImageOptions
from operations.pulumi import GoAhead
from operations.release import ReleaseOptions
from operations.source import Source
from tests.operations.programs import Programs
from tests.support.moto_server import running_account

REGION = "us-east-1"
REPOSITORY = "workflow-dev"
REGISTRY = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}"
VERSION = Source("v1.4.0", "2f1c9ab" + "0" * 33, "https://code.example/team/engine.git")
AT_ONCE = ReleaseOptions(GoAhead.AT_ONCE)
# The stack has outputs once it was brought up; the repository is there from the beginning.
PULUMI = r"""#!/bin/sh
words=$(printf '"%s", ' "$@")
echo "{\"program\": \"pulumi\", \"words\": [${words%, }], \"input\": \"\", \"buildkit\": null}" >> "$RECORD"
case "$*" in
  *"stack output"*) [ -f "$MADE" ] && cat "$MADE" || echo '{}' ;;
  preview*) echo '{"steps": []}' ;;
  *"stack history"*) echo '[]' ;;
  *"config --json"*) echo "$CONFIG" ;;
  up*) cp "$OUTPUTS" "$MADE"; echo '{}' > "$3" ;;
esac
"""
OUTPUTS = {
    "apiUrl": "https://api.example",
    "region": REGION,
    "clusterName": "workflow-dev",
    "databaseEndpoint": "database:5432",
    "registryUrl": REGISTRY,
    "loadBalancerDnsName": "lb.example",
}


class Site:
    """A checkout with a stack `dev`, and what the programs were asked for."""

    def __init__(self, root: Path, programs: Programs) -> None:
        self.root = root
        self._programs = programs

    def deploy(self, tag: str | None = None) -> object:
        """Deploy, and give the command's data."""
        return deploy(self.root, "dev", ImageOptions(tag), AT_ONCE).data

    def brought_up(self) -> None:
        """Go on as if the stack had been brought up before."""
        (self.root / "made").write_text(json.dumps(OUTPUTS))

    def steps(self) -> list[str]:
        """What was done to the stack and to the registry, in order."""
        calls = [(call.program, *call.words) for call in self._programs.calls]
        return [
            _step(*call) for call in calls if call[0] == "docker" or call[1] == "up" or call[1:3] == ("config", "set")
        ]


def _step(program: str, verb: str, *words: str) -> str:
    return " ".join((program, verb, *(words[:3] if verb == "config" else ())))


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with running_account() as url:
        yield url


@pytest.fixture
def site(tmp_path: Path, aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    docker = Programs(tmp_path)
    docker.add("docker", registry=aws)
    for name in ("pulumi", "pulumi-language-python"):
        program = docker.directory / name
        program.write_text(PULUMI)
        program.chmod(0o755)
    (tmp_path / "outputs").write_text(json.dumps(OUTPUTS))
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    for name, value in {
        "PATH": os.pathsep.join([str(docker.directory), os.environ["PATH"]]),
        "RECORD": str(tmp_path / "calls.jsonl"),
        "MADE": str(tmp_path / "made"),
        "OUTPUTS": str(tmp_path / "outputs"),
        "CONFIG": "{}",
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(source, "read", lambda _root, **_options: VERSION)
    ecr = boto3.client("ecr", region_name=REGION, endpoint_url=aws)
    ecr.create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
    yield Site(tmp_path, docker)
    ecr.delete_repository(repositoryName=REPOSITORY, force=True)


def test_the_first_one_makes_the_registry_first_then_the_image_then_the_rest(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    data = site.deploy()

    assert site.steps() == [
        "pulumi up",
        "docker login",
        "docker build",
        "docker push",
        "pulumi config set imageTag v1.4.0",
        "pulumi up",
    ]
    assert isinstance(data, dict)
    assert data["tag"] == "v1.4.0"
    assert "https://api.example once its name leads to lb.example" in capsys.readouterr().out


def test_a_later_one_builds_and_releases(site: Site) -> None:
    site.brought_up()

    site.deploy(tag="v2")

    assert site.steps() == [
        "docker login",
        "docker build",
        "docker push",
        "pulumi config set imageTag v2",
        "pulumi up",
    ]


def test_an_image_that_is_there_is_not_built_again(site: Site) -> None:
    site.brought_up()
    site.deploy(tag="v3")
    before = site.steps()

    site.deploy(tag="v3")

    assert site.steps()[len(before) :] == ["pulumi config set imageTag v3", "pulumi up"]


def test_an_image_tag_before_there_is_a_registry_is_refused(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONFIG", '{"workflow:imageTag": {"value": "v9"}}')

    with pytest.raises(RefusedError, match=r"imageTag of stack dev is 'v9', and there is no registry yet"):
        site.deploy()

    assert site.steps() == []


def test_without_a_program_that_builds_images_nothing_is_made(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_tool, "PROGRAMS", ("no-such-builder",))

    with pytest.raises(RefusedError, match="Nothing here builds images"):
        site.deploy()

    assert site.steps() == []


@pytest.mark.parametrize(
    ("tag", "dirty", "words"),
    [("feature/x", False, "'feature/x' is no image tag"), ("v1", True, "changes that no commit holds")],
)
def test_an_image_that_could_not_be_built_is_refused_before_anything_is_made(
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    tag: str,
    dirty: bool,
    words: str,
) -> None:
    def read(_root: Path, **_options: object) -> Source:
        if dirty:
            raise RefusedError("The working tree has changes that no commit holds (file).")
        return VERSION

    monkeypatch.setattr(source, "read", read)

    with pytest.raises(RefusedError, match=words):
        site.deploy(tag)

    assert site.steps() == []


def test_it_is_a_command(site: Site, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(cli, "ROOT", site.root)

    assert cli.main(["deploy", "--stack", "dev", "--tag", "v4", "--yes", "--json"]) == 0

    assert json.loads(capfd.readouterr().out)["tag"] == "v4"
