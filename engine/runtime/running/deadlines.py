"""Time limits for what is awaited in great numbers, with one timer for all of them."""

from __future__ import annotations

import asyncio
import math
from bisect import insort
from collections import deque
from operator import itemgetter
from typing import Any, Final

_DUE: Final = itemgetter(0)


class Deadlines:
    """Fails futures with TimeoutError that aren't done in time.

    Most are done long before, in the order in which they came, and their limits are alike: so one timer, for the
    earliest, does for all, where the event loop would make and cancel one for each. The others are put in their places,
    so that it takes no more than to look at the first of them, however many wait.
    """

    def __init__(self) -> None:
        self._limited: deque[tuple[float, asyncio.Future[Any]]] = deque()
        self._alarm: asyncio.Handle | None = None
        # uvloop's handle of a call that is due at once doesn't tell when.
        self._rings_at = math.inf

    def limit(self, future: asyncio.Future[Any], seconds: float) -> None:
        """Fail the future unless it is done within so many seconds."""
        limited = self._limited
        while limited and limited[0][1].done():
            limited.popleft()
        due = asyncio.get_running_loop().time() + seconds
        if limited and due < limited[-1][0]:
            insort(limited, (due, future), key=_DUE)
        else:
            limited.append((due, future))
        if due < self._rings_at:
            self._arm(due)

    def _arm(self, due: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._rings_at = due
        self._alarm = asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        self._alarm, self._rings_at = None, math.inf
        now, limited = asyncio.get_running_loop().time(), self._limited
        while limited and (limited[0][0] <= now or limited[0][1].done()):
            future = limited.popleft()[1]
            if not future.done():
                future.set_exception(TimeoutError())
        if limited:
            self._arm(limited[0][0])
