"""The events that tell of a task, by the kind of its resource (AWS: "HistoryEvent")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.language.commands import RunTask
from engine.language.definition import Family, Resource
from engine.language.events import FailureKind
from engine.language.history import present

_FAMILIES: Final[tuple[Family, ...]] = ("Task", "LambdaFunction", "Activity")

SCHEDULED: Final[Mapping[Family, str]] = {family: f"{family}Scheduled" for family in _FAMILIES}
STARTED: Final[Mapping[Family, str]] = {family: f"{family}Started" for family in _FAMILIES}
SUCCEEDED: Final[Mapping[Family, str]] = {family: f"{family}Succeeded" for family in _FAMILIES}

_FAILURES: Final[Mapping[Family, Mapping[FailureKind, str]]] = {
    "Task": {"failed": "Failed", "start-failed": "StartFailed", "submit-failed": "SubmitFailed"},
    "LambdaFunction": {"failed": "Failed", "start-failed": "StartFailed", "submit-failed": "ScheduleFailed"},
    "Activity": {"failed": "Failed", "start-failed": "ScheduleFailed", "submit-failed": "ScheduleFailed"},
}


def event_type(resource: Resource, ending: str) -> str:
    """Name an event of a task, such as ``LambdaFunctionScheduled``."""
    return f"{resource.family}{ending}"


def failure_type(resource: Resource, kind: FailureKind) -> str:
    """Name the event of a task's failure."""
    return event_type(resource, _FAILURES[resource.family][kind])


def scheduled(resource: Resource, task: RunTask, text: str, region: str) -> dict[str, object]:
    """Give the details of a task's schedule; ``text`` is its input as JSON, ``region`` where the execution is."""
    shown: dict[str, object] = {"resource": resource.name}
    if task.timeout_seconds is not None:
        shown["timeoutInSeconds"] = int(task.timeout_seconds)
    if resource.family == "Task":
        shown["resourceType"] = resource.type
        shown["region"] = region
        shown["parameters"] = text
    else:
        shown["input"] = text
    if task.heartbeat_seconds is not None and resource.family != "LambdaFunction":
        shown["heartbeatInSeconds"] = int(task.heartbeat_seconds)
    if task.credentials is not None and resource.family != "Activity":
        role = task.credentials.get("RoleArn")
        if isinstance(role, str):
            shown["taskCredentials"] = {"roleArn": role}
    return shown


def started(resource: Resource, worker: str | None = None) -> dict[str, object]:
    """Give the details of a task's start; ``worker`` took it."""
    return present(workerName=worker) if resource.family == "Activity" else {**resource.named}
