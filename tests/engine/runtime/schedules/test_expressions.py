"""When schedule expressions say that something happens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.schedules.expressions import Expression, InvalidExpression, parse_expression

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca")


def utc(text: str) -> datetime:
    """Read a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def parse(text: str, zone: str = "UTC", first: datetime = FIRST) -> Expression:
    """Read an expression."""
    return parse_expression(text, ZoneInfo(zone), first)


def following(text: str, after: str, count: int, zone: str = "UTC") -> list[str]:
    """Give the next times, in UTC."""
    expression, moment, times = parse(text, zone), utc(after), list[str]()
    while len(times) < count and (time := expression.after(moment)) is not None:
        times.append(time.strftime("%Y-%m-%dT%H:%M"))
        moment = time
    return times


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("cron(0 10 * * ? *)", "2026-03-31T10:00", ["2026-04-01T10:00", "2026-04-02T10:00"]),
        ("cron(15 12 * * ? *)", "2026-03-31T10:00", ["2026-03-31T12:15"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-04-03T18:00", ["2026-04-06T18:00", "2026-04-07T18:00"]),
        ("cron(0 8 1 * ? *)", "2026-04-01T08:00", ["2026-05-01T08:00", "2026-06-01T08:00"]),
        ("cron(1/15 * * * ? *)", "2026-04-01T08:02", ["2026-04-01T08:16", "2026-04-01T08:31", "2026-04-01T08:46"]),
        ("cron(0/10 * ? * MON-FRI *)", "2026-04-03T23:45", ["2026-04-03T23:50", "2026-04-06T00:00"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", "2026-04-03T17:50", ["2026-04-03T17:55", "2026-04-06T08:00"]),
        ("cron(15 10 ? * 6L 2022-2023)", "2022-01-01T00:00", ["2022-01-28T10:15", "2022-02-25T10:15"]),
        ("cron(15 10 ? * 6L 2022-2023)", "2023-12-01T00:00", ["2023-12-29T10:15"]),
        ("cron(0 9 ? * 2#1 *)", "2026-04-01T00:00", ["2026-04-06T09:00", "2026-05-04T09:00"]),
        ("cron(0 0 L * ? *)", "2028-02-01T00:00", ["2028-02-29T00:00", "2028-03-31T00:00"]),
        ("cron(0 0 3W * ? *)", "2026-10-01T00:00", ["2026-10-02T00:00", "2026-11-03T00:00"]),
        ("cron(0 0 1W * ? *)", "2026-08-01T00:00", ["2026-08-03T00:00"]),
        ("cron(0 0 31W * ? *)", "2026-05-01T00:00", ["2026-05-29T00:00", "2026-07-31T00:00"]),
        ("cron(0 0 LW * ? *)", "2026-02-01T00:00", ["2026-02-27T00:00"]),
        ("cron(0 0 ? * L *)", "2026-04-01T00:00", ["2026-04-04T00:00"]),
        ("cron(0 0 ? * 1 *)", "2026-04-01T00:00", ["2026-04-05T00:00"]),
        ("cron(0 0 ? * FRIL *)", "2026-04-01T00:00", ["2026-04-24T00:00"]),
        ("cron(0 0 29 2 ? *)", "2026-04-01T00:00", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 0 ? * MON#5 *)", "2026-04-01T00:00", ["2026-06-29T00:00"]),
        ("cron(0-15/5 8-8 ? * 2,3,4,5,6,7 *)", "2026-04-05T00:00", ["2026-04-06T08:00", "2026-04-06T08:05"]),
        ("cron(0 22-1 * * ? *)", "2026-04-05T22:30", ["2026-04-05T23:00", "2026-04-06T00:00", "2026-04-06T01:00"]),
        ("cron(0 0 ? * sat-mon *)", "2026-04-01T00:00", ["2026-04-04T00:00", "2026-04-05T00:00", "2026-04-06T00:00"]),
        ("cron(0 12 1 JAN,jul ? 2026/2)", "2026-02-01T00:00", ["2026-07-01T12:00", "2028-01-01T12:00"]),
        ("cron(0 0 31 2 ? *)", "2026-04-01T00:00", []),
        ("cron(0 0 1 1 ? 2020)", "2026-04-01T00:00", []),
        ("rate(5 minutes)", "2026-01-01T00:07", ["2026-01-01T00:10", "2026-01-01T00:15"]),
        ("rate(1 hour)", "2025-12-01T00:00", ["2026-01-01T00:00", "2026-01-01T01:00"]),
        ("rate(2 minute)", "2026-01-01T00:00", ["2026-01-01T00:02"]),
        ("rate(3 days)", "2026-01-01T00:00", ["2026-01-04T00:00"]),
        ("at(2026-11-20T13:00:00)", "2026-01-01T00:00", ["2026-11-20T13:00"]),
        ("at(2026-11-20T13:00:00)", "2026-11-20T13:00", []),
    ],
)
def test_the_next_times(text: str, after: str, expected: list[str]) -> None:
    assert following(text, after, max(len(expected), 1)) == expected


@pytest.mark.parametrize(
    ("text", "zone", "after", "expected"),
    [
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-30T00:30", "2026-03-31T00:30"]),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-25T00:45", ["2026-10-26T01:30"]),
        ("cron(0 3 * * ? *)", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T01:00"]),
        ("cron(30 2 * * ? *)", "America/New_York", "2026-03-07T12:00", ["2026-03-09T06:30"]),
        ("cron(30 1 * * ? *)", "America/New_York", "2026-10-31T12:00", ["2026-11-01T05:30", "2026-11-02T06:30"]),
        ("cron(0 9 * * ? *)", "Asia/Kolkata", "2026-03-28T12:00", ["2026-03-29T03:30"]),
        ("cron(15 2 * * ? *)", "Australia/Lord_Howe", "2026-10-03T00:00", ["2026-10-04T15:15"]),
        ("cron(45 1 * * ? *)", "Australia/Lord_Howe", "2026-04-03T20:00", ["2026-04-04T14:45", "2026-04-05T15:15"]),
        ("rate(1 day)", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-29T00:00", "2026-03-30T00:00"]),
        ("at(2026-07-01T09:00:00)", "America/New_York", "2026-01-01T00:00", ["2026-07-01T13:00"]),
        ("at(2026-10-25T02:30:00)", "Europe/Berlin", "2026-01-01T00:00", ["2026-10-25T00:30"]),
        ("at(2026-03-29T02:30:00)", "Europe/Berlin", "2026-01-01T00:00", ["2026-03-29T01:30"]),
    ],
)
def test_clocks_that_are_put_forward_and_back(text: str, zone: str, after: str, expected: list[str]) -> None:
    assert following(text, after, len(expected), zone) == expected


@pytest.mark.parametrize(
    "text",
    [
        "cron(0 1 * * * *)",
        "cron(0 1 ? * ? *)",
        "cron(7 20 * * NOT *)",
        "cron(INVALID)",
        "cron(0 dummy ? * MON-FRI *)",
        "cron(71 8 1 * ? *)",
        "cron()",
        "cron(0 0 * * ?)",
        "cron(0/0 0 * * ? *)",
        "cron(0/60 0 * * ? *)",
        "cron(*-5 0 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 0 32 * ? *)",
        "cron(0 0 L-3 * ? *)",
        "cron(0 0 W * ? *)",
        "cron(0 0 ? * 2#6 *)",
        "cron(0 0 ? * 8L *)",
        "cron(0 0 ? * 0 *)",
        "cron(0 0 1 13 ? *)",
        "cron(0 0 1 * ? 1969)",
        "cron(0 0 1 * ? 2030-2020)",
        "cron(0, 0 1 * ? *)",
        "rate(10 seconds)",
        "rate(10 years)",
        "rate()",
        "rate(10)",
        "rate(0 minutes)",
        "rate(10 minutess)",
        "rate(foo minutes)",
        "rate(-10 minutes)",
        "rate( 10 minutes )",
        " rate(10 minutes)",
        "at(2021-12-31T23:59:59Z)",
        "at(2021-12-31)",
        "at(2021-02-30T00:00:00)",
        "every day",
        "",
    ],
)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(InvalidExpression):
        parse(text)


fields = st.builds(
    "cron({} {} {} {} *)".format,
    st.sampled_from(["*", "0", "30", "0/15", "7,59", "45-5/4"]),
    st.sampled_from(["*", "0-3", "2", "1/5", "23,0"]),
    st.sampled_from(["*", "1,15", "L", "31", "LW", "20W", "1-31/9"]),
    st.sampled_from(["* ?", "3,10,11 ?", "APR-OCT ?"]),
) | st.builds(
    "cron({} {} ? * {} *)".format,
    st.sampled_from(["0", "*/20"]),
    st.sampled_from(["*", "1-3"]),
    st.sampled_from(["MON-FRI", "SUN", "1L", "7#2", "L"]),
)
expressions = fields | st.sampled_from(["rate(7 minutes)", "rate(5 hours)", "rate(2 days)"])
local_times = st.datetimes(datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31"))
moments = local_times.map(lambda moment: moment.replace(tzinfo=UTC))


@given(expressions, st.sampled_from(ZONES), moments)
def test_forward_and_backward_meet(text: str, zone: str, moment: datetime) -> None:
    expression = parse(text, zone)
    after = expression.after(moment)
    assert after is not None
    assert after > moment
    assert next(expression.until(after)) == after
    backward = list(islice(expression.until(after), 6))
    assert backward == sorted(set(backward), reverse=True)
    forward = []
    time: datetime | None = backward[-1]
    while time is not None and time <= after:
        forward.append(time)
        time = expression.after(time)
    assert forward == backward[::-1]


@given(st.sampled_from(ZONES), local_times)
def test_each_local_time_happens_once_unless_the_clock_skips_it(zone: str, local: datetime) -> None:
    local = local.replace(second=0, microsecond=0)
    text = f"cron({local.minute} {local.hour} {local.day} {local.month} ? {local.year})"
    expression = parse(text, zone)
    once = expression.after(utc("2025-01-01T00:00"))
    exists = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if exists != local:
        assert once is None
        return
    assert once == local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert expression.after(once) is None


def test_a_rate_ends_with_time_itself() -> None:
    assert parse("rate(999999 days)").after(datetime(9999, 1, 1, tzinfo=UTC)) is None
    assert parse("rate(1 minute)").after(FIRST - timedelta(days=1)) == FIRST
