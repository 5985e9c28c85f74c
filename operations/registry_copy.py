"""An image copied from one ECR repository to another, between accounts and regions, byte for byte and so by digest.

Nothing is rebuilt and no container tool is needed: layers and manifests go through this machine by ECR's own API
(Amazon ECR API Reference, GetDownloadUrlForLayer, UploadLayerPart, PutImage). What the target has isn't sent again.
"""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from operations.errors import OperationError, RefusedError
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_ecr.client import ECRClient
    from mypy_boto3_ecr.type_defs import ImageTypeDef

MANIFESTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
PART_BYTES = 10 * 1024 * 1024
"""Size of the parts that a layer is sent in: what InitiateLayerUpload asks for, and the most that it takes."""

DOWNLOAD_SECONDS = 60.0


@dataclass(frozen=True)
class Repository:
    """A repository and a client of its registry."""

    ecr: ECRClient
    name: str


class _Part(msgspec.Struct):
    digest: str


class _Manifest(msgspec.Struct):
    """An image (config and layers), or an index of several by processor (OCI image specification)."""

    config: _Part | None = None
    layers: Sequence[_Part] = ()
    manifests: Sequence[_Part] = ()


def copy(source: Repository, target: Repository, digest: str, tag: str) -> None:
    """Bring the image `digest` into the target, as `tag`; does nothing where it is there.

    Raises:
        RefusedError: the tag is another image's in the target, or the image isn't in the source.
    """
    present = _digest(target, tag)
    if present == digest:
        say(f"{target.name} has {tag} ({digest}) already")
        return
    if present is not None:
        raise RefusedError(f"{tag} is another image in {target.name} ({present}) than in {source.name} ({digest}).")
    _copy_manifest(source, target, digest, tag)


def _copy_manifest(source: Repository, target: Repository, digest: str, tag: str | None) -> None:
    image = _image(source, digest)
    manifest = msgspec.json.decode(image["imageManifest"], type=_Manifest)
    for child in manifest.manifests:
        _copy_manifest(source, target, child.digest, None)
    parts = [*([manifest.config] if manifest.config else []), *manifest.layers]
    for layer in _missing(target, [part.digest for part in parts]):
        say(f"copying layer {layer[:19]} to {target.name}")
        _copy_layer(source, target, layer)
    named: Mapping[str, str] = {"imageTag": tag} if tag else {}
    target.ecr.put_image(
        repositoryName=target.name,
        imageManifest=image["imageManifest"],
        imageManifestMediaType=image.get("imageManifestMediaType", MANIFESTS[1]),
        imageDigest=digest,
        **named,
    )


def _image(source: Repository, digest: str) -> ImageTypeDef:
    found = source.ecr.batch_get_image(
        repositoryName=source.name, imageIds=[{"imageDigest": digest}], acceptedMediaTypes=list(MANIFESTS)
    )
    if not found["images"]:
        raise RefusedError(f"There is no image {digest} in {source.name}.")
    return found["images"][0]


def _missing(target: Repository, digests: Sequence[str]) -> list[str]:
    if not digests:
        return []
    checked = target.ecr.batch_check_layer_availability(
        repositoryName=target.name, layerDigests=list(dict.fromkeys(digests))
    )
    available = {layer["layerDigest"] for layer in checked["layers"] if layer.get("layerAvailability") == "AVAILABLE"}
    return [digest for digest in dict.fromkeys(digests) if digest not in available]


def _copy_layer(source: Repository, target: Repository, digest: str) -> None:
    url = source.ecr.get_download_url_for_layer(repositoryName=source.name, layerDigest=digest)["downloadUrl"]
    upload = target.ecr.initiate_layer_upload(repositoryName=target.name)["uploadId"]
    first = 0
    for part in _parts(url):
        target.ecr.upload_layer_part(
            repositoryName=target.name,
            uploadId=upload,
            partFirstByte=first,
            partLastByte=first + len(part) - 1,
            layerPartBlob=part,
        )
        first += len(part)
    # ECR computes the digest of what has arrived and refuses it where it is another.
    target.ecr.complete_layer_upload(repositoryName=target.name, uploadId=upload, layerDigests=[digest])


def _parts(url: str) -> Iterator[bytes]:
    try:
        with urllib.request.urlopen(url, timeout=DOWNLOAD_SECONDS) as answer:  # noqa: S310 - from ECR itself
            while part := answer.read(PART_BYTES):
                yield part
    except OSError as error:
        raise OperationError(f"A layer could not be downloaded from the registry: {error}") from error


def _digest(repository: Repository, tag: str) -> str | None:
    """The digest of a tag, None where there is none."""
    ecr = repository.ecr
    try:
        found = ecr.describe_images(repositoryName=repository.name, imageIds=[{"imageTag": tag}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException:
        return None
    return found[0]["imageDigest"]
