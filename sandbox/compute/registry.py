"""Pulling an image: from a container's `image` to the local program that it stands for."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from moto.backends import get_backend

from sandbox.images import ANNOTATION_PREFIX, ImageError, LocalImage

_REFERENCE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/"
    r"(?P<repository>[a-z0-9._/-]+)(?::(?P<tag>[\w.-]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)


class ImageReference(NamedTuple):
    """A container's `image`, taken apart."""

    account: str
    region: str
    repository: str
    tag: str | None
    digest: str | None


def resolve(image: str) -> LocalImage:
    """What a container's image stands for; raises ImageError with ECS's reason."""
    reference = _parse(image)
    repositories = get_backend("ecr")[reference.account][reference.region].repositories
    repository = repositories.get(reference.repository)
    if repository is None:
        raise ImageError(f"CannotPullContainerError: {image}: repository {reference.repository} does not exist.")
    for stored in repository.images:
        if stored.image_digest == reference.digest or (not reference.digest and reference.tag in stored.image_tags):
            return _read(image, stored.image_manifest, stored.image_digest)
    raise ImageError(f"CannotPullContainerError: failed to resolve ref {image}: not found.")


def _parse(image: str) -> ImageReference:
    match = _REFERENCE.match(image)
    if match is None:
        raise ImageError(
            f"CannotPullContainerError: {image} isn't in ECR, and the sandbox runs images of its own registry only."
        )
    tag = match["tag"] or (None if match["digest"] else "latest")
    return ImageReference(match["account"], match["region"], match["repository"], tag, match["digest"])


def _read(image: str, text: str, digest: str) -> LocalImage:
    annotations = msgspec.json.decode(text).get("annotations", {})
    try:
        entrypoint: Sequence[str] = msgspec.json.decode(annotations[f"{ANNOTATION_PREFIX}/entrypoint"], type=list[str])
        environment = msgspec.json.decode(
            annotations.get(f"{ANNOTATION_PREFIX}/environment", "{}"), type=dict[str, str]
        )
        return LocalImage(tuple(entrypoint), annotations[f"{ANNOTATION_PREFIX}/working-directory"], environment, digest)
    except (KeyError, msgspec.DecodeError):
        raise ImageError(
            f"CannotPullContainerError: {image} names no local program; push it with `python -m sandbox push`."
        ) from None
