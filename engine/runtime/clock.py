"""The database's clock as this process knows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class DatabaseClock:
    """Tells the database's time between the occasions on which the database said it.

    All times that become durable come from here, so that processes whose own clocks differ, or are set, agree on when
    a timer is due. It never goes back.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset = time.time() - monotonic()
        self._latest = datetime.min.replace(tzinfo=UTC)

    def synchronize(self, database_time: datetime, asked_at: float) -> None:
        """Note what the database answered to a question asked at the monotonic time `asked_at`, in seconds."""
        self._offset = database_time.timestamp() - (asked_at + self._monotonic()) / 2

    def monotonic(self) -> float:
        """Give the monotonic time that `synchronize` counts in, in seconds."""
        return self._monotonic()

    def now(self) -> datetime:
        """Give the database's time, in UTC."""
        now = datetime.fromtimestamp(self._monotonic() + self._offset, UTC)
        self._latest = max(self._latest, now)
        return self._latest

    def seconds_until(self, moment: datetime) -> float:
        """Give the seconds from now to `moment`; less than 0 if it has passed."""
        return (moment - self.now()).total_seconds()
