"""The containers of a task: the migrations, the topics by option, and the engine. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from infra.aws.task_definition import COMMAND_PATHS, TEMPORARY_PATHS, Container, HealthCheck, LogStream
from infra.contract import Contract
from infra.environment import Connections, engine_environment, migration_environment, topics_environment
from infra.settings import Settings

ENGINE = "engine"
MIGRATE = "migrate"
TOPICS = "topics"
MIGRATION_TIMEOUT = 120
"""Seconds that the engine's container waits for the migrations, or the topics; the most that Fargate allows."""


def writable_paths(settings: Settings) -> Mapping[str, str]:
    """The only places that containers can write to, by the names of the volumes there."""
    return {**TEMPORARY_PATHS, **(COMMAND_PATHS if settings.compute.execute_command else {})}


def engine_containers(
    settings: Settings, contract: Contract, *, image: str, logs: LogStream, connections: Connections
) -> Sequence[Container]:
    """The migrations, the topics where there are brokers, and the engine that waits for them."""
    engine = engine_environment(settings, connections)
    engine.check(contract)
    first = list(_first(settings, contract, image, logs, connections))
    serving = Container(
        name=ENGINE,
        image=image,
        command=("serve",),
        essential=True,
        environment=engine.plain,
        secrets=engine.secrets,
        logs=None if settings.sidecars.log_router_image else logs,
        open_files=settings.service.open_files,
        writable=writable_paths(settings),
        ports=(settings.service.api_port, settings.service.management_port),
        # Brokers that are away stop nobody: the engine itself says what is missing, or goes on without them.
        depends_on={MIGRATE: "SUCCESS", **({TOPICS: "COMPLETE"} if settings.events.enabled else {})},
        health_check=HealthCheck(("CMD", "python", "-m", "engine", "healthcheck")),
        stop_timeout=settings.service.stop_timeout,
    )
    return (*first, serving)


def _first(
    settings: Settings, contract: Contract, image: str, logs: LogStream, connections: Connections
) -> Iterator[Container]:
    """What runs before the engine and ends, one after the other."""
    commands = {MIGRATE: migration_environment(settings, connections)}
    if settings.events.enabled:
        commands[TOPICS] = topics_environment(settings, connections)
    for name, environment in commands.items():
        environment.check(contract)
        yield Container(
            name=name,
            image=image,
            command=(name,),
            essential=False,
            environment=environment.plain,
            secrets=environment.secrets,
            logs=logs,
            open_files=settings.service.open_files,
            writable=writable_paths(settings),
            depends_on={MIGRATE: "SUCCESS"} if name != MIGRATE else {},
            start_timeout=MIGRATION_TIMEOUT,
        )
