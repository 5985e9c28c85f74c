"""Container definitions, read from a task definition into types (API page ContainerDefinition)."""

from typing import Literal

import msgspec

Condition = Literal["START", "COMPLETE", "SUCCESS", "HEALTHY"]


class _Definition(msgspec.Struct, frozen=True, rename="camel"):
    """Names in the API's spelling; fields that the runner doesn't use are passed over."""


class NameValue(_Definition, frozen=True):
    """An environment variable."""

    name: str
    value: str


class SecretReference(_Definition, frozen=True):
    """A variable whose value is fetched when the task starts."""

    name: str
    value_from: str


class Dependency(_Definition, frozen=True):
    """Another container of the task, and what it must have reached."""

    container_name: str
    condition: Condition


class PortMapping(_Definition, frozen=True):
    """A port that the container listens on."""

    container_port: int


class HealthCheck(_Definition, frozen=True):
    """A command that tells whether the container is well; times in seconds."""

    command: list[str]
    interval: float = 30
    timeout: float = 5
    retries: int = 3
    start_period: float = 0


class LogConfiguration(_Definition, frozen=True):
    """Where the container's output goes."""

    log_driver: str
    options: dict[str, str] = {}


class ContainerDefinition(_Definition, frozen=True):
    """One container; times in seconds, with Fargate's defaults."""

    name: str
    image: str
    essential: bool = True
    command: list[str] | None = None
    entry_point: list[str] | None = None
    working_directory: str | None = None
    environment: list[NameValue] = []
    secrets: list[SecretReference] = []
    depends_on: list[Dependency] = []
    port_mappings: list[PortMapping] = []
    health_check: HealthCheck | None = None
    log_configuration: LogConfiguration | None = None
    start_timeout: float = 180
    stop_timeout: float = 30


class ContainerOverride(_Definition, frozen=True):
    """What RunTask changes for one container."""

    name: str
    command: list[str] | None = None
    environment: list[NameValue] = []


class TaskOverride(_Definition, frozen=True):
    """What RunTask changes."""

    container_overrides: list[ContainerOverride] = []


def read(containers: list[dict[str, object]], overrides: dict[str, object] | None) -> list[ContainerDefinition]:
    """A task's containers with its overrides applied; raises msgspec.ValidationError."""
    definitions = msgspec.convert(containers, list[ContainerDefinition], strict=False)
    changes = {change.name: change for change in msgspec.convert(overrides or {}, TaskOverride).container_overrides}
    names = {definition.name for definition in definitions}
    for definition in definitions:
        for need in definition.depends_on:
            if need.container_name not in names:
                raise msgspec.ValidationError(f"{definition.name} depends on {need.container_name}, which isn't there.")
    return [_override(definition, changes.get(definition.name)) for definition in definitions]


def _override(definition: ContainerDefinition, change: ContainerOverride | None) -> ContainerDefinition:
    if change is None:
        return definition
    return msgspec.structs.replace(
        definition,
        command=definition.command if change.command is None else change.command,
        environment=[*definition.environment, *change.environment],
    )
