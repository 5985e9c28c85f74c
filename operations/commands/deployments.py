"""Commands that bring an image to a stack."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from operations import image
from operations.commands.command import Command, add_yes, go_ahead
from operations.deploy import deploy
from operations.image import ImageOptions
from operations.promote import Origin, promote
from operations.release import ReleaseOptions, release, rollback
from operations.results import Result


def _image(root: Path, arguments: argparse.Namespace) -> Result:
    return image.push(root, arguments.stack, ImageOptions.parsed(arguments))


def _options(arguments: argparse.Namespace) -> ReleaseOptions:
    return ReleaseOptions(
        go_ahead(arguments), arguments.allow_changes, arguments.rollback_on_failure, arguments.supersede
    )


def _deploy(root: Path, arguments: argparse.Namespace) -> Result:
    return deploy(root, arguments.stack, ImageOptions.parsed(arguments), _options(arguments))


def _release(root: Path, arguments: argparse.Namespace) -> Result:
    return release(root, arguments.stack, arguments.tag, _options(arguments))


def _rollback(root: Path, arguments: argparse.Namespace) -> Result:
    return rollback(root, arguments.stack, arguments.tag, _options(arguments))


def _promote(root: Path, arguments: argparse.Namespace) -> Result:
    origin = Origin(arguments.origin, arguments.from_profile, arguments.from_backend)
    return promote(root, origin, arguments.stack, _options(arguments))


def _of_image(parser: argparse.ArgumentParser) -> None:
    ImageOptions.add_arguments(parser)
    parser.add_argument("--build-only", action="store_true", help="push nothing")


def _of_deployment(parser: argparse.ArgumentParser) -> None:
    add_yes(parser)
    parser.add_argument("--allow-changes", action="store_true", help="also what a new image alone doesn't change")
    parser.add_argument(
        "--rollback-on-failure", action="store_true", help="update to the tag before when the deployment fails"
    )
    parser.add_argument("--supersede", action="store_true", help="end a deployment that ECS is still at")


def _of_release(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tag", "--image-tag", required=True, help="the image tag")
    _of_deployment(parser)


def _of_deploy(parser: argparse.ArgumentParser) -> None:
    ImageOptions.add_arguments(parser)
    _of_deployment(parser)


def _of_rollback(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tag", "--image-tag", help="the image tag, if not the one before")
    _of_deployment(parser)


def _of_promote(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="origin", required=True, metavar="STACK", help="the stack whose image it is")
    parser.add_argument("--to", dest="stack", required=True, metavar="STACK", help="the stack that gets it")
    parser.add_argument("--from-profile", metavar="PROFILE", help="AWS profile that may read the registry of --from")
    parser.add_argument("--from-backend", metavar="URL", help="state of --from, where it isn't that of --to")
    _of_deployment(parser)


COMMANDS: Sequence[Command] = (
    Command(
        "deploy",
        "bring a stack up, push its image, release it: what of that isn't done yet",
        _deploy,
        _of_deploy,
        of_accounts=True,
    ),
    Command(
        "image",
        "build the engine's image and push it to a stack's registry",
        _image,
        _of_image,
        of_accounts=True,
    ),
    Command("release", "deploy an image tag that is in the stack's registry", _release, _of_release, of_accounts=True),
    Command("rollback", "deploy the image tag that ran before", _rollback, _of_rollback, of_accounts=True),
    Command(
        "promote",
        "deploy to one stack, by its digest, the image that another runs",
        _promote,
        _of_promote,
        of_accounts=True,
        picks_stack=True,
    ),
)
