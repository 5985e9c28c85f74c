"""What an update would do, as its preview says, and whether a deployment may do it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

UNCHANGED = frozenset({"same", "read", "refresh"})

TASK_DEFINITION = "aws:ecs/taskDefinition:TaskDefinition"
SERVICE = "aws:ecs/service:Service"

OF_A_NEW_IMAGE = frozenset(
    {
        (TASK_DEFINITION, "replace"),
        (TASK_DEFINITION, "create-replacement"),
        (TASK_DEFINITION, "delete-replaced"),
        (SERVICE, "update"),
    }
)
"""Types and operations that a new image brings."""

OF_THE_FIRST_IMAGE = frozenset(
    {
        (TASK_DEFINITION, "create"),
        (SERVICE, "create"),
        ("aws:appautoscaling/target:Target", "create"),
        ("aws:appautoscaling/policy:Policy", "create"),
        ("aws:appautoscaling/scheduledAction:ScheduledAction", "create"),
        ("aws:cloudwatch/compositeAlarm:CompositeAlarm", "create"),
        ("aws:cloudwatch/metricAlarm:MetricAlarm", "create"),
        ("aws:cloudwatch/dashboard:Dashboard", "update"),
    }
)
"""Types and operations that the first image brings: the service and what watches and scales it."""

CANARY = "-canary"
"""How the names of all that a canary is made of end; it calls a service, so it comes with the first image too."""


@dataclass(frozen=True)
class Change:
    """One step of an update: the operation (Pulumi's name), the resource's type and name, the inputs that differ."""

    operation: str
    type: str
    name: str
    inputs: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in a few words."""
        inputs = f" ({', '.join(self.inputs)})" if self.inputs else ""
        return f"{self.operation} of {self.type} {self.name}{inputs}"


def read_changes(preview: str) -> list[Change]:
    """The changes in the output of `pulumi preview --json`, or of `pulumi refresh --preview-only --json`."""
    changes = []
    for step in json.loads(preview).get("steps", []):
        state = step.get("newState") or step.get("oldState") or {}
        type_, name = state.get("type", ""), step["urn"].rsplit("::", 1)[-1]
        # Pulumi's own types (the stack, its components) are no resources of the account.
        if step["op"] not in UNCHANGED and type_.startswith("aws:"):
            changes.append(Change(step["op"], type_, name, tuple(step.get("diffReasons") or ())))
    return changes


def beyond_a_deployment(changes: Iterable[Change], *, first: bool) -> list[Change]:
    """The changes that a new image tag alone doesn't bring; `first` when there was none before."""
    allowed = OF_THE_FIRST_IMAGE if first else OF_A_NEW_IMAGE
    return [
        change
        for change in changes
        if (change.type, change.operation) not in allowed
        and not (first and change.operation == "create" and change.name.endswith(CANARY))
    ]
