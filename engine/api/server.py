"""Listens, and stops without losing a request."""

import asyncio
import contextlib
from pathlib import Path

from aiohttp import web

from engine.api.application import api_application, management_application, metrics_application
from engine.api.keys import Drain
from engine.api.whole import Whole
from engine.observability.metrics import Metrics
from engine.processes.exchange import Exchange
from engine.processes.listening import Kind, Listener, ListenError, listeners
from engine.processes.place import Place
from engine.runtime import Engine
from engine.settings import Settings

QUIET_SECONDS = 1.0
BACKLOG = 1024

APPLICATIONS = {"api": api_application, "management": management_application, "metrics": metrics_application}


class Server:
    """The API, management and metrics listeners of one process; in a place they are shared with other processes."""

    def __init__(self, engine: Engine, settings: Settings, metrics: Metrics, place: Place | None = None) -> None:
        self._settings = settings
        self.drain = Drain()
        exchange = None if place is None else Exchange(Path(place.folder), place.number, place.count)
        self._whole = Whole(engine, metrics, self.drain, exchange)
        self._parts = (engine, settings, metrics, self.drain, self._whole)
        self._sockets = {} if place is None else place.sockets()
        self._runners: dict[Kind, web.AppRunner] = {}

    async def start(self) -> None:
        """Listen. Raises `ListenError`."""
        await self._whole.start()
        for listener in listeners(self._settings):
            self._runners[listener.kind] = await self._listen(listener)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens: the API first, then management, then metrics."""
        return [address[:2] for runner in self._runners.values() for address in runner.addresses[:1]]

    async def stop_requests(self, seconds: float) -> None:
        """Say that the process stops, go on answering until nobody asks any more, then close the API.

        Readiness fails from now on and every answer closes its connection, so that clients and load balancers go
        elsewhere; the API closes after a second without a new request, or after half of `seconds`.
        """
        self.drain.started.set()
        if not self.addresses:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.drain.quiet(QUIET_SECONDS), seconds / 2)
        if "api" in self._runners:
            await self._runners["api"].cleanup()

    async def close(self) -> None:
        """Close what still listens: health and metrics stay up until the end."""
        for runner in self._runners.values():
            await runner.cleanup()
        await self._whole.close()

    async def _listen(self, listener: Listener) -> web.AppRunner:
        runner = web.AppRunner(
            APPLICATIONS[listener.kind](*self._parts),
            access_log=None,
            keepalive_timeout=self._settings.keep_alive_seconds,
            shutdown_timeout=self._settings.shutdown_drain_seconds / 2,
        )
        await runner.setup()
        try:
            for site in self._sites(runner, listener):
                await site.start()
        except OSError as error:
            await runner.cleanup()
            await self.close()
            raise ListenError(listener, error) from error
        return runner

    def _sites(self, runner: web.AppRunner, listener: Listener) -> list[web.BaseSite]:
        shared = self._sockets.get(listener.kind)
        if shared is None:
            return [web.TCPSite(runner, listener.host, listener.port, backlog=BACKLOG)]
        return [web.SockSite(runner, each, backlog=BACKLOG) for each in shared]
