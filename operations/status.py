"""The service of a stack and its tasks, as ECS has them."""

from __future__ import annotations

from dataclasses import asdict, replace

from operations import deployment
from operations.clients import Clients
from operations.errors import RefusedError
from operations.outputs import Outputs
from operations.results import Result, as_json

SHOWN_STOPPED = 10


def look(clients: Clients, found: Outputs, name: str) -> Result:
    """Counts and tasks of the service of the stack `name`.

    Raises:
        RefusedError: there is no service before the first image.
    """
    if not found.service_name:
        raise RefusedError(f"Stack {name} has no service yet: push an image and set imageTag.")
    ecs = replace(clients, region=found.region).ecs
    running = deployment.tasks(ecs, found.cluster_name, found.service_name)
    stopped = deployment.tasks(ecs, found.cluster_name, found.service_name, stopped=True)
    state = {
        **deployment.summary(ecs, found.cluster_name, found.service_name),
        "tasks": [asdict(task) for task in running],
        "stopped": [asdict(task) for task in stopped[:SHOWN_STOPPED]],
    }
    return Result(state, as_json(state))
