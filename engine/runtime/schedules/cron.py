"""Cron expressions of six fields, as Amazon EventBridge Scheduler has them.

Source: "Schedule types in EventBridge Scheduler", cron-based schedules. The libraries for cron that there are know no
years, no ``W``, and other numbers for days of the week.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from functools import lru_cache
from typing import Final

import msgspec

from engine.runtime.schedules import days
from engine.runtime.schedules.days import Days

_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_WEEKDAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: Final = 6
_ITEM: Final = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?", re.ASCII)


class InvalidCron(ValueError):  # noqa: N818 - it says what is the matter
    """What is the matter with a cron expression."""


class _Field(msgspec.Struct, frozen=True):
    """A field's range; names count from `low`."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    wraps: bool = True


_MINUTE: Final = _Field("minutes", 0, 59)
_HOUR: Final = _Field("hours", 0, 23)
_DAY: Final = _Field("day-of-month", 1, 31)
_MONTH: Final = _Field("month", 1, 12, _MONTHS)
_WEEKDAY: Final = _Field("day-of-week", 1, 7, _WEEKDAYS)
_YEAR: Final = _Field("year", 1970, 2199, wraps=False)


class Cron(msgspec.Struct, frozen=True):
    """A cron expression: the times of a day, the months and years in order, and the days of a month."""

    times: tuple[time, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days: Days

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Give the local times later than a local time, in order."""
        for year in self.years[bisect_left(self.years, moment.year) :]:
            for month in self.months:
                if (year, month) >= (moment.year, moment.month):
                    for day in self._of_month(year, month):
                        if day.date() >= moment.date():
                            yield from self._of_day(day, bisect_right(self.times, moment.time()), moment)

    def until(self, moment: datetime) -> Iterator[datetime]:
        """Give the local times not later than a local time, the latest first."""
        for year in reversed(self.years[: bisect_right(self.years, moment.year)]):
            for month in reversed(self.months):
                if (year, month) <= (moment.year, moment.month):
                    for day in reversed(self._of_month(year, month)):
                        if day.date() <= moment.date():
                            end = bisect_right(self.times, moment.time()) if day.date() == moment.date() else None
                            yield from (datetime.combine(day, at) for at in reversed(self.times[:end]))

    def _of_month(self, year: int, month: int) -> list[datetime]:
        return [datetime(year, month, day) for day in self.days(year, month)]  # noqa: DTZ001 - local time

    def _of_day(self, day: datetime, passed: int, moment: datetime) -> Iterator[datetime]:
        begin = passed if day.date() == moment.date() else 0
        return (datetime.combine(day, at) for at in self.times[begin:])


@lru_cache(maxsize=1024)
def parse_cron(text: str) -> Cron:
    """Read the fields ``minutes hours day-of-month month day-of-week year``. Raises InvalidCron."""
    fields = text.upper().split()
    if len(fields) != _FIELDS:
        raise InvalidCron(f"It has {len(fields)} fields, not {_FIELDS}.")
    minute, hour, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise InvalidCron("One of the fields day-of-month and day-of-week, and not the other, must be '?'.")
    hours, minutes = _values(hour, _HOUR), _values(minute, _MINUTE)
    return Cron(
        times=tuple(time(at, past) for at in hours for past in minutes),
        months=_values(month, _MONTH),
        years=_values(year, _YEAR),
        days=_days_of_week(weekday) if day == "?" else _days_of_month(day),
    )


def _days_of_month(text: str) -> Days:
    if text == "L":
        return days.last_of_month()
    if text == "LW":
        return days.nearest_weekday(None)
    if text.endswith("W"):
        return days.nearest_weekday(_value(text[:-1], _DAY))
    return days.of_month(_values(text, _DAY))


def _days_of_week(text: str) -> Days:
    weekday, hash_, nth = text.partition("#")
    if hash_:
        if nth not in {"1", "2", "3", "4", "5"}:
            raise InvalidCron(f"'{text}' in the field day-of-week names no week from 1 to 5.")
        return days.nth_of_week(_value(weekday, _WEEKDAY), int(nth))
    if text == "L":
        return days.of_week([_WEEKDAY.high])
    if text.endswith("L"):
        return days.last_of_week(_value(text[:-1], _WEEKDAY))
    return days.of_week(_values(text, _WEEKDAY))


def _values(text: str, field: _Field) -> tuple[int, ...]:
    return tuple(sorted({value for item in text.split(",") for value in _range(item, field)}))


def _range(item: str, field: _Field) -> Sequence[int]:
    match = _ITEM.fullmatch(item)
    if match is None or (match["first"] == "*" and match["last"] is not None):
        raise InvalidCron(f"'{item}' in the field {field.name} can't be read.")
    step = 1 if match["step"] is None else int(match["step"])
    if not 1 <= step <= field.high:
        raise InvalidCron(f"The increment {step} in the field {field.name} must be from 1 to {field.high}.")
    first, last = _ends(match["first"], match["last"], field, steps=match["step"] is not None)
    if first <= last:
        return range(first, last + 1, step)
    if not field.wraps:
        raise InvalidCron(f"The range '{item}' in the field {field.name} ends before it begins.")
    around = [*range(first, field.high + 1), *range(field.low, last + 1)]
    return around[::step]


def _ends(first: str, last: str | None, field: _Field, *, steps: bool) -> tuple[int, int]:
    if first == "*":
        return field.low, field.high
    begin = _value(first, field)
    if last is not None:
        return begin, _value(last, field)
    return begin, field.high if steps else begin


def _value(text: str, field: _Field) -> int:
    if text in field.names:
        return field.low + field.names.index(text)
    if text.isdecimal() and text.isascii() and field.low <= int(text) <= field.high:
        return int(text)
    raise InvalidCron(f"'{text}' in the field {field.name} must be from {field.low} to {field.high}.")
