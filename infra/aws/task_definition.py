"""Container definitions in the form in which AWS gives them back (DescribeTaskDefinition).

AWS fills in what was left out and orders lists that have no order; definitions that already look like that compare
equal to what is deployed, so that an unchanged stack previews no change. Pure: text in, text out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

TEMPORARY_VOLUME = "tmp"
"""The one place that a container can write to; the rest of its file system is read-only."""

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
class Container:
    """One container of a task.

    `secrets` maps variables to what ECS injects at launch (the ARN of a secret, with a key: `ARN:key::`). `depends_on`
    maps other containers to the state they must have reached. `start_timeout` and `stop_timeout` are seconds.
    """

    name: str
    image: str
    command: tuple[str, ...]
    essential: bool
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    log_group: str
    log_region: str
    open_files: int
    ports: tuple[int, ...] = ()
    depends_on: Mapping[str, Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]] = field(default_factory=dict)
    health_check: HealthCheck | None = None
    start_timeout: int | None = None
    stop_timeout: int | None = None


def container_definitions(*containers: Container) -> str:
    """The task definition's `containerDefinitions` as canonical JSON: the same containers give the same text."""
    return json.dumps([_definition(container) for container in containers], sort_keys=True, separators=(",", ":"))


def _definition(container: Container) -> dict[str, object]:
    optional = {
        "dependsOn": [
            {"condition": state, "containerName": name} for name, state in sorted(container.depends_on.items())
        ],
        "healthCheck": _health_check(container.health_check),
        "startTimeout": container.start_timeout,
        "stopTimeout": container.stop_timeout,
    }
    return {
        "command": list(container.command),
        "cpu": 0,
        "environment": [{"name": name, "value": value} for name, value in sorted(container.environment.items())],
        "essential": container.essential,
        "image": container.image,
        "linuxParameters": {"capabilities": {"drop": ["ALL"]}, "initProcessEnabled": True},
        "logConfiguration": _log_configuration(container),
        "mountPoints": [{"containerPath": "/tmp", "readOnly": False, "sourceVolume": TEMPORARY_VOLUME}],  # noqa: S108 in the container
        "name": container.name,
        "portMappings": [
            {"containerPort": port, "hostPort": port, "protocol": "tcp"} for port in sorted(container.ports)
        ],
        "readonlyRootFilesystem": True,
        "secrets": [{"name": name, "valueFrom": source} for name, source in sorted(container.secrets.items())],
        "systemControls": [],
        "ulimits": [{"hardLimit": container.open_files, "name": "nofile", "softLimit": container.open_files}],
        "user": ENGINE_USER,
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


def _log_configuration(container: Container) -> dict[str, object]:
    options = {
        "awslogs-group": container.log_group,
        "awslogs-region": container.log_region,
        "awslogs-stream-prefix": "task",
    }
    return {"logDriver": "awslogs", "options": options}
