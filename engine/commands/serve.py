"""`engine serve`."""

import argparse
import os
from pathlib import Path

import structlog
import uvloop

import engine
from engine.api.server import ListenError
from engine.cli import fail
from engine.commands.collecting import collect_rarely
from engine.commands.process import running, stop_signal
from engine.events import SinkError
from engine.observability.logs import configure_logs
from engine.observability.metrics import Metrics
from engine.observability.observer import MetricsObserver
from engine.runtime.errors import EngineError
from engine.settings import Settings, SettingsError, load_settings, obsolete_names, warnings
from engine.storage import StorageError
from engine.tasks.components import Component, ComponentError, load_components

log = structlog.get_logger(source=__name__)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C. Exit 1, with every reason, before listening when something is wrong."""
    try:
        settings = load_settings(file=options.config)
        components = load_components([Path(folder) for folder in settings.workflow_components])
    except (SettingsError, ComponentError) as error:
        return fail(str(error))
    configure_logs(settings.log_level, settings.log_format)
    if obsolete := obsolete_names(os.environ):
        log.warning("obsolete settings are ignored", settings=obsolete)
    for warning in warnings(settings):
        log.warning(warning)
    try:
        uvloop.run(serve(settings, components))
    except (StorageError, ListenError, SinkError, EngineError) as error:
        return fail(str(error))
    return 0


async def serve(settings: Settings, components: list[Component]) -> None:
    """Serve until asked to stop."""
    asked = stop_signal()
    metrics = Metrics()
    async with running(settings, components, metrics, MetricsObserver(metrics)) as process:
        collect_rarely()
        log.info(
            "serving",
            version=engine.__version__,
            environment=settings.environment,
            addresses=[f"{host}:{port}" for host, port in process.server.addresses],
            database=settings.database_url,
        )
        await asked.wait()
        log.info("stopping", drainSeconds=settings.shutdown_drain_seconds)
    log.info("stopped")
