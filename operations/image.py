"""The engine's image: built from the working tree and pushed to the ECR repository of a stack."""

from __future__ import annotations

import argparse
import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from operations import container_tool, outputs, source
from operations.attestation import KEYLESS, Attestation, Login
from operations.aws_errors import explain
from operations.container_tool import Build, ContainerTool
from operations.errors import RefusedError
from operations.results import Result
from operations.stacks import open_stack
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_ecr.client import ECRClient

# OCI distribution specification, "Pulling manifests".
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


PLATFORMS = {"X86_64": "linux/amd64", "ARM64": "linux/arm64"}
"""What images are built for, by the architecture of the tasks."""


@dataclass(frozen=True)
class ImageOptions:
    """How to build and name the image.

    Attributes:
        tag: the image's tag; by default what `git describe --always --dirty` says.
        allow_dirty: build a working tree with changes that no commit holds.
        platform: the processor to build for; by default that of the stack's tasks.
        base: the base image, for instance python@sha256:…; by default the Dockerfile's.
        pip_configuration: a pip.conf that holds while the image is built, for a package mirror.
        ca_bundle: certificates that it may name as /run/secrets/ca-bundle.
        sbom: a file to list the image's content in.
        sign: the key to sign the image with, an empty text for an identity in its place; None for no signature.
        build_only: leave the image where it was built, and ask the registry nothing.
    """

    tag: str | None = None
    allow_dirty: bool = False
    platform: str | None = None
    base: str | None = None
    pip_configuration: Path | None = None
    ca_bundle: Path | None = None
    sbom: Path | None = None
    sign: str | None = None
    build_only: bool = False

    @classmethod
    def add_arguments(cls, parser: argparse.ArgumentParser) -> None:
        """Give a command the options that `parsed` reads."""
        parser.add_argument("--tag", help="the image's tag (default: `git describe --always --dirty`)")
        parser.add_argument("--allow-dirty", action="store_true", help="build changes that no commit holds")
        parser.add_argument("--platform", help="processor to build for (default: that of the stack's tasks)")
        parser.add_argument("--base", help="base image, for instance python@sha256:… (default: the Dockerfile's)")
        parser.add_argument("--pip-conf", type=Path, dest="pip_configuration", help="pip.conf of a package mirror")
        parser.add_argument("--ca-bundle", type=Path, help="certificates for it, its `cert = /run/secrets/ca-bundle`")
        parser.add_argument("--sbom", type=Path, metavar="FILE", help="list what is in the image there (syft, SPDX)")
        parser.add_argument("--sign", metavar="KEY", nargs="?", const=KEYLESS, help="sign it, and the list (cosign)")

    @classmethod
    def parsed(cls, arguments: argparse.Namespace) -> ImageOptions:
        """The options from a command line that `add_arguments` described."""
        given = vars(arguments)
        return cls(**{each.name: given[each.name] for each in fields(cls) if each.name in given})

    def for_tasks(self, architecture: str) -> ImageOptions:
        """These options with the platform of tasks of an architecture (ECS, runtimePlatform), unless they name one."""
        return replace(self, platform=self.platform or PLATFORMS[architecture])


@dataclass(frozen=True)
class Prepared:
    """What an image is built with, once nothing is missing for it."""

    tool: ContainerTool
    attestation: Attestation
    version: source.Source
    tag: str


@dataclass(frozen=True)
class PushedImage:
    """An image by its name with tag, and the digest of its manifest (sha256:…), empty where it is in no registry."""

    reference: str
    digest: str


def push(root: Path, name: str, options: ImageOptions) -> Result:
    """Build the image of `root` and push it to the registry of the stack `name`; says its digest at the end.

    Raises:
        OperationError: as `publish`, or the stack is not up.
    """
    stack, clients = open_stack(root, name)
    found = outputs.read(stack)
    fitting = options.for_tasks(found.task_architecture)
    pushed = publish(root, replace(clients, region=found.region).ecr, found.registry_url, fitting)
    say(f"{'built' if options.build_only else 'pushed'} {pushed.reference}")
    if pushed.digest:
        say(f"digest {pushed.digest}")
    tag = pushed.reference.rpartition(":")[2]
    sbom = str(options.sbom) if options.sbom else None
    return Result(
        {
            "stack": name,
            "reference": pushed.reference,
            "tag": tag,
            "digest": pushed.digest,
            "sbom": sbom,
            "signed": options.sign is not None,
        }
    )


def prepare(root: Path, options: ImageOptions) -> Prepared:
    """Look for all that building and pushing the image of `root` takes on this machine.

    Raises:
        RefusedError: no program builds images, or one for an option is missing; the working tree is dirty; the tag is
            malformed.
    """
    tool, attestation = container_tool.find(), Attestation(options.sbom, options.sign)
    attestation.require_tools()
    if options.build_only and attestation != Attestation():
        raise RefusedError("--sbom and --sign are about the image in the registry: leave out --build-only.")
    version = source.read(root, allow_dirty=options.allow_dirty)
    tag = options.tag or version.name
    if not _TAG.fullmatch(tag):
        raise RefusedError(f"{tag!r} is no image tag: letters, digits, '_', '.', '-', 128 at most; pass --tag.")
    return Prepared(tool, attestation, version, tag)


def publish(root: Path, ecr: ECRClient, repository_url: str, options: ImageOptions) -> PushedImage:
    """Build the image of `root` and push it to `repository_url` (`<registry>/<repository>`).

    Raises:
        RefusedError: as `prepare`, or the tag is taken in a repository of immutable tags. Nothing was built then.
        OperationError: the build, the push or an AWS call failed.
    """
    ready = prepare(root, options)
    tool, tag = ready.tool, ready.tag
    registry, _, repository = repository_url.partition("/")
    reference = f"{repository_url}:{tag}"
    if options.build_only:
        _say_and_build(root, tool, reference, _build(options, ready.version, tag))
        return PushedImage(reference, "")
    with _aws_errors(repository_url):
        _require_free(ecr, repository, tag)
        login = _log_in(ecr, tool, registry)
    _say_and_build(root, tool, reference, _build(options, ready.version, tag))
    tool.push(reference)
    with _aws_errors(repository_url):
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]
    digest = found[0]["imageDigest"]
    ready.attestation.make(f"{repository_url}@{digest}", login)
    return PushedImage(reference, digest)


def _say_and_build(root: Path, tool: ContainerTool, reference: str, build: Build) -> None:
    say(f"building {reference} with {tool.name}")
    tool.build(root, reference, build)


def _build(options: ImageOptions, version: source.Source, tag: str) -> Build:
    arguments = {
        "PYTHON_IMAGE": options.base,
        "VERSION": tag,
        "REVISION": version.revision,
        "SOURCE": version.origin,
    }
    secrets = {"pip.conf": options.pip_configuration, "ca-bundle": options.ca_bundle}
    return Build(
        options.platform or PLATFORMS["X86_64"],
        {name: value for name, value in arguments.items() if value},
        {identifier: file for identifier, file in secrets.items() if file},
    )


def _require_free(ecr: ECRClient, repository: str, tag: str) -> None:
    [found] = ecr.describe_repositories(repositoryNames=[repository])["repositories"]
    if not found["imageTagMutability"].startswith("IMMUTABLE"):
        return
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException:
        return
    raise RefusedError(
        f"{found['repositoryUri']} has an image {tag} already, and its tags are immutable: "
        f"deploy that one, or commit and push a new version."
    )


def _log_in(ecr: ECRClient, tool: ContainerTool, registry: str) -> Login:
    [authorization] = ecr.get_authorization_token()["authorizationData"]
    username, _, password = base64.b64decode(authorization["authorizationToken"]).decode().partition(":")
    tool.log_in(registry, username, password)
    return Login(registry, username, password)


@contextmanager
def _aws_errors(repository_url: str) -> Iterator[None]:
    """Put the repository's name before what AWS refuses."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        failure = explain(error)
        raise type(failure)(f"Repository {repository_url} could not be used: {failure}") from error
