"""A stack that may no longer work: its service has no tasks, and nothing starts any."""

from __future__ import annotations

import time
from dataclasses import dataclass

from operations import deployment
from operations.clients import Clients
from operations.errors import OperationError
from operations.outputs import Outputs
from tools.progress import say

LOOK_SECONDS = 5.0
STOP_SECONDS = 600.0
"""Tasks get 120 seconds to stop at most (stopTimeout), after their targets were drained."""


@dataclass(frozen=True)
class Fence:
    """What keeps a service at rest, and what it had before."""

    clients: Clients
    found: Outputs
    desired: int

    def lift(self) -> None:
        """Let the service work again, with as many tasks as it had."""
        if self.found.service_name:
            _set_scaling(self.clients, self.found, suspended=False)
            # None were left where a command before this one stopped them: then as many as the last update wanted.
            count = self.desired or self.found.desired_count
            _set_tasks(self.clients, self.found, count)
            say(f"service {self.found.service_name} works again, with {count} tasks")


def fence(clients: Clients, found: Outputs, limit: float = STOP_SECONDS) -> Fence:
    """Stop every task of a service and return when the last has ended; `limit` in seconds.

    Autoscaling is suspended first: it would bring a service below its minimum back to it. A stack without a service has
    nothing to stop. One that is at rest already stays so.

    Raises:
        OperationError: a task was still there at the end of the time; nothing more starts.
    """
    if not found.service_name:
        return Fence(clients, found, 0)
    desired = deployment.find_service(clients.ecs, found.cluster_name, found.service_name)["desiredCount"]
    say(f"stopping the {desired} tasks of service {found.service_name} in {found.region}")
    _set_scaling(clients, found, suspended=True)
    _set_tasks(clients, found, 0)
    deadline = time.monotonic() + limit
    while left := _left(clients, found):
        if time.monotonic() >= deadline:
            listed = ", ".join(left)
            raise OperationError(
                f"Service {found.service_name} of {found.region} still has tasks after {limit:.0f} s: {listed}. No new "
                "ones start. Look why they don't end, or end them with `aws ecs stop-task --cluster "
                f"{found.cluster_name} --task ID`, then run the same command again."
            )
        time.sleep(LOOK_SECONDS)
    return Fence(clients, found, desired)


def _set_tasks(clients: Clients, found: Outputs, count: int) -> None:
    clients.ecs.update_service(cluster=found.cluster_name, service=found.service_name, desiredCount=count)


def _set_scaling(clients: Clients, found: Outputs, *, suspended: bool) -> None:
    scaling, service = clients.autoscaling, f"service/{found.cluster_name}/{found.service_name}"
    targets = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[service])["ScalableTargets"]
    for target in targets:
        scaling.register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=target["ResourceId"],
            ScalableDimension=target["ScalableDimension"],
            SuspendedState={
                "DynamicScalingInSuspended": suspended,
                "DynamicScalingOutSuspended": suspended,
                "ScheduledScalingSuspended": suspended,
            },
        )


def _left(clients: Clients, found: Outputs) -> list[str]:
    """The tasks that haven't ended: one that is being stopped still commits what it finishes."""
    ecs, cluster, service = clients.ecs, found.cluster_name, found.service_name
    every = [*deployment.tasks(ecs, cluster, service), *deployment.tasks(ecs, cluster, service, stopped=True)]
    return [task.task for task in every if task.status != "STOPPED"]
