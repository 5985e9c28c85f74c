"""Listens, and stops without losing a request."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from aiohttp import web

from engine.api.application import api_application, management_application, metrics_application
from engine.api.keys import Drain
from engine.observability.metrics import Metrics
from engine.runtime import Engine
from engine.settings import Settings

QUIET_SECONDS = 1.0

log = structlog.get_logger(source=__name__)


class ListenError(Exception):
    """An address that can't be listened on; the message says which setting it is and why."""


class Server:
    """The API, management and metrics listeners of one process."""

    def __init__(self, engine: Engine, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._parts = (engine, settings, metrics)
        self.drain = Drain()
        self._api: web.AppRunner | None = None
        self._others: list[web.AppRunner] = []

    async def start(self) -> None:
        """Listen. Raises `ListenError`."""
        host, port = self._settings.api_address
        self._api = await self._listen(api_application, host, port, "WORKFLOW_ADDR")
        if not self._settings.one_port:
            port = self._settings.management_port
            self._others.append(
                await self._listen(management_application, self._settings.host, port, "MANAGEMENT_PORT")
            )
        if self._settings.metrics_port is not None and self._settings.metrics_enabled:
            port = self._settings.metrics_port
            self._others.append(await self._listen(metrics_application, self._settings.host, port, "METRICS_PORT"))

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens: the API first, then management, then metrics."""
        runners = [self._api, *self._others] if self._api else []
        return [address[:2] for runner in runners for address in runner.addresses[:1]]

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
        if self._api is not None:
            await self._api.cleanup()

    async def close(self) -> None:
        """Close what still listens: health and metrics stay up until the end."""
        for runner in [self._api, *self._others]:
            if runner is not None:
                await runner.cleanup()

    async def _listen(
        self, make: Callable[[Engine, Settings, Metrics, Drain], web.Application], host: str, port: int, setting: str
    ) -> web.AppRunner:
        runner = web.AppRunner(
            make(*self._parts, self.drain),
            access_log=None,
            keepalive_timeout=self._settings.keep_alive_seconds,
            shutdown_timeout=self._settings.shutdown_drain_seconds / 2,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
        except OSError as error:
            await self.close()
            raise ListenError(f"{setting}: can't listen on {host}:{port}: {error.strerror or error}") from error
        return runner
