"""A deployment is one value: the image tag in the stack's config, and `pulumi up`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from operations import deployment, outputs
from operations.clients import Clients
from operations.errors import BusyError, OperationError, RefusedError
from operations.image_tag import current_tag
from operations.outputs import Outputs
from operations.plan import beyond_a_deployment
from operations.pulumi import GoAhead, PulumiStack
from operations.results import Result
from operations.rollout import Rollout
from operations.stacks import open_stack
from operations.up import wait_for_service
from tools.progress import say

DEPLOYED_PREFIX = "deployed-"


@dataclass(frozen=True)
class ReleaseOptions:
    """How a release goes about it.

    Attributes:
        go_ahead: what the update waits for.
        allow_changes: whether the update may change more than the task definition and the service.
        rollback_on_failure: whether a deployment that fails is followed by an update to the tag before.
        supersede: whether it may begin while ECS is still at another deployment, which it then ends.
    """

    go_ahead: GoAhead
    allow_changes: bool = False
    rollback_on_failure: bool = False
    supersede: bool = False


def release(root: Path, name: str, tag: str, options: ReleaseOptions) -> Result:
    """Deploy `tag` to the stack `name` and wait until it serves.

    Raises:
        RefusedError: the tag isn't in the registry, or the update would change more than a deployment does; nothing
            was changed then.
        BusyError: another deployment is under way; nothing was changed.
        RolledBackError: ECS rolled the deployment back; the config then names the tag before.
        OperationError: the update failed; the config then names the tag before.
    """
    stack, clients = open_stack(root, name)
    found = outputs.read(stack)
    clients = replace(clients, region=found.region)
    digest = find_digest(clients, found, tag)
    if not options.supersede:
        _require_rest(clients, found)
    before = current_tag(stack)
    say(f"deploying {tag} ({digest}) to {name}" + (f", which runs {before}" if before else ""))
    stack.set_config("imageTag", tag)
    try:
        if not options.allow_changes:
            _require_deployment_only(stack, first=not found.service_name)
        with _followed(clients, found) as failed:
            stack.up(options.go_ahead, stop=failed)
        wait_for_service(outputs.read(stack), clients)
    except OperationError:
        if before is not None:
            _return_to(stack, before, update=options.rollback_on_failure)
        raise
    _protect(clients, found, tag)
    say(f"stack {name} runs {tag}")
    return Result({"stack": name, "tag": tag, "digest": digest, "before": before})


def rollback(root: Path, name: str, tag: str | None, options: ReleaseOptions) -> Result:
    """Deploy the tag that the stack `name` ran before the present one, or `tag`.

    Raises:
        OperationError: as `release`, or no update of the stack had another tag.
    """
    stack, _ = open_stack(root, name)
    present = current_tag(stack)
    earlier = tag or next((other for other in stack.deployed("imageTag") if other != present), None)
    if earlier is None:
        raise RefusedError(f"Stack {name} never ran another image than {present}: name one with --tag.")
    return release(root, name, earlier, options)


def find_digest(clients: Clients, found: Outputs, tag: str) -> str:
    """The digest of the image `tag` in a stack's registry; raises RefusedError where it isn't there."""
    ecr = clients.ecr
    repository = found.registry_url.split("/", 1)[-1]
    try:
        images = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]
    except ecr.exceptions.ImageNotFoundException as error:
        raise RefusedError(f"There is no image {tag} in {found.registry_url}: push it first.") from error
    return images[0]["imageDigest"]


def _require_rest(clients: Clients, found: Outputs) -> None:
    if not found.service_name:
        return
    service = deployment.find_service(clients.ecs, found.cluster_name, found.service_name)
    if revision := deployment.under_way(service):
        advice = "wait for it, or end it with --supersede"
        raise BusyError(f"ECS is still deploying {revision} to service {found.service_name}: {advice}.")


def _protect(clients: Clients, found: Outputs, tag: str) -> None:
    """Give the image a second tag, by which the registry's lifecycle policy keeps it (registryProtectedTags)."""
    ecr = clients.ecr
    repository = found.registry_url.split("/", 1)[-1]
    image = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageTag": tag}])["images"][0]
    # Deployed before: the tag is there.
    with contextlib.suppress(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(
            repositoryName=repository, imageManifest=image["imageManifest"], imageTag=f"{DEPLOYED_PREFIX}{tag}"
        )


def _require_deployment_only(stack: PulumiStack, *, first: bool) -> None:
    say("previewing: a release changes the task definition and the service alone")
    if others := beyond_a_deployment(stack.planned(), first=first):
        listed = "; ".join(map(str, others))
        advice = f"`make preview STACK={stack.name}` shows them, and --allow-changes makes them"
        raise RefusedError(f"The update would make {len(others)} other changes: {listed}. {advice}.")


@contextlib.contextmanager
def _followed(clients: Clients, found: Outputs) -> Iterator[threading.Event]:
    """Say what ECS does meanwhile; the event is set when it rolls back. Before the first image there is no service.

    Raises:
        RolledBackError: in place of the update's own failure, where ECS rolled back.
    """
    failed = threading.Event()
    if not found.service_name:
        yield failed
        return
    with Rollout(clients.ecs, found.cluster_name, found.service_name, on_failure=failed.set) as rollout:
        try:
            yield failed
        except OperationError as error:
            if rollout.failed is None:
                raise
            raise deployment.rolled_back(clients.ecs, clients.logs, found, rollout.failed) from error


def _return_to(stack: PulumiStack, tag: str, *, update: bool) -> None:
    stack.set_config("imageTag", tag)
    if update:
        say(f"the deployment failed: back to {tag}")
        stack.up(GoAhead.AT_ONCE)
