"""Waits until an ECS service's deployment is complete (Amazon ECS API Reference, Deployment)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sandbox.aws.errors import NotReadyError

if TYPE_CHECKING:
    from sandbox.aws.api import Api
    from sandbox.aws.values import Properties

POLL_SECONDS = 0.2
TASKS_NAMED = 3
"""Stopped tasks that a message gives the reasons of."""


def wait_for_steady_state(api: Api, identity: str, state: Properties, seconds: float) -> None:
    """Return when the primary deployment is complete; NotReadyError if it failed, was rolled back or takes too long."""
    if not state.get("waitForSteadyState"):
        return
    cluster, wanted = str(state.get("cluster") or "default"), str(state.get("taskDefinition") or "")
    deadline = time.monotonic() + seconds
    while True:
        service = _service(api, cluster, identity)
        deployments = _maps(service.get("deployments"))
        primary = next((item for item in deployments if item.get("status") == "PRIMARY"), {})
        if failure := _failure(deployments, primary, wanted):
            raise NotReadyError(f"{identity}: {failure}{_stop_reasons(api, cluster, service)}")
        if _steady(service, primary):
            return
        if time.monotonic() > deadline:
            progress = f"{primary.get('runningCount')} of {primary.get('desiredCount')} tasks run"
            why = _stop_reasons(api, cluster, service)
            raise NotReadyError(
                f"{identity}: the deployment isn't complete after {seconds:.0f} seconds, {progress}{why}"
            )
        time.sleep(POLL_SECONDS)


def wait_until_inactive(api: Api, identity: str, state: Properties, seconds: float) -> None:
    """Return when a deleted service has stopped its last task; NotReadyError if that takes too long."""
    cluster, deadline = str(state.get("cluster") or "default"), time.monotonic() + seconds
    while _described(api, cluster, identity).get("status", "INACTIVE") != "INACTIVE":
        if time.monotonic() > deadline:
            raise NotReadyError(f"{identity}: the service still has tasks {seconds:.0f} seconds after it was deleted")
        time.sleep(POLL_SECONDS)


def _described(api: Api, cluster: str, identity: str) -> Mapping[str, object]:
    found = _maps(api.call("DescribeServices", {"cluster": cluster, "services": [identity]})["services"])
    return found[0] if found else {}


def _service(api: Api, cluster: str, identity: str) -> Mapping[str, object]:
    service = _described(api, cluster, identity)
    if not service:
        raise NotReadyError(f"{identity}: the service is gone")
    return service


def _steady(service: Mapping[str, object], primary: Mapping[str, object]) -> bool:
    complete = primary.get("rolloutState", "COMPLETED") == "COMPLETED"
    return complete and primary.get("runningCount") == primary.get("desiredCount") == service.get("desiredCount")


def _failure(deployments: list[Mapping[str, object]], primary: Mapping[str, object], wanted: str) -> str | None:
    """Say why a deployment won't complete: it failed, or another task definition took its place."""
    failed = next((item for item in deployments if item.get("rolloutState") == "FAILED"), None)
    if failed is not None:
        return f"the deployment failed: {failed.get('rolloutStateReason') or 'ECS gives no reason'}"
    current = str(primary.get("taskDefinition") or "")
    if wanted and current and not current.endswith(wanted.rsplit("/", 1)[-1]):
        return f"the deployment of {_short(wanted)} was rolled back to {_short(current)}"
    return None


def _stop_reasons(api: Api, cluster: str, service: Mapping[str, object]) -> str:
    listed = api.call(
        "ListTasks", {"cluster": cluster, "serviceName": service["serviceName"], "desiredStatus": "STOPPED"}
    )
    arns = listed["taskArns"]
    if not isinstance(arns, list) or not arns:
        return ""
    tasks = _maps(api.call("DescribeTasks", {"cluster": cluster, "tasks": arns[:100]})["tasks"])
    latest = sorted(tasks, key=lambda task: str(task.get("stoppedAt") or ""), reverse=True)[:TASKS_NAMED]
    return "; the last tasks stopped: " + "; ".join(_task_reason(task) for task in latest)


def _task_reason(task: Mapping[str, object]) -> str:
    failed = [
        item for item in _maps(task.get("containers")) if item.get("exitCode") not in (None, 0) or item.get("reason")
    ]
    parts = [str(task.get("stoppedReason") or "no reason given"), *map(_container_reason, failed)]
    return f"{_short(str(task.get('taskArn')))} ({', '.join(parts)})"


def _container_reason(container: Mapping[str, object]) -> str:
    known = [f"exit code {container['exitCode']}"] if container.get("exitCode") is not None else []
    known += [str(container["reason"])] if container.get("reason") else []
    return f"container {container.get('name')}: {' '.join(known)}"


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _maps(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
