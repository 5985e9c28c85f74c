"""A deployment is one value: the image tag in the stack's config, and `pulumi up`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from operations import outputs
from operations.errors import OperationError
from operations.pulumi import GoAhead
from operations.stacks import open_stack
from operations.up import wait_for_service
from tools.progress import say


def release(root: Path, name: str, tag: str, go_ahead: GoAhead) -> None:
    """Deploy `tag` to the stack `name` and wait until it serves; an older tag is a rollback.

    Raises:
        OperationError: the tag isn't in the registry (nothing was changed), or ECS rolled the deployment back: then the
            config names the tag that was running before.
    """
    stack, clients = open_stack(root, name)
    found = outputs.read(stack)
    clients = replace(clients, region=found.region)
    ecr = clients.ecr
    repository = found.registry_url.split("/", 1)[-1]
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except ecr.exceptions.ImageNotFoundException as error:
        raise OperationError(f"There is no image {tag} in {found.registry_url}: push it first.") from error
    before = stack.get_config("imageTag")
    stack.set_config("imageTag", tag)
    try:
        stack.up(go_ahead)
        wait_for_service(outputs.read(stack), clients)
    except OperationError:
        if before is not None:
            stack.set_config("imageTag", before)
        raise
    say(f"stack {name} runs {tag}" + (f"; before it was {before}" if before else ""))
