"""What runs in one stack, deployed to the next: the same image, by its digest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from operations import deployment, outputs
from operations.clients import Clients
from operations.errors import RefusedError
from operations.outputs import Outputs
from operations.registry_copy import Repository, copy
from operations.release import ReleaseOptions, release
from operations.results import Result
from operations.stacks import open_stack
from tools.progress import say


@dataclass(frozen=True)
class Origin:
    """The stack that an image comes from.

    Attributes:
        name: the stack's name.
        profile: an AWS profile that may read its registry, where its account is another one and its file names none.
        backend: the URL of its state, where that is in another bucket than the target's.
    """

    name: str
    profile: str | None = None
    backend: str | None = None


def promote(root: Path, origin: Origin, name: str, options: ReleaseOptions) -> Result:
    """Deploy to the stack `name` the image that the stack `origin` runs, and wait until it serves.

    Raises:
        RefusedError: the origin runs nothing, something else than its config says, or a deployment of it is under way;
            or the tag is another image's in the target. Nothing was changed then.
        OperationError: as `release`.
    """
    if origin.name == name:
        raise RefusedError(f"Stack {name} can't be promoted to itself: name two stacks with --from and --to.")
    source, clients = _source(root, origin)
    tag, digest = source.image_tag, source.image_digest
    say(f"{origin.name} runs {tag} ({digest})")
    target_stack, target_clients = open_stack(root, name)
    target = outputs.read(target_stack)
    target_clients = replace(target_clients, region=target.region)
    copy(_repository(clients, source), _repository(target_clients, target), digest, tag)
    result = release(root, name, tag, options)
    return replace(result, data={**result.data, "from": origin.name})


def _source(root: Path, origin: Origin) -> tuple[Outputs, Clients]:
    """What the origin runs, once that is sure."""
    stack, clients = open_stack(root, origin.name, backend=origin.backend)
    found = outputs.read(stack)
    clients = replace(clients, region=found.region, profile=origin.profile or clients.profile)
    if not found.service_name or not found.image_digest:
        raise RefusedError(f"Stack {origin.name} runs no image that could be promoted.")
    service = deployment.find_service(clients.ecs, found.cluster_name, found.service_name)
    if service["taskDefinition"] != found.task_definition_arn or deployment.under_way(service):
        raise RefusedError(
            f"Stack {origin.name} does not run {found.image_tag} as its last update left it, or not yet: "
            f"look at `make status STACK={origin.name}`."
        )
    return found, clients


def _repository(clients: Clients, found: Outputs) -> Repository:
    return Repository(clients.ecr, found.registry_url.split("/", 1)[-1])
