"""The database's clock as this process knows it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

_TICK_SECONDS: Final = 0.0005
"""For how long a time that was told is told again: to make one takes as long as many a step of what asks for it."""


class DatabaseClock:
    """Tells the database's time between the occasions on which the database said it.

    All times that become durable come from here, so that processes whose own clocks differ, or are set, agree on when
    a timer is due. It never goes back, and goes on in steps of half a millisecond.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset = time.time() - monotonic()
        self._latest = datetime.min.replace(tzinfo=UTC)
        self._told_until = -math.inf

    def synchronize(self, database_time: datetime, asked_at: float) -> None:
        """Note what the database answered to a question asked at the monotonic time `asked_at`, in seconds."""
        self._offset = database_time.timestamp() - (asked_at + self._monotonic()) / 2
        self._told_until = -math.inf

    def monotonic(self) -> float:
        """Give the monotonic time that `synchronize` counts in, in seconds."""
        return self._monotonic()

    def now(self) -> datetime:
        """Give the database's time, in UTC."""
        monotonic = self._monotonic()
        if monotonic >= self._told_until:
            self._told_until = monotonic + _TICK_SECONDS
            self._latest = max(self._latest, datetime.fromtimestamp(monotonic + self._offset, UTC))
        return self._latest

    def seconds_until(self, moment: datetime) -> float:
        """Give the seconds from now to `moment`; less than 0 if it has passed."""
        return (moment - self.now()).total_seconds()  # by the same steps: who waits so long finds that it has passed
