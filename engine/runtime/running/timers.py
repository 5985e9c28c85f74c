"""Timers of the executions in memory."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.runtime.clock import DatabaseClock

_LONGEST_SLEEP_SECONDS: Final = 30.0
"""The database's clock may have been set meanwhile."""

_AT_A_TIME: Final = 100
"""Timers that fire before others on the event loop have their turn, the lease's renewal among them."""

_TOLERATED: Final = 1_000
"""Canceled timers that may stay in the heap besides as many as there are live ones."""


class Timers:
    """Calls `fire` with an execution and a timer's id when the timer is due. Canceling costs nothing until then."""

    def __init__(self, clock: DatabaseClock, fire: Callable[[UUID, str], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._due: dict[tuple[UUID, str], datetime] = {}
        self._heap: list[tuple[datetime, UUID, str]] = []
        self._alarm: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        """Count the timers that wait."""
        return len(self._due)

    def set(self, execution_id: UUID, timer_id: str, due: datetime) -> None:
        """Set a timer, or set it to another time."""
        self._due[execution_id, timer_id] = due
        heapq.heappush(self._heap, (due, execution_id, timer_id))
        if self._heap[0][0] == due:
            self._arm()

    def cancel(self, execution_id: UUID, timer_id: str) -> None:
        """Forget a timer; it need not exist."""
        self._due.pop((execution_id, timer_id), None)
        if len(self._heap) > 2 * len(self._due) + _TOLERATED:
            self._heap = [(due, *key) for key, due in self._due.items()]
            heapq.heapify(self._heap)

    def cancel_of(self, execution_id: UUID) -> None:
        """Forget all timers of an execution."""
        for owner, timer_id in [key for key in self._due if key[0] == execution_id]:
            self.cancel(owner, timer_id)

    def clear(self) -> None:
        """Forget all timers."""
        self._due.clear()
        self._heap.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _arm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._heap:
            seconds = self._clock.seconds_until(self._heap[0][0])
            delay = min(max(seconds, 0.0), _LONGEST_SLEEP_SECONDS)
            self._alarm = asyncio.get_running_loop().call_later(delay, self._ring)

    def _ring(self) -> None:
        """Fire some of what is due; the next turn of the event loop is for the rest, after others had theirs."""
        self._alarm = None
        now = self._clock.now()
        for _ in range(_AT_A_TIME):
            if not self._heap or self._heap[0][0] > now:
                break
            due, execution_id, timer_id = heapq.heappop(self._heap)
            if self._due.get((execution_id, timer_id)) == due:
                del self._due[execution_id, timer_id]
                self._fire(execution_id, timer_id)
        self._arm()
