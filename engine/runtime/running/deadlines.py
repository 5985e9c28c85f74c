"""Time limits for what is awaited in great numbers, with one timer for all of them."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import Any


class Deadlines:
    """Fails futures with TimeoutError that aren't done in time.

    Most are done long before, in the order in which they came, and their limits are alike: so one timer, for the
    earliest, does for all, where the event loop would make and cancel one for each.
    """

    def __init__(self) -> None:
        self._limited: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._alarm: asyncio.Handle | None = None
        # uvloop's handle of a call that is due at once doesn't tell when.
        self._rings_at = math.inf

    def limit(self, future: asyncio.Future[Any], seconds: float) -> None:
        """Fail the future unless it is done within so many seconds."""
        while self._limited and self._limited[0][1].done():
            self._limited.popleft()
        due = asyncio.get_running_loop().time() + seconds
        self._limited.append((due, future))
        if due < self._rings_at:
            self._arm(due)

    def _arm(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_at = due
        self._alarm = asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        self._alarm, self._rings_at = None, math.inf
        now = asyncio.get_running_loop().time()
        waiting = [(due, future) for due, future in self._limited if not future.done()]
        for due, future in waiting:
            if due <= now:
                future.set_exception(TimeoutError())
        self._limited = deque((due, future) for due, future in waiting if due > now)
        if self._limited:
            self._arm(min(due for due, _ in self._limited))
