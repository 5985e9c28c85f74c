"""The leader's job: to pass schedules' turns and to start what is due.

A turn is passed in one transaction, which stores what is to be started and moves the schedule on; then executions are
started under names that are made of schedule and time; then it is noted that they were. Whoever leads next goes on
wherever this one stopped: a start that wasn't noted finds the execution that it would start again.
"""

from __future__ import annotations

from typing import Final

from engine.runtime.clock import DatabaseClock
from engine.runtime.leader import Leader
from engine.runtime.schedules.launching import Launching
from engine.runtime.schedules.turns import take_turn
from engine.storage.protocol import Storage

_AT_A_TIME: Final = 1_000


class Scheduler:
    """Does what schedules say, as long as this process leads."""

    def __init__(self, storage: Storage, launching: Launching, leader: Leader, clock: DatabaseClock) -> None:
        self._storage = storage
        self._launching = launching
        self._leader = leader
        self._clock = clock

    def register(self, seconds: float) -> None:
        """Have the leader look every so many seconds."""
        self._leader.every(seconds, self.run, "schedules")

    async def run(self) -> None:
        """Deal with all that is due. Raises TermEnded, StorageUnavailable."""
        busy = True
        while busy:
            passed = await self._pass_turns()
            started = await self._start()
            busy = max(passed, started) == _AT_A_TIME

    async def _pass_turns(self) -> int:
        now = self._clock.now()
        schedules = await self._storage.due_schedules(now, _AT_A_TIME)
        turns = [take_turn(each, each.due_at, now) for each in schedules if each.due_at is not None]
        if turns:
            await self._storage.pass_turns(self._leader.term, turns)
        return len(turns)

    async def _start(self) -> int:
        now = self._clock.now()
        firings = await self._storage.due_firings(now, _AT_A_TIME)
        if firings:
            term = self._leader.term
            await self._storage.settle(term, await self._launching.launch(firings, now))
        return len(firings)
