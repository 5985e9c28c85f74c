"""What ECS made of a deployment: whether it stands, how its tasks are, why some stopped."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.errors import OperationError

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef

HEALTH_TIMEOUT_SECONDS = 180.0


@dataclass(frozen=True)
class TaskStatus:
    """One task of the service (ECS DescribeTasks)."""

    task: str
    revision: str
    status: str
    health: str
    address: str
    reason: str


def verify(client: ECSClient, cluster: str, service: str, task_definition: str) -> None:
    """Raise OperationError where the service does not run `task_definition`: the deployment failed or was rolled back.

    A circuit breaker that rolls back leaves the service stable, so `pulumi up` alone calls such a deployment a success
    (Amazon ECS developer guide, "How the Amazon ECS deployment circuit breaker detects failures").
    """
    found = _describe(client, cluster, service)
    if found["taskDefinition"] == task_definition:
        return
    reasons = [f"{task.task}: {task.reason}" for task in tasks(client, cluster, service, stopped=True) if task.reason]
    said = "; ".join(dict.fromkeys(reasons)) or "no task says why it stopped"
    raise OperationError(
        f"The deployment of {_revision(task_definition)} was rolled back: service {service} runs "
        f"{_revision(found['taskDefinition'])}. Stopped tasks: {said}."
    )


def tasks(client: ECSClient, cluster: str, service: str, *, stopped: bool = False) -> list[TaskStatus]:
    """The service's tasks, newest first: those running, or with `stopped` those that ended within the last hour."""
    arns = client.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED" if stopped else "RUNNING")[
        "taskArns"
    ]
    if not arns:
        return []
    found = client.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return [_task_status(task) for task in sorted(found, key=lambda task: task["createdAt"], reverse=True)]


def summary(client: ECSClient, cluster: str, service: str) -> dict[str, object]:
    """The service's desired, running and pending counts and the state of its latest deployment."""
    found = _describe(client, cluster, service)
    latest = found["deployments"][0] if found.get("deployments") else None
    return {
        "service": service,
        "taskDefinition": _revision(found["taskDefinition"]) if found.get("taskDefinition") else "",
        "desired": found["desiredCount"],
        "running": found["runningCount"],
        "pending": found["pendingCount"],
        "deployment": latest.get("rolloutState", "") if latest else "",
    }


def wait_until_healthy(url: str, timeout: float = HEALTH_TIMEOUT_SECONDS) -> None:
    """Return when `url` answers 200; `timeout` in seconds.

    Raises:
        OperationError: it did not within the time; says what it answered last.
    """
    deadline = time.monotonic() + timeout
    last = "nothing answered"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the stack's own address
                if answer.status == 200:  # noqa: PLR2004 - HTTP OK
                    return
                last = f"HTTP {answer.status}"
        except urllib.error.HTTPError as error:
            last = f"HTTP {error.code}"
        except OSError as error:
            last = str(error)
        time.sleep(0.25)
    raise OperationError(f"{url} was not healthy within {timeout:.0f} s; it last said: {last}.")


def _describe(client: ECSClient, cluster: str, service: str) -> ServiceTypeDef:
    found = client.describe_services(cluster=cluster, services=[service])["services"]
    if not found:
        raise OperationError(f"There is no service {service} in cluster {cluster}.")
    return found[0]


def _task_status(task: TaskTypeDef) -> TaskStatus:
    addresses = [
        detail.get("value", "")
        for attachment in task.get("attachments", [])
        for detail in attachment.get("details", [])
        if detail.get("name") == "privateIPv4Address"
    ]
    containers = [container for container in task.get("containers", []) if container.get("reason")]
    reasons = [task.get("stoppedReason", ""), *(f"{c.get('name')}: {c.get('reason')}" for c in containers)]
    return TaskStatus(
        task=task["taskArn"].rsplit("/", 1)[-1],
        revision=_revision(task["taskDefinitionArn"]),
        status=task.get("lastStatus", ""),
        health=task.get("healthStatus", ""),
        address=addresses[0] if addresses else "",
        reason=", ".join(filter(None, reasons)),
    )


def _revision(task_definition: str) -> str:
    return task_definition.rsplit("/", 1)[-1]
