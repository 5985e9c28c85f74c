"""Time limits with one timer for all."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from engine.runtime.running.deadlines import Deadlines


def future() -> asyncio.Future[str]:
    return asyncio.get_running_loop().create_future()


async def test_what_is_not_done_in_time_fails() -> None:
    deadlines, late = Deadlines(), future()
    deadlines.limit(late, 0.01)
    with pytest.raises(TimeoutError):
        await late


async def test_what_is_done_in_time_stays_as_it_is() -> None:
    deadlines, done, late = Deadlines(), future(), future()
    deadlines.limit(done, 0.01)
    done.set_result("done")
    deadlines.limit(late, 0.02)
    with pytest.raises(TimeoutError):
        await late
    assert done.result() == "done"


async def test_a_shorter_limit_does_not_wait_for_a_longer_one() -> None:
    deadlines, long, short, canceled = Deadlines(), future(), future(), future()
    deadlines.limit(long, 3600)
    deadlines.limit(short, 0.01)
    deadlines.limit(canceled, 0.01)
    canceled.cancel()
    with pytest.raises(TimeoutError):
        await short
    assert not long.done()
    deadlines.limit(again := future(), 0.01)
    with pytest.raises(TimeoutError):
        await again


async def test_futures_that_are_done_are_not_kept() -> None:
    deadlines = Deadlines()
    for _ in range(1_000):
        deadlines.limit(done := future(), 3600)
        done.set_result("done")
    assert len(deadlines._limited) == 1


def test_one_that_is_over_at_once_and_another_on_the_loop_that_serves() -> None:
    async def both() -> None:
        deadlines, over, late = Deadlines(), future(), future()
        deadlines.limit(over, 0.0)
        deadlines.limit(late, 0.01)
        for each in (over, late):
            with pytest.raises(TimeoutError):
                await each

    uvloop.run(both())


async def test_a_ring_looks_at_those_that_are_due_alone() -> None:
    """However many wait: in an outage of the database each of them may have a time of its own."""
    deadlines, looks = Deadlines(), 0

    class Watched(asyncio.Future[str]):
        def done(self) -> bool:
            nonlocal looks
            looks += 1
            return super().done()

    for number in range(1_000):
        deadlines.limit(Watched(), 3600 - number % 7)
    deadlines.limit(late := future(), 0.01)
    looks = 0
    with pytest.raises(TimeoutError):
        await late
    assert looks < 10
