"""The image tag that a stack has: in its file or, as a pipeline's checkout names none, in its last update."""

from __future__ import annotations

from operations.pulumi import PulumiStack

KEY = "imageTag"


def current_tag(stack: PulumiStack) -> str | None:
    """The stack's image tag; None where it never had one."""
    return stack.get_config(KEY) or next(iter(stack.deployed(KEY)), None)


def use_deployed_image(stack: PulumiStack) -> None:
    """Name the image of the last update in the stack's file, where it names none."""
    tag = current_tag(stack)
    if tag and not stack.get_config(KEY):
        stack.set_config(KEY, tag)
