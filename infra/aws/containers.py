"""The containers of a task: the migrations, the engine and, by option, those beside it. Pure."""

from collections.abc import Mapping, Sequence

from infra.aws.task_definition import COMMAND_PATHS, TEMPORARY_PATHS, Container, HealthCheck, LogStream
from infra.contract import Contract
from infra.environment import Connections, engine_environment, migration_environment
from infra.settings import Settings

ENGINE = "engine"
MIGRATE = "migrate"
MIGRATION_TIMEOUT = 120
"""Seconds that the engine's container waits for the migrations; the most that Fargate allows."""


def writable_paths(settings: Settings) -> Mapping[str, str]:
    """The only places that containers can write to, by the names of the volumes there."""
    return {**TEMPORARY_PATHS, **(COMMAND_PATHS if settings.compute.execute_command else {})}


def engine_containers(
    settings: Settings, contract: Contract, *, image: str, logs: LogStream, connections: Connections
) -> Sequence[Container]:
    """The migrations, and the engine that waits for them."""
    migration = migration_environment(settings, connections)
    engine = engine_environment(settings, connections)
    writable = writable_paths(settings)
    for environment in (migration, engine):
        environment.check(contract)
    return (
        Container(
            name=MIGRATE,
            image=image,
            command=("migrate",),
            essential=False,
            environment=migration.plain,
            secrets=migration.secrets,
            logs=logs,
            open_files=settings.service.open_files,
            writable=writable,
            start_timeout=MIGRATION_TIMEOUT,
        ),
        Container(
            name=ENGINE,
            image=image,
            command=("serve",),
            essential=True,
            environment=engine.plain,
            secrets=engine.secrets,
            logs=None if settings.sidecars.log_router_image else logs,
            open_files=settings.service.open_files,
            writable=writable,
            ports=(settings.service.api_port, settings.service.management_port),
            depends_on={MIGRATE: "SUCCESS"},
            health_check=HealthCheck(("CMD", "python", "-m", "engine", "healthcheck")),
            stop_timeout=settings.service.stop_timeout,
        ),
    )
