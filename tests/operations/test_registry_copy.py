"""Images copied between two registries of moto's; layers come from files, as moto 5.2.5 gives none out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from operations import registry_copy
from operations.errors import OperationError, RefusedError
from operations.registry_copy import MANIFESTS, Repository, copy

if TYPE_CHECKING:
    from mypy_boto3_ecr.client import ECRClient

INDEX, MANIFEST = MANIFESTS[:2]


class Layers:
    """The layers that a registry gives out."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.given: list[str] = []

    def add(self, content: bytes) -> str:
        digest = digest_of(content)
        (self._directory / digest.removeprefix("sha256:")).write_bytes(content)
        return digest

    def get_download_url_for_layer(self, *, repositoryName: str, layerDigest: str) -> dict[str, str]:  # noqa: N803
        self.given.append(f"{repositoryName} {layerDigest}")
        return {"downloadUrl": (self._directory / layerDigest.removeprefix("sha256:")).as_uri()}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@pytest.fixture
def layers(tmp_path: Path) -> Layers:
    return Layers(tmp_path)


@pytest.fixture
def source(layers: Layers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repository]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = boto3.client("ecr", region_name="us-east-1")
        client.create_repository(repositoryName="workflow-staging")
        monkeypatch.setattr(client, "get_download_url_for_layer", layers.get_download_url_for_layer)
        yield Repository(client, "workflow-staging")


@pytest.fixture
def target(source: Repository) -> Repository:
    assert source.name == "workflow-staging"
    client = boto3.client("ecr", region_name="eu-west-1")
    client.create_repository(repositoryName="workflow-production", imageTagMutability="IMMUTABLE")
    return Repository(client, "workflow-production")


def put(repository: Repository, manifest: dict[str, object], tag: str, kind: str = MANIFEST) -> str:
    text = json.dumps(manifest)
    digest = digest_of(text.encode())
    repository.ecr.put_image(
        repositoryName=repository.name,
        imageManifest=text,
        imageManifestMediaType=kind,
        imageTag=tag,
        imageDigest=digest,
    )
    return digest


def put_image(repository: Repository, layers: Layers, tag: str, *contents: bytes) -> str:
    config, *rest = [{"digest": layers.add(content)} for content in (b"config", *contents)]
    return put(repository, {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": rest}, tag)


def manifests(ecr: ECRClient, name: str) -> dict[str, str]:
    ids = ecr.list_images(repositoryName=name)["imageIds"]
    found = ecr.batch_get_image(repositoryName=name, imageIds=ids)["images"]
    return {image["imageId"]["imageDigest"]: image["imageManifest"] for image in found}


def test_the_target_has_the_same_bytes_under_the_same_digest(
    source: Repository, target: Repository, layers: Layers
) -> None:
    digest = put_image(source, layers, "v1", b"base", b"engine")

    copy(source, target, digest, "v1")

    [found] = target.ecr.describe_images(repositoryName=target.name, imageIds=[{"imageTag": "v1"}])["imageDetails"]
    assert found["imageDigest"] == digest
    assert manifests(target.ecr, target.name)[digest] == manifests(source.ecr, source.name)[digest]
    wanted = [digest_of(content) for content in (b"config", b"base", b"engine")]
    checked = target.ecr.batch_check_layer_availability(repositoryName=target.name, layerDigests=wanted)
    assert [layer["layerSize"] for layer in checked["layers"]] == [6, 4, 6]


def test_layers_that_are_there_are_not_sent_again(source: Repository, target: Repository, layers: Layers) -> None:
    copy(source, target, put_image(source, layers, "v1", b"base", b"engine"), "v1")
    layers.given.clear()

    copy(source, target, put_image(source, layers, "v2", b"base", b"changed"), "v2")

    assert layers.given == [f"workflow-staging {digest_of(b'changed')}"]


def test_a_layer_goes_in_parts(
    source: Repository, target: Repository, layers: Layers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_copy, "PART_BYTES", 4)

    copy(source, target, put_image(source, layers, "v1", b"0123456789"), "v1")

    found = target.ecr.batch_check_layer_availability(
        repositoryName=target.name, layerDigests=[digest_of(b"0123456789")]
    )
    assert found["layers"][0]["layerSize"] == 10


def test_an_index_brings_the_images_of_all_processors(source: Repository, target: Repository, layers: Layers) -> None:
    children = [put_image(source, layers, name, name.encode()) for name in ("amd64", "arm64")]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [{"digest": child} for child in children]}
    digest = put(source, index, "v1", INDEX)

    copy(source, target, digest, "v1")

    assert manifests(target.ecr, target.name).keys() == {digest, *children}


def test_an_image_that_is_there_is_left_alone(source: Repository, target: Repository, layers: Layers) -> None:
    digest = put_image(source, layers, "v1", b"engine")
    copy(source, target, digest, "v1")
    layers.given.clear()

    copy(source, target, digest, "v1")

    assert layers.given == []


def test_a_tag_of_another_image_is_refused(source: Repository, target: Repository, layers: Layers) -> None:
    other = put_image(target, layers, "v1", b"other")

    with pytest.raises(
        RefusedError, match=f"v1 is another image in workflow-production .{other}. than in workflow-sta"
    ):
        copy(source, target, put_image(source, layers, "v1", b"engine"), "v1")


def test_a_missing_image_and_a_broken_download_are_said(
    source: Repository, target: Repository, layers: Layers, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match=r"There is no image sha256:0+ in workflow-staging"):
        copy(source, target, f"sha256:{'0' * 64}", "v1")

    digest = put_image(source, layers, "v1", b"engine")
    (tmp_path / digest_of(b"engine").removeprefix("sha256:")).unlink()
    with pytest.raises(OperationError, match="A layer could not be downloaded from the registry"):
        copy(source, target, digest, "v1")
