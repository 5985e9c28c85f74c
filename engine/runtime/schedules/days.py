"""Which days of a month a cron expression means.

Source: "Schedule types in EventBridge Scheduler", wildcards of the fields day-of-month and day-of-week.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import date

Days = Callable[[int, int], Sequence[int]]
"""Gives the days of a year's month, in order."""


def last_day(year: int, month: int) -> int:
    """Give a month's last day."""
    return monthrange(year, month)[1]


def of_month(days: Sequence[int]) -> Days:
    """Give the days that have these numbers, in months that have such days."""
    return lambda year, month: [day for day in days if day <= last_day(year, month)]


def last_of_month() -> Days:
    """Give the last day."""
    return lambda year, month: [last_day(year, month)]


def nearest_weekday(day: int | None) -> Days:
    """Give the weekday, Monday to Friday, that is nearest to a day, or to the last one, within the month."""

    def days(year: int, month: int) -> list[int]:
        last = last_day(year, month)
        wanted = last if day is None else day
        if wanted > last:
            return []
        match date(year, month, wanted).weekday():
            case 5:
                return [wanted - 1 if wanted > 1 else wanted + 2]
            case 6:
                return [wanted + 1 if wanted < last else wanted - 2]
        return [wanted]

    return days


def of_week(weekdays: Sequence[int]) -> Days:
    """Give the days of the week that have these numbers, 1 for Sunday to 7 for Saturday."""
    return lambda year, month: [
        day for day in range(1, last_day(year, month) + 1) if _number(year, month, day) in weekdays
    ]


def last_of_week(weekday: int) -> Days:
    """Give the month's last day of the week that has this number."""
    return lambda year, month: of_week([weekday])(year, month)[-1:]


def nth_of_week(weekday: int, nth: int) -> Days:
    """Give the month's nth day, counted from 1, of the week that has this number."""
    return lambda year, month: of_week([weekday])(year, month)[nth - 1 : nth]


def _number(year: int, month: int, day: int) -> int:
    return (date(year, month, day).weekday() + 1) % 7 + 1
