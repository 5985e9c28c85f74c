"""What the API keeps in applications and requests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import msgspec
from aiohttp import web

from engine.api.arns import Arns
from engine.api.auth.identity import Identity
from engine.runtime import Engine
from engine.settings import Settings


class Drain:
    """Whether the process is stopping, and how busy the API is until it has."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self._in_flight = 0
        self._changed = asyncio.Event()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Around a request that a stopping process has to wait for."""
        self._in_flight += 1
        self._changed.set()
        try:
            yield
        finally:
            self._in_flight -= 1
            self._changed.set()

    async def quiet(self, seconds: float) -> None:
        """Return once no request was in flight, and none came, for `seconds`."""
        while True:
            self._changed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), None if self._in_flight else seconds)
                continue
            return


class Correlation(msgspec.Struct):
    """What ties a request to its log lines; `route` is its pattern, for metrics."""

    request_id: str
    route: str = "unknown"


ENGINE = web.AppKey("engine", Engine)
SETTINGS = web.AppKey("settings", Settings)
ARNS = web.AppKey("arns", Arns)
DRAIN = web.AppKey("drain", Drain)

IDENTITY = web.RequestKey("identity", Identity)
CORRELATION = web.RequestKey("correlation", Correlation)
