"""An event loop whose time is made up: where nothing is left to do, it jumps to the next timer."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, TypeVarTuple

Args = TypeVarTuple("Args")


class NothingToDo(Exception):  # noqa: N818 - what is the matter
    """Everybody waits, and no timer will ever wake anybody."""


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs callbacks in the order of their times, without waiting and without any I/O."""

    def __init__(self) -> None:
        super().__init__()
        self._elapsed = 0.0
        self._soon: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._numbers = itertools.count()

    def time(self) -> float:
        """Give the made-up time, in seconds."""
        return self._elapsed

    def call_soon(
        self,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call back at once, after those that asked before."""
        handle = asyncio.Handle(callback, args, self, context)
        self._soon.append(handle)
        return handle

    call_soon_threadsafe = call_soon
    """There are no threads; what is forgotten is ended in this way."""

    def call_at(
        self,
        when: float,
        callback: Callable[[*Args], object],
        *args: *Args,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call back at a time; those of the same time in the order in which they were asked for."""
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, (when, next(self._numbers), handle))
        return handle

    def run_in_executor(self, _executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # noqa: ANN401
        """Call the function at once: there are no threads."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it is the caller's
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Forget what would have been called."""
        self._soon.clear()
        self._timers.clear()
        super().close()

    def _run_once(self) -> None:
        """Run what is ready now, as the base class does, but for the waiting."""
        soon = self._soon
        if not soon:
            self._jump()
        for _ in range(len(soon)):
            handle = soon.popleft()
            if not handle._cancelled:
                handle._run()

    def _jump(self) -> None:
        """Go on to the time of the next timer, and let all of that time be next."""
        timers, soon = self._timers, self._soon
        while timers and (not soon or timers[0][0] <= self._elapsed):
            when, _, handle = heapq.heappop(timers)
            if not handle._cancelled:
                self._elapsed = max(self._elapsed, when)
                soon.append(handle)
        if not soon:
            raise NothingToDo
