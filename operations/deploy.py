"""A deployment in one command, the first one too: the registry, the image in it, then what runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from operations import image, outputs, source
from operations.clients import Clients
from operations.errors import RefusedError
from operations.image import ImageOptions
from operations.image_tag import KEY
from operations.outputs import Outputs
from operations.pulumi import GoAhead, PulumiStack
from operations.release import ReleaseOptions, find_digest, release
from operations.results import Result
from operations.stacks import open_stack
from tools.progress import say


def deploy(root: Path, name: str, build: ImageOptions, options: ReleaseOptions) -> Result:
    """Bring the stack `name` up where it isn't, push the image where it isn't in the registry, and release it.

    Each of the three is left out where it is done already, so that a deployment that was broken off is gone on with by
    the same command.

    Args:
        root: the checkout that the image is built from.
        name: the stack, in an account.
        build: how the image is built; without a tag it has the name of the commit.
        options: how the release goes about it.

    Raises:
        RefusedError: the image can't be built (`image.prepare`), or the stack's file names one although there is no
            registry yet; before the first update nothing was changed then. Or what `release` refuses.
        OperationError: as `image.push` and `release`.
    """
    stack, clients = open_stack(root, name)
    tag = build.tag or source.read(root, allow_dirty=build.allow_dirty).name
    if not stack.outputs().get("registryUrl"):
        _require_beginning(stack)
        image.prepare(root, build)  # what would be refused only after the minutes that a database takes
        _make_all_but_tasks(stack, options.go_ahead)
    found = outputs.read(stack)
    if _is_pushed(replace(clients, region=found.region), found, tag):
        say(f"image {tag} is in the registry already")
    else:
        image.push(root, name, replace(build, tag=tag))
    return release(root, name, tag, options)


def _require_beginning(stack: PulumiStack) -> None:
    """Raise RefusedError where the stack's file names an image that can't be anywhere."""
    if named := stack.get_config(KEY):
        raise RefusedError(
            f"{KEY} of stack {stack.name} is {named!r}, and there is no registry yet that could hold it: "
            f"remove it with `pulumi config rm {KEY} --stack {stack.name}`."
        )


def _make_all_but_tasks(stack: PulumiStack, go_ahead: GoAhead) -> None:
    say("first deployment: everything but tasks, for no image tag is set yet")
    stack.up(go_ahead)
    made = stack.outputs()
    say(f"clients reach {made.get('apiUrl')} once its name leads to {made.get('loadBalancerDnsName')}")


def _is_pushed(clients: Clients, found: Outputs, tag: str) -> bool:
    try:
        find_digest(clients, found, tag)
    except RefusedError:
        return False
    return True
