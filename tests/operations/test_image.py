"""Build and push against moto's ECR; the program in docker's place puts its manifest there."""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest

from operations import container_tool, image, source
from operations.clients import Clients
from operations.errors import OperationError, RefusedError
from operations.image import ImageOptions
from operations.pulumi import PulumiStack
from operations.source import Source
from tests.operations.programs import Programs
from tests.support.moto_server import running_account

if TYPE_CHECKING:
    from mypy_boto3_ecr.client import ECRClient
    from mypy_boto3_ecr.literals import ImageTagMutabilityType

VERSION = Source("v1.4.0", "2f1c9ab" + "0" * 33, "https://code.example/team/engine.git")
STACK_OUTPUTS = (
    '{"apiUrl": "https://api.example", "region": "us-east-1", "registryUrl": "REGISTRY", "clusterName": "workflow", '
    '"databaseEndpoint": "db.example:5432"}'
)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    with running_account() as url:
        yield url


@pytest.fixture
def ecr(aws: str, monkeypatch: pytest.MonkeyPatch) -> "ECRClient":
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return boto3.client("ecr", region_name="us-east-1", endpoint_url=aws)


@pytest.fixture
def programs(tmp_path: Path, aws: str, monkeypatch: pytest.MonkeyPatch) -> Programs:
    made = Programs(tmp_path)
    made.add("docker", registry=aws)
    monkeypatch.setenv("PATH", os.pathsep.join([str(made.directory), os.environ["PATH"]]))
    return made


@pytest.fixture(autouse=True)
def version(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(_root: Path, *, allow_dirty: bool) -> Source:
        return VERSION if not allow_dirty else Source("v1.4.0-dirty", VERSION.revision, "")

    monkeypatch.setattr(source, "read", read)


def repository(ecr: "ECRClient", name: str, mutability: "ImageTagMutabilityType" = "IMMUTABLE") -> str:
    made = ecr.create_repository(repositoryName=name, imageTagMutability=mutability)
    return made["repository"]["repositoryUri"]


def test_the_image_is_in_the_registry_under_gits_name(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    url = repository(ecr, "workflow/first")

    pushed = image.publish(tmp_path, ecr, url, ImageOptions())

    [found] = ecr.describe_images(repositoryName="workflow/first")["imageDetails"]
    assert pushed.reference == f"{url}:v1.4.0"
    assert pushed.digest == found["imageDigest"]
    assert [call.words[0] for call in programs.calls] == ["login", "build", "push"]


def test_an_image_may_stay_where_it_was_built(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    url = repository(ecr, "workflow/built")

    built = image.publish(tmp_path, ecr, url, ImageOptions(build_only=True))

    assert (built.reference, built.digest) == (f"{url}:v1.4.0", "")
    assert [call.words[0] for call in programs.calls] == ["build"]
    assert ecr.describe_images(repositoryName="workflow/built")["imageDetails"] == []


def test_what_is_about_the_registrys_image_needs_it_there(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    programs.add("syft")
    with pytest.raises(RefusedError, match="leave out --build-only"):
        image.publish(tmp_path, ecr, "r/x", ImageOptions(build_only=True, sbom=tmp_path / "list.json"))

    assert programs.calls == []


def test_the_registrys_password_is_on_no_command_line(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    url = repository(ecr, "workflow/login")

    image.publish(tmp_path, ecr, url, ImageOptions())

    login = programs.calls[0]
    assert login.words == ["login", "--username", "AWS", "--password-stdin", url.split("/")[0]]
    assert login.input.endswith("-auth-token")
    assert not any(login.input in word for call in programs.calls for word in call.words)


def test_labels_say_what_the_image_was_made_from(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    options = ImageOptions(tag="1.4", platform="linux/arm64", base="python@sha256:1")

    image.publish(tmp_path, ecr, repository(ecr, "workflow/labels"), options)

    build = programs.calls[1]
    assert build.values("--platform") == ["linux/arm64"]
    assert build.values("--build-arg") == [
        "PYTHON_IMAGE=python@sha256:1",
        "VERSION=1.4",
        f"REVISION={VERSION.revision}",
        f"SOURCE={VERSION.origin}",
    ]


def test_images_are_built_for_the_processors_of_the_tasks_unless_told_otherwise() -> None:
    assert ImageOptions().for_tasks("ARM64").platform == "linux/arm64"
    assert ImageOptions().for_tasks("X86_64").platform == "linux/amd64"
    assert ImageOptions(platform="linux/amd64").for_tasks("ARM64").platform == "linux/amd64"


def test_a_mirrors_configuration_is_there_while_building_only(
    ecr: "ECRClient", programs: Programs, tmp_path: Path
) -> None:
    options = ImageOptions(pip_configuration=tmp_path / "pip.conf", ca_bundle=tmp_path / "ca.pem")

    image.publish(tmp_path, ecr, repository(ecr, "workflow/mirror"), options)

    secrets = [f"id=pip.conf,src={tmp_path / 'pip.conf'}", f"id=ca-bundle,src={tmp_path / 'ca.pem'}"]
    assert programs.calls[1].values("--secret") == secrets


def test_a_tag_that_is_taken_is_refused_before_anything_is_built(
    ecr: "ECRClient", programs: Programs, tmp_path: Path
) -> None:
    url = repository(ecr, "workflow/taken")
    image.publish(tmp_path, ecr, url, ImageOptions())
    before = programs.calls

    with pytest.raises(OperationError, match=r"workflow/taken has an image v1\.4\.0 already, and its tags are immutab"):
        image.publish(tmp_path, ecr, url, ImageOptions())

    assert programs.calls == before


def test_a_mutable_tag_may_be_pushed_again(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    url = repository(ecr, "workflow/mutable", "MUTABLE")
    image.publish(tmp_path, ecr, url, ImageOptions(allow_dirty=True))

    image.publish(tmp_path, ecr, url, ImageOptions(allow_dirty=True))

    assert [call.words[-1] for call in programs.calls if call.words[0] == "push"] == [f"{url}:v1.4.0-dirty"] * 2


def test_a_malformed_tag_is_refused(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    url = repository(ecr, "workflow/malformed")

    with pytest.raises(OperationError, match=r"^'release/1' is no image tag"):
        image.publish(tmp_path, ecr, url, ImageOptions(tag="release/1"))

    assert programs.calls == []


def test_a_missing_repository_is_named(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    url = f"{repository(ecr, 'workflow/there')}-not"

    with pytest.raises(OperationError, match=r"^Repository .*/workflow/there-not could not be used: .*does not exist"):
        image.publish(tmp_path, ecr, url, ImageOptions())

    assert programs.calls == []


def test_a_command_line_becomes_options() -> None:
    parser = argparse.ArgumentParser()
    ImageOptions.add_arguments(parser)

    given = parser.parse_args(["--tag", "v2", "--allow-dirty", "--pip-conf", "mirror.conf", "--ca-bundle", "ca.pem"])

    assert ImageOptions.parsed(parser.parse_args([])) == ImageOptions()
    assert ImageOptions.parsed(given) == ImageOptions(
        tag="v2", allow_dirty=True, pip_configuration=Path("mirror.conf"), ca_bundle=Path("ca.pem")
    )


def test_push_reads_where_to_from_the_stack(
    ecr: "ECRClient",
    programs: Programs,
    aws: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = repository(ecr, "workflow/stack")
    programs.directory.joinpath("pulumi").write_text(f"#!/bin/sh\necho '{STACK_OUTPUTS.replace('REGISTRY', url)}'\n")
    programs.directory.joinpath("pulumi").chmod(0o755)
    stack = PulumiStack(tmp_path, "dev", {"PATH": str(programs.directory)})
    monkeypatch.setattr(image, "open_stack", lambda _root, _name: (stack, Clients(endpoint_url=aws)))

    image.push(tmp_path, "dev", ImageOptions())

    [found] = ecr.describe_images(repositoryName="workflow/stack")["imageDetails"]
    said = capsys.readouterr().out
    assert f"pushed {url}:v1.4.0\n" in said
    assert f"digest {found['imageDigest']}\n" in said


def test_a_failed_build_pushes_nothing(ecr: "ECRClient", programs: Programs, tmp_path: Path) -> None:
    programs.add("docker", fails={"build": "no space left"})

    with pytest.raises(OperationError, match=r"^`docker build` failed"):
        image.publish(tmp_path, ecr, repository(ecr, "workflow/failed"), ImageOptions())

    assert [call.words[0] for call in programs.calls] == ["login", "build"]
    assert container_tool.find().name == "docker"
