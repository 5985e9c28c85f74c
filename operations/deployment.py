"""What ECS made of a deployment: whether it stands, how its tasks are, why some stopped."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from operations.errors import OperationError, RolledBackError
from operations.outputs import Outputs
from operations.task_logs import last_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import ServiceTypeDef, TaskTypeDef
    from mypy_boto3_logs.client import CloudWatchLogsClient

HEALTH_TIMEOUT_SECONDS = 180.0
LAST_LINES = 10
CONTAINERS = ("migrate", "topics", "engine")


@dataclass(frozen=True)
class TaskStatus:
    """One task of the service (ECS DescribeTasks)."""

    task: str
    revision: str
    status: str
    health: str
    address: str
    reason: str


def verify(client: ECSClient, logs: CloudWatchLogsClient, wanted: Outputs) -> None:
    """Raise RolledBackError where the service does not run what the stack says.

    The error has the reasons why tasks stopped and the last lines of the latest one. A circuit breaker that rolls back
    leaves the service stable, so `pulumi up` alone calls such a deployment a success (Amazon ECS developer guide, "How
    the Amazon ECS deployment circuit breaker detects failures").
    """
    found = find_service(client, wanted.cluster_name, wanted.service_name)
    if found["taskDefinition"] != wanted.task_definition_arn:
        raise _rolled_back(client, logs, wanted, wanted.task_definition_arn, found["taskDefinition"])


def rolled_back(client: ECSClient, logs: CloudWatchLogsClient, stack: Outputs, task_definition: str) -> RolledBackError:
    """What is to be said of a deployment of `task_definition` that ECS gave up."""
    found = find_service(client, stack.cluster_name, stack.service_name)
    return _rolled_back(client, logs, stack, task_definition, found["taskDefinition"])


def _rolled_back(
    client: ECSClient, logs: CloudWatchLogsClient, stack: Outputs, given_up: str, running: str
) -> RolledBackError:
    cluster, service, revision = stack.cluster_name, stack.service_name, _revision(given_up)
    stopped = [task for task in tasks(client, cluster, service, stopped=True) if task.revision == revision]
    reasons = [f"{task.task}: {task.reason}" for task in stopped if task.reason]
    said = "; ".join(dict.fromkeys(reasons)) or "no task says why it stopped"
    now = "is still going back" if _revision(running) == revision else f"runs {_revision(running)}"
    return RolledBackError(
        f"The deployment of {revision} was rolled back: service {service} {now}. "
        f"Stopped tasks: {said}.{_last_words(logs, stack, stopped)}"
    )


def _last_words(logs: CloudWatchLogsClient, wanted: Outputs, stopped: Sequence[TaskStatus]) -> str:
    """The last lines of the containers of the task that stopped last; empty when they wrote none."""
    for task in stopped[:1]:
        lines = [
            f"  {container}: {line}"
            for container in CONTAINERS
            for line in last_lines(logs, wanted.log_group_name, container, task.task, LAST_LINES)
        ]
        if lines:
            return "\nIts last lines:\n" + "\n".join(lines)
    return ""


def tasks(client: ECSClient, cluster: str, service: str, *, stopped: bool = False) -> list[TaskStatus]:
    """The service's tasks, newest first: those running, or with `stopped` those that ended within the last hour."""
    pages = client.get_paginator("list_tasks").paginate(
        cluster=cluster, serviceName=service, desiredStatus="STOPPED" if stopped else "RUNNING"
    )
    # A page holds a hundred, as many as DescribeTasks takes.
    listed = [page["taskArns"] for page in pages if page["taskArns"]]
    found = [task for arns in listed for task in client.describe_tasks(cluster=cluster, tasks=arns)["tasks"]]
    return [_task_status(task) for task in sorted(found, key=lambda task: task["createdAt"], reverse=True)]


def summary(client: ECSClient, cluster: str, service: str) -> dict[str, object]:
    """The service's desired, running and pending counts and the state of its latest deployment."""
    found = find_service(client, cluster, service)
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


def under_way(service: ServiceTypeDef) -> str:
    """The revision that ECS is bringing up at the moment, or a rollback to it; empty where the service is at rest."""
    moving = [each for each in service.get("deployments", []) if each.get("rolloutState") == "IN_PROGRESS"]
    return _revision(moving[0]["taskDefinition"]) if moving else ""


def find_service(client: ECSClient, cluster: str, service: str) -> ServiceTypeDef:
    """The service as ECS describes it. Raises OperationError where there is none."""
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
