"""What is told about a schedule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from engine.runtime.schedules.configuration import Invocation, ScheduleConfiguration
from engine.runtime.schedules.records import ScheduleRecord

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def record(expression: str, next_at: datetime | None, **chosen: object) -> ScheduleRecord:
    configuration = ScheduleConfiguration(expression=expression, target=Invocation(arn="arn"), **chosen)  # type: ignore[arg-type]
    return ScheduleRecord(
        arn="arn:aws:scheduler:us-east-1:000000000000:schedule/default/nightly",
        group="default",
        name="nightly",
        enabled=next_at is not None,
        configuration=configuration,
        next_at=next_at,
        latest_execution=None,
        created_at=NOON,
        updated_at=NOON,
    )


def test_a_rate_goes_on_from_its_next_time() -> None:
    start = NOON - timedelta(hours=1, microseconds=-500)
    for chosen in ({}, {"start": start}):
        times = record("rate(20 minutes)", NOON, **chosen).upcoming(3)
        assert times == [NOON, NOON + timedelta(minutes=20), NOON + timedelta(minutes=40)]


def test_times_are_those_of_the_time_zone_until_the_end() -> None:
    nightly = record("cron(0 4 * * ? *)", NOON, timezone="Asia/Tokyo", end=NOON + timedelta(days=1))
    assert nightly.upcoming(9) == [NOON, NOON + timedelta(hours=7)]


@pytest.mark.parametrize(("next_at", "times"), [(NOON, [NOON]), (None, [])])
def test_what_happens_once_or_not_any_more(next_at: datetime | None, times: list[datetime]) -> None:
    assert record("at(2026-05-01T12:00:00)", next_at).upcoming(5) == times
