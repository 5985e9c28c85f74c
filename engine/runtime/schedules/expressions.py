"""Schedule expressions: ``cron(fields)``, ``rate(value unit)``, ``at(yyyy-mm-ddThh:mm:ss)``.

Source: "Schedule types in EventBridge Scheduler". Days of a rate are 24 hours. What a cron expression says for a local
time that the clock skips doesn't happen; at one that it strikes twice it happens the first time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from engine.runtime.schedules.cron import Cron, InvalidCron, parse_cron

_RATE: Final = re.compile(r"rate\((?P<value>[0-9]{1,6}) (?P<unit>minute|hour|day)s?\)")
_AT: Final = re.compile(r"at\((?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", re.ASCII)
_LONGEST: Final = 256
_LONGEST_REPETITION: Final = timedelta(hours=24)
_CRON: Final = re.compile(r"cron\((?P<fields>[^()]*)\)")


class InvalidExpression(ValueError):  # noqa: N818 - it says what is the matter
    """The text is no schedule expression."""


class Expression(Protocol):
    """When something happens; all times are in UTC."""

    def after(self, moment: datetime) -> datetime | None:
        """Give the first time later than a moment; None if there is none."""
        ...

    def until(self, moment: datetime) -> Iterator[datetime]:
        """Give the times not later than a moment, the latest first."""
        ...


class Rate(msgspec.Struct, frozen=True):
    """Every so often from a first time on."""

    first: datetime
    period: timedelta

    def after(self, moment: datetime) -> datetime | None:
        """See `Expression.after`."""
        if moment < self.first:
            return self.first
        try:
            return self.first + ((moment - self.first) // self.period + 1) * self.period
        except OverflowError:
            return None

    def until(self, moment: datetime) -> Iterator[datetime]:
        """See `Expression.until`."""
        count = (moment - self.first) // self.period
        return (self.first + number * self.period for number in range(count, -1, -1))


class Once(msgspec.Struct, frozen=True):
    """At one time."""

    time: datetime

    def after(self, moment: datetime) -> datetime | None:
        """See `Expression.after`."""
        return self.time if moment < self.time else None

    def until(self, moment: datetime) -> Iterator[datetime]:
        """See `Expression.until`."""
        return iter([self.time] if self.time <= moment else [])


class Calendar(msgspec.Struct, frozen=True):
    """By a cron expression, on the clocks of a time zone."""

    cron: Cron
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime | None:
        """See `Expression.after`."""
        times = self._existing(self.cron.after(self._local(moment)))
        return next((time for time in times if time > moment), None)

    def until(self, moment: datetime) -> Iterator[datetime]:
        """See `Expression.until`."""
        # While the clock strikes the same times again, the first round may have gone further than it shows.
        again = moment.astimezone(self.zone).fold
        latest = self._local(moment) + again * _LONGEST_REPETITION
        return (time for time in self._existing(self.cron.until(latest)) if time <= moment)

    def _local(self, moment: datetime) -> datetime:
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0)

    def _existing(self, times: Iterator[datetime]) -> Iterator[datetime]:
        for local in times:
            time = local.replace(tzinfo=self.zone).astimezone(UTC)
            if self._local(time) == local:
                yield time


def parse_expression(text: str, zone: ZoneInfo, first: datetime) -> Expression:
    """Read a schedule expression; a rate counts from `first` on. Raises InvalidExpression."""
    if len(text) > _LONGEST:
        raise InvalidExpression(f"It has {len(text)} characters, and {_LONGEST} are allowed.")
    if (rate := _RATE.fullmatch(text)) is not None and int(rate["value"]) > 0:
        return Rate(first, timedelta(**{f"{rate['unit']}s": int(rate["value"])}))
    try:
        if (at := _AT.fullmatch(text)) is not None:
            return Once(datetime.fromisoformat(at["time"]).replace(tzinfo=zone).astimezone(UTC))
        if (cron := _CRON.fullmatch(text)) is not None:
            return Calendar(parse_cron(cron["fields"]), zone)
    except (InvalidCron, ValueError, OverflowError) as error:
        raise InvalidExpression(str(error)) from error
    raise InvalidExpression(f"{text} is none of cron(…), rate(…) and at(…).")


def is_once(text: str) -> bool:
    """Whether an expression means one time."""
    return _AT.fullmatch(text) is not None
