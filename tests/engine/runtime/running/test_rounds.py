"""How the commit loop's rounds and what follows from them take turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from uuid import UUID

import pytest

from engine.runtime.clock import DatabaseClock
from engine.runtime.observer import SilentObserver
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.running.commit_loop import Commit, CommitLoop, Outcome
from engine.storage.identifiers import time_ordered_uuid
from engine.storage.memory import MemoryStorage
from engine.storage.records import Write
from tests.engine.runtime.support import eventually


class Slow(MemoryStorage):
    """A database whose rounds take until they are let go; everything is applied."""

    def __init__(self) -> None:
        super().__init__()
        self.rounds: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Note a round."""
        assert epoch > 0
        self.rounds.append(len(writes))
        await self.gate.wait()
        await asyncio.sleep(0)
        return frozenset(write.execution_id for write in writes)


class Loop:
    """A commit loop that runs, and what it told."""

    def __init__(self) -> None:
        self.storage = Slow()
        self.told: list[Outcome] = []
        lease = ProcessLease(self.storage, DatabaseClock(), name="test", seconds=60, on_lost=self._on_lost)
        self.lease = lease
        self.commits = CommitLoop(self.storage, lease, SilentObserver(), 1_000)

    def put(self, then: Callable[[], None] = lambda: None) -> None:
        """Queue a commit, and say what follows from it."""

        def settle(outcome: Outcome) -> None:
            self.told.append(outcome)
            then()

        self.commits.put(Commit(Write(execution_id=time_ordered_uuid(), sequence=1, snapshot=b""), settle))

    def _on_lost(self) -> None:
        self.commits.abandon()


@pytest.fixture
async def loop() -> AsyncIterator[Loop]:
    """A commit loop that runs."""
    made = Loop()
    await made.lease.acquire()
    running = asyncio.create_task(made.commits.run())
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_while_one_half_is_written_the_other_is_told(loop: Loop) -> None:
    for _ in range(400):
        loop.put(loop.put)
    await loop.commits.flush()
    assert loop.storage.rounds == [400, 200, 200]
    assert loop.told == ["applied"] * 800


async def test_a_small_round_is_told_at_once_so_that_what_follows_shares_the_next(loop: Loop) -> None:
    for _ in range(20):
        loop.put(loop.put)
    await loop.commits.flush()
    assert loop.storage.rounds == [20, 20]


async def test_what_was_written_is_told_though_the_next_round_takes_long(loop: Loop) -> None:
    def follow() -> None:
        loop.storage.gate.clear()
        loop.put()

    for _ in range(300):
        loop.put(follow)
    await eventually(lambda: len(loop.told) == 300)
    assert loop.storage.rounds == [300, 150]
    loop.storage.gate.set()
    await loop.commits.flush()
    assert loop.told == ["applied"] * 600


async def test_others_have_their_turn_between(loop: Loop) -> None:
    for _ in range(1_000):
        loop.put()
    seen = set()
    while len(loop.told) < 1_000:
        await asyncio.sleep(0)
        seen.add(len(loop.told))
    assert len(seen) > 5


async def test_what_is_not_told_yet_when_the_lease_is_lost_is_for_the_next_owner(loop: Loop) -> None:
    def lose() -> None:
        if loop.lease.epoch is not None:
            loop.lease._lose(loop.lease.epoch)

    for _ in range(300):
        loop.put(lose)
    await eventually(lambda: len(loop.told) == 300)
    assert loop.told[0] == "applied"
    assert "lost" in loop.told
    assert loop.commits.queued == 0


async def test_what_fails_to_follow_harms_no_other(loop: Loop, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise RuntimeError("no more")

    loop.put(fail)
    loop.put()
    await loop.commits.flush()
    assert loop.told == ["applied", "applied"]
    assert "What follows a commit" in caplog.text
