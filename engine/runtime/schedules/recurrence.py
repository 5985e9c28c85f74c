"""The times of a schedule, between its start and its end, and which of them are still to be dealt with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice, takewhile
from typing import Final, Literal

import msgspec

from engine.runtime.schedules.expressions import Expression

CatchUp = Literal["ALL", "ONCE", "SKIP"]

ON_TIME: Final = timedelta(seconds=60)
"""What is less late than this isn't missed: as precise as EventBridge Scheduler is, and more than an election takes."""


class Recurrence(msgspec.Struct, frozen=True):
    """A schedule expression, and the times from which and until which it counts."""

    expression: Expression
    start: datetime | None = None
    end: datetime | None = None

    def after(self, moment: datetime) -> datetime | None:
        """Give the first time later than a moment; None if there is none."""
        if self.start is not None:
            moment = max(moment, self.start - timedelta.resolution)
        following = self.expression.after(moment)
        return None if following is None or (self.end is not None and following > self.end) else following

    def until(self, moment: datetime) -> Iterator[datetime]:
        """Give the times not later than a moment, the latest first."""
        times = self.expression.until(moment if self.end is None else min(moment, self.end))
        start = self.start
        return times if start is None else takewhile(lambda time: time >= start, times)


class Patience(msgspec.Struct, frozen=True):
    """What is done about times that were missed because nobody led.

    Attributes:
        policy: ``ALL`` of them are made up for, or the latest ``ONCE``, or none: ``SKIP``.
        limit: the most that are made up for; of more, the latest.
        age: what was missed longer ago is let go.
    """

    policy: CatchUp = "ALL"
    limit: int = 100
    age: timedelta = timedelta(days=1)

    def choose(self, recurrence: Recurrence, due: datetime, now: datetime) -> list[datetime]:
        """Give the times from `due` until `now` for which executions are started, in order."""
        since = max(due, now - (ON_TIME if self.policy == "SKIP" else self.age))
        times = list(islice(takewhile(lambda time: time >= since, recurrence.until(now)), self.limit))
        if self.policy == "ONCE":
            times = [time for time in times if time > now - ON_TIME] or times[:1]
        return times[::-1]
