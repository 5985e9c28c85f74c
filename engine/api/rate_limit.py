"""Limits how many requests an organization sends in a window of time.

Windows are fixed: they begin at multiples of their length. Counts are shared through Redis, and kept in this process
while there is no Redis or it doesn't answer.
"""

import math
import time
from collections.abc import Callable
from typing import Protocol

import msgspec
import structlog

PAUSE_SECONDS = 5.0

log = structlog.get_logger(source=__name__)


class CounterUnavailableError(Exception):
    """The shared counter doesn't answer."""


class Counter(Protocol):
    """Counts that several processes share."""

    async def increment(self, key: str, seconds: float) -> int:
        """Count one more under `key`, which is forgotten after `seconds`. Raises `CounterUnavailableError`."""
        ...

    async def close(self) -> None:
        """Close what is open."""
        ...


class Use(msgspec.Struct, frozen=True):
    """How much of its limit an organization has used; `retry_after_seconds` is 0 while there is some left."""

    limit: int
    used: int
    window_seconds: float
    reset_seconds: int

    @property
    def retry_after_seconds(self) -> int:
        """When to come again, 0 for a request that may pass."""
        return self.reset_seconds if self.used > self.limit else 0

    @property
    def headers(self) -> dict[str, str]:
        """The limit as headers of an answer."""
        left = max(0, self.limit - self.used)
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(left),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class RateLimiter:
    """Counts requests per organization and window; alone for a while after `shared` didn't answer."""

    def __init__(
        self, *, limit: int, window_seconds: float, shared: Counter | None, now: Callable[[], float] = time.time
    ) -> None:
        self._limit = limit
        self._window = window_seconds
        self._shared = shared
        self._now = now
        self._counts: dict[str, int] = {}
        self._counted_window = 0
        self._paused_until = 0.0

    async def count(self, organization: str) -> Use:
        """Count one request, and say how much of the limit is used."""
        now = self._now()
        window = int(now // self._window)
        used = await self._count_shared(organization, window, now)
        if used is None:
            used = self._count_here(organization, window)
        reset = math.ceil((window + 1) * self._window - now)
        return Use(self._limit, used, self._window, max(1, reset))

    async def close(self) -> None:
        """Close the shared counter."""
        if self._shared is not None:
            await self._shared.close()

    async def _count_shared(self, organization: str, window: int, now: float) -> int | None:
        if self._shared is None or now < self._paused_until:
            return None
        try:
            return await self._shared.increment(f"workflow:rate:{organization}:{self._window:g}:{window}", self._window)
        except CounterUnavailableError as error:
            self._paused_until = now + PAUSE_SECONDS
            log.warning("redis does not answer; this process counts requests alone", error=str(error))
            return None

    def _count_here(self, organization: str, window: int) -> int:
        if window != self._counted_window:
            self._counts.clear()
            self._counted_window = window
        self._counts[organization] = self._counts.get(organization, 0) + 1
        return self._counts[organization]
