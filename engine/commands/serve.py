"""`engine serve`."""

import argparse
import os

import structlog

from engine.cli import fail
from engine.observability.logs import configure_logs
from engine.processes.cores import usable_cores
from engine.processes.listening import ListenError
from engine.processes.supervisor import supervise
from engine.settings import Settings, SettingsError, load_settings, obsolete_names, warnings

log = structlog.get_logger(source=__name__)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C. Exit 1, with every reason, before listening when something is wrong."""
    try:
        settings = load_settings(file=options.config)
    except SettingsError as error:
        return fail(str(error))
    count = processes(settings)
    if count > 1:
        start_logs(settings)
        try:
            return supervise(settings, options.config, count)
        except ListenError as error:
            return fail(str(error))
    from engine.commands.serving import serve_alone  # noqa: PLC0415 - what starts others does without all of that

    return serve_alone(settings)


def processes(settings: Settings) -> int:
    """How many processes serve: ENGINE_PROCESSES, or one a core where that is auto and there is a PostgreSQL."""
    if settings.engine_processes:
        return settings.engine_processes
    return 1 if settings.workflow_db_host is None else usable_cores()


def start_logs(settings: Settings) -> None:
    """Begin to log, with what the settings give reason to say."""
    configure_logs(settings.log_level, settings.log_format)
    if obsolete := obsolete_names(os.environ):
        log.warning("obsolete settings are ignored", settings=obsolete)
    for warning in warnings(settings):
        log.warning(warning)
