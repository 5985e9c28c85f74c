"""Images of the sandbox: OCI manifests in ECR whose annotations say which local program they stand for.

There is no layer to pull. What a container needs is in three annotations, and an image's digest depends on them alone.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

import boto3
import msgspec
from botocore.exceptions import ClientError

MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"
ANNOTATION_PREFIX = "workflow.sandbox"
_EMPTY_CONFIGURATION = b"{}"


class ImageError(Exception):
    """An image can't be pushed, or a container's image can't be found; says why in one sentence."""


class LocalImage(NamedTuple):
    """What stands for an image here: a program, where it runs, and its environment."""

    entrypoint: tuple[str, ...]
    working_directory: str
    environment: Mapping[str, str] = {}
    digest: str = ""


def manifest(image: LocalImage) -> str:
    """The OCI image manifest (OCI Image Format Specification, "Image Manifest"); equal images give equal text."""
    annotations = {
        f"{ANNOTATION_PREFIX}/entrypoint": msgspec.json.encode(image.entrypoint).decode(),
        f"{ANNOTATION_PREFIX}/working-directory": image.working_directory,
        f"{ANNOTATION_PREFIX}/environment": msgspec.json.encode(
            dict(image.environment), order="deterministic"
        ).decode(),
    }
    content = msgspec.json.encode(annotations, order="deterministic")
    document = {
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE,
        "config": _descriptor("application/vnd.oci.empty.v1+json", _EMPTY_CONFIGURATION),
        "layers": [_descriptor("application/vnd.oci.image.layer.v1.tar", content)],
        "annotations": annotations,
    }
    return msgspec.json.encode(document, order="deterministic").decode()


def push(repository: str, tag: str, image: LocalImage, *, endpoint_url: str, region: str) -> str:
    """Put an image into the account's registry; its digest. Raises ImageError."""
    text = manifest(image)
    digest = _digest(text.encode())
    client = boto3.session.Session("test", "test", region_name=region).client("ecr", endpoint_url=endpoint_url)
    try:
        client.put_image(
            repositoryName=repository,
            imageManifest=text,
            imageManifestMediaType=MEDIA_TYPE,
            imageTag=tag,
            imageDigest=digest,
        )
    except client.exceptions.RepositoryNotFoundException as error:
        raise ImageError(
            f"There is no repository {repository} in the registry: create the stack before pushing."
        ) from error
    except (client.exceptions.ImageAlreadyExistsException, client.exceptions.ImageTagAlreadyExistsException) as error:
        found = client.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"]
        if [image["imageId"]["imageDigest"] for image in found] != [digest]:
            raise ImageError(
                f"{repository}:{tag} is another image already and the repository's tags are immutable: use a new tag."
            ) from error
    except ClientError as error:
        raise ImageError(f"{repository}:{tag} can't be pushed: {error.response['Error']['Message']}") from error
    return digest


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": _digest(content), "size": len(content)}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
