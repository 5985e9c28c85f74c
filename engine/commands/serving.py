"""One process that serves: all there is of `engine serve`, or one of those that it starts."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path

import structlog
import uvloop

import engine
from engine.cli import fail
from engine.commands.collecting import collect_rarely
from engine.commands.process import running, stop_signal
from engine.commands.serve import start_logs
from engine.events import SinkError
from engine.observability.metrics import Metrics
from engine.observability.observer import MetricsObserver
from engine.processes.listening import ListenError
from engine.processes.place import Place
from engine.runtime.errors import EngineError
from engine.settings import Settings
from engine.storage import StorageError
from engine.tasks.components import Component, ComponentError, load_components

log = structlog.get_logger(source=__name__)


def serve_alone(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C, and give the exit code."""
    try:
        components = components_of(settings)
    except ComponentError as error:
        return fail(str(error))
    start_logs(settings)

    async def alone() -> None:
        await serve(settings, components, stop_signal())

    return until_stopped(alone())


def components_of(settings: Settings) -> list[Component]:
    """Load the component folders. Raises `ComponentError`."""
    return load_components([Path(folder) for folder in settings.workflow_components])


def until_stopped(serving: Coroutine[object, object, None]) -> int:
    """Serve to the end, and give the exit code: 1, with the reason, when something outside was wrong."""
    try:
        uvloop.run(serving)
    except (StorageError, ListenError, SinkError, EngineError) as error:
        return fail(str(error))
    return 0


async def serve(
    settings: Settings,
    components: list[Component],
    asked: asyncio.Event,
    place: Place | None = None,
    begun: Callable[[], None] = lambda: None,
) -> None:
    """Serve until asked to stop; `begun` is called when it has begun to."""
    metrics = Metrics()
    async with running(settings, components, metrics, MetricsObserver(metrics), place) as process:
        collect_rarely()
        log.info(
            "serving",
            version=engine.__version__,
            environment=settings.environment,
            addresses=[f"{host}:{port}" for host, port in process.server.addresses],
            database=settings.database_url,
        )
        begun()
        await asked.wait()
        log.info("stopping", drainSeconds=settings.shutdown_drain_seconds)
    log.info("stopped")
