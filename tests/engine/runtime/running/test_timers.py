"""Timers in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from engine.runtime.clock import DatabaseClock
from engine.runtime.running.timers import Timers
from engine.storage.identifiers import time_ordered_uuid

KEY = time_ordered_uuid()


def make() -> tuple[Timers, list[tuple[UUID, str]], DatabaseClock]:
    """Make timers that note what fires."""
    fired: list[tuple[UUID, str]] = []
    clock = DatabaseClock()
    return Timers(clock, lambda execution, timer: fired.append((execution, timer))), fired, clock


async def test_timers_fire_in_the_order_of_their_due_times() -> None:
    timers, fired, clock = make()
    for name, seconds in (("b", 0.02), ("c", 0.03), ("a", 0.01), ("past", -5.0)):
        timers.set(KEY, name, clock.now() + timedelta(seconds=seconds))
    async with asyncio.timeout(60):
        while len(timers):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    assert fired == [(KEY, "past"), (KEY, "a"), (KEY, "b"), (KEY, "c")]


async def test_canceled_and_reset_timers_do_not_fire_as_they_were() -> None:
    timers, fired, clock = make()
    soon = clock.now() + timedelta(seconds=0.01)
    for name in ("canceled", "reset", "kept"):
        timers.set(KEY, name, soon)
    timers.cancel(KEY, "canceled")
    timers.cancel(KEY, "unknown")
    timers.set(KEY, "reset", soon + timedelta(hours=1))
    async with asyncio.timeout(60):
        while not fired:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)
    assert fired == [(KEY, "kept")]
    assert len(timers) == 1
    timers.clear()
    assert len(timers) == 0


async def test_canceled_timers_do_not_pile_up() -> None:
    timers, fired, clock = make()
    due = clock.now() + timedelta(hours=1)
    for number in range(10_000):
        timers.set(KEY, str(number), due)
        timers.cancel(KEY, str(number))
    assert len(timers._heap) < 2_000
    assert fired == []
    timers.clear()


async def test_many_that_are_due_at_once_leave_others_their_turn() -> None:
    timers, fired, clock = make()
    past = clock.now() - timedelta(seconds=1)
    for number in range(1_000):
        timers.set(KEY, str(number), past)
    seen = set()
    async with asyncio.timeout(60):
        while len(timers):
            await asyncio.sleep(0)
            seen.add(len(fired))
    assert len(fired) == 1_000
    assert len(seen) >= 10
