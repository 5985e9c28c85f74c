"""Start, end, and what is made up for after a time when nobody led."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.schedules.expressions import parse_expression
from engine.runtime.schedules.recurrence import ON_TIME, CatchUp, Patience, Recurrence

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def every(text: str, start: datetime | None = None, end: datetime | None = None) -> Recurrence:
    """Give a recurrence whose rate counts from noon."""
    return Recurrence(parse_expression(text, ZoneInfo("UTC"), NOON), start, end)


def test_nothing_before_the_start_and_nothing_after_the_end() -> None:
    hourly = every("cron(0 * * * ? *)", NOON, NOON + 2 * HOUR)
    assert hourly.after(NOON - 24 * HOUR) == NOON
    assert hourly.after(NOON + HOUR) == NOON + 2 * HOUR
    assert hourly.after(NOON + 2 * HOUR) is None
    assert list(hourly.until(NOON + 24 * HOUR)) == [NOON + 2 * HOUR, NOON + HOUR, NOON]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("ALL", [0, 1, 2, 3]), ("ONCE", [3]), ("SKIP", [])],
)
def test_what_was_missed(policy: CatchUp, expected: list[int]) -> None:
    chosen = Patience(policy).choose(every("rate(1 hour)"), NOON, NOON + 3.5 * HOUR)
    assert chosen == [NOON + number * HOUR for number in expected]


@pytest.mark.parametrize("policy", ["ALL", "ONCE", "SKIP"])
def test_what_is_on_time_is_never_missed(policy: CatchUp) -> None:
    assert Patience(policy).choose(every("rate(1 hour)"), NOON, NOON + timedelta(seconds=59)) == [NOON]


def test_after_a_long_time_the_latest_count() -> None:
    recurrence, now = every("rate(1 minute)"), NOON + 300 * MINUTE
    assert Patience("ALL", limit=3).choose(recurrence, NOON, now) == [now - 2 * MINUTE, now - MINUTE, now]
    assert Patience("ALL", age=2 * MINUTE).choose(recurrence, NOON, now) == [now - 2 * MINUTE, now - MINUTE, now]
    assert Patience("ONCE").choose(recurrence, NOON, now) == [now]


def test_one_time_that_was_missed() -> None:
    once = every("at(2026-05-01T12:00:00)")
    assert Patience("ALL").choose(once, NOON, NOON + HOUR) == [NOON]
    assert Patience("ONCE").choose(once, NOON, NOON + HOUR) == [NOON]
    assert Patience("SKIP").choose(once, NOON, NOON + HOUR) == []
    assert Patience("ALL").choose(once, NOON, NOON + 25 * HOUR) == []


@given(
    st.sampled_from(["ALL", "ONCE", "SKIP"]),
    st.integers(1, 20),
    st.lists(st.integers(0, 4000), min_size=1, max_size=8),
)
def test_whenever_the_leader_looks_no_time_is_chosen_twice(policy: CatchUp, limit: int, looks: list[int]) -> None:
    recurrence, patience = every("cron(0/7 * * * ? *)"), Patience(policy, limit)
    due: datetime | None = recurrence.after(NOON)
    chosen: list[datetime] = []
    for seconds in sorted(looks):
        now = NOON + timedelta(seconds=seconds)
        if due is None or due > now:
            continue
        times = patience.choose(recurrence, due, now)
        assert len(times) <= limit
        assert all(due <= time <= now for time in times)
        assert policy != "SKIP" or all(now - time <= ON_TIME for time in times)
        chosen += times
        due = recurrence.after(now)
    assert chosen == sorted(set(chosen))
