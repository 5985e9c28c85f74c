"""The database's clock between the times that the database tells it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from engine.runtime.clock import DatabaseClock

MOMENT = datetime(2030, 1, 2, tzinfo=UTC)


class Steps:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        """Give the seconds."""
        return self.seconds


def test_it_goes_on_from_what_the_database_said() -> None:
    steps = Steps()
    clock = DatabaseClock(steps)
    steps.seconds = 104.0
    clock.synchronize(MOMENT, asked_at=102.0)
    assert clock.now() == MOMENT + timedelta(seconds=1)
    steps.seconds = 110.0
    assert clock.now() == MOMENT + timedelta(seconds=7)
    assert clock.seconds_until(MOMENT + timedelta(seconds=10)) == 3


def test_it_never_goes_back() -> None:
    steps = Steps()
    clock = DatabaseClock(steps)
    clock.synchronize(MOMENT, asked_at=steps())
    assert clock.now() == MOMENT
    clock.synchronize(MOMENT - timedelta(hours=1), asked_at=steps())
    assert clock.now() == MOMENT


def test_it_goes_on_in_steps_and_who_waits_for_a_time_finds_it_past() -> None:
    steps = Steps()
    clock = DatabaseClock(steps)
    clock.synchronize(MOMENT, asked_at=steps())
    assert clock.now() == MOMENT
    steps.seconds += 0.00025
    assert clock.now() is clock.now()
    assert clock.now() == MOMENT
    due = MOMENT + timedelta(microseconds=300)
    wait = clock.seconds_until(due)
    assert wait > 0  # as long as now() is before it: a timer would be armed again and again
    steps.seconds += wait
    assert clock.now() >= due


def test_what_the_database_says_holds_at_once() -> None:
    steps = Steps()
    clock = DatabaseClock(steps)
    clock.synchronize(MOMENT, asked_at=steps())
    assert clock.now() == MOMENT
    clock.synchronize(MOMENT + timedelta(hours=1), asked_at=steps())
    assert clock.now() == MOMENT + timedelta(hours=1)
