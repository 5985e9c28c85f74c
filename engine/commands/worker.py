"""`python -m engine.commands.worker PLACE`: one of several processes that `engine serve` starts."""

import asyncio
import shutil
import socket
import sys
from contextlib import suppress

import structlog

from engine.cli import fail, leave
from engine.commands.process import stop_signal
from engine.commands.serving import components_of, serve, until_stopped
from engine.observability.logs import configure_logs
from engine.processes.child import SERVING
from engine.processes.place import Place
from engine.settings import Settings, SettingsError, load_settings
from engine.tasks.components import Component, ComponentError

log = structlog.get_logger(source="engine.commands.worker")


def run(place: Place) -> int:
    """Serve in a place until SIGTERM, Ctrl-C or the supervisor's end, and give the exit code."""
    try:
        settings = load_settings(file=place.config_file)
        components = components_of(settings)
    except (SettingsError, ComponentError) as error:
        return fail(str(error))
    configure_logs(settings.log_level, settings.log_format, process=place.number)
    return until_stopped(work(settings, components, place))


async def work(settings: Settings, components: list[Component], place: Place) -> None:
    """Serve, tell the supervisor when that begins, and stop when it is gone."""
    asked = stop_signal()
    reader, writer = await asyncio.open_unix_connection(sock=socket.socket(fileno=place.supervisor))
    watching = asyncio.create_task(_watch(reader, asked))
    try:
        await serve(settings, components, asked, place, lambda: writer.write(SERVING))
    finally:
        watching.cancel()
        writer.close()
        if reader.at_eof() or reader.exception():
            shutil.rmtree(place.folder, ignore_errors=True)


async def _watch(supervisor: asyncio.StreamReader, asked: asyncio.Event) -> None:
    with suppress(ConnectionError):  # it died before it read what it was told
        await supervisor.read()
    log.warning("the supervisor has died")
    asked.set()


if __name__ == "__main__":
    leave(run(Place.read(sys.argv[1])))
