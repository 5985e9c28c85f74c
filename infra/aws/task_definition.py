"""Container definitions in the form in which AWS gives them back (DescribeTaskDefinition).

AWS fills in what was left out and orders lists that have no order; definitions that already look like that compare
equal to what is deployed, so that an unchanged stack previews no change. Pure: text in, text out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TEMPORARY_PATHS: Mapping[str, str] = {"tmp": "/tmp"}  # noqa: S108 in the container
"""The one place that a container can write to, by the name of its volume; the rest of its file system is read-only."""

COMMAND_PATHS: Mapping[str, str] = {"agent-logs": "/var/log/amazon", "agent-state": "/var/lib/amazon"}
"""Where the agent that ECS Exec starts in a container writes to."""

ENGINE_USER = "1000"


@dataclass(frozen=True)
class HealthCheck:
    """A command that finds out in the container whether it is healthy. Times in seconds."""

    command: tuple[str, ...]
    interval: int = 10
    timeout: int = 5
    retries: int = 3
    start_period: int = 60


@dataclass(frozen=True)
class LogStream:
    """Where a container's output goes: a log group, in streams that start with ``task/CONTAINER/``."""

    group: str
    region: str


@dataclass(frozen=True)
class Container:
    """One container of a task.

    `secrets` maps variables to what ECS injects at launch (the ARN of a secret, with a key: `ARN:key::`). `writable`
    maps volumes to the paths where they are. `depends_on` maps other containers to the state they must have reached.
    Without `logs` its output goes to the task's log router, the container that `routes_logs`. `start_timeout` and
    `stop_timeout` are seconds, `memory_reservation` is MiB.
    """

    name: str
    image: str
    command: tuple[str, ...]
    essential: bool
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    logs: LogStream | None
    open_files: int | None = None
    writable: Mapping[str, str] = field(default_factory=lambda: TEMPORARY_PATHS)
    ports: tuple[int, ...] = ()
    depends_on: Mapping[str, Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]] = field(default_factory=dict)
    health_check: HealthCheck | None = None
    start_timeout: int | None = None
    stop_timeout: int | None = None
    user: str = ENGINE_USER
    read_only: bool = True
    capabilities_dropped: bool = True
    routes_logs: bool = False
    memory_reservation: int | None = None


def container_definitions(*containers: Container) -> str:
    """The task definition's `containerDefinitions` as canonical JSON: the same containers give the same text."""
    return json.dumps([_definition(container) for container in containers], sort_keys=True, separators=(",", ":"))


def _definition(container: Container) -> dict[str, object]:
    optional = {
        "dependsOn": [
            {"condition": state, "containerName": name} for name, state in sorted(container.depends_on.items())
        ],
        "command": list(container.command),
        "firelensConfiguration": _firelens() if container.routes_logs else None,
        "healthCheck": _health_check(container.health_check),
        "memoryReservation": container.memory_reservation,
        "startTimeout": container.start_timeout,
        "stopTimeout": container.stop_timeout,
    }
    return {
        "cpu": 0,
        "environment": [{"name": name, "value": value} for name, value in sorted(container.environment.items())],
        "essential": container.essential,
        "image": container.image,
        "linuxParameters": _linux_parameters(container),
        "logConfiguration": _log_configuration(container.logs),
        "mountPoints": [
            {"containerPath": path, "readOnly": False, "sourceVolume": volume}
            for volume, path in sorted(container.writable.items())
        ],
        "name": container.name,
        "portMappings": [
            {"containerPort": port, "hostPort": port, "protocol": "tcp"} for port in sorted(container.ports)
        ],
        "readonlyRootFilesystem": container.read_only,
        "secrets": [{"name": name, "valueFrom": source} for name, source in sorted(container.secrets.items())],
        "systemControls": [],
        "ulimits": _open_files(container.open_files),
        "user": container.user,
        "volumesFrom": [],
        **{key: value for key, value in optional.items() if value},
    }


def _health_check(check: HealthCheck | None) -> dict[str, object] | None:
    if check is None:
        return None
    return {
        "command": list(check.command),
        "interval": check.interval,
        "retries": check.retries,
        "startPeriod": check.start_period,
        "timeout": check.timeout,
    }


def _log_configuration(logs: LogStream | None) -> dict[str, object]:
    if logs is None:
        return {"logDriver": "awsfirelens", "options": {}}
    options = {"awslogs-group": logs.group, "awslogs-region": logs.region, "awslogs-stream-prefix": "task"}
    return {"logDriver": "awslogs", "options": options}


def _firelens() -> dict[str, object]:
    return {"options": {"enable-ecs-log-metadata": "true"}, "type": "fluentbit"}


def _linux_parameters(container: Container) -> dict[str, object]:
    dropped = {"capabilities": {"drop": ["ALL"]}} if container.capabilities_dropped else {}
    return {**dropped, "initProcessEnabled": True}


def _open_files(limit: int | None) -> list[dict[str, object]]:
    return [] if limit is None else [{"hardLimit": limit, "name": "nofile", "softLimit": limit}]
