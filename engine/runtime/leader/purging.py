"""Forgetting what nobody needs any more."""

from __future__ import annotations

from typing import Final

from engine.runtime.clock import DatabaseClock
from engine.runtime.identity import REDRIVABLE_FOR
from engine.runtime.leader.leader import Leader
from engine.storage.protocol import Storage

_SECONDS: Final = 60.0


class Purging:
    """A job of the leader: doing it twice at a time does no harm."""

    def __init__(self, storage: Storage, clock: DatabaseClock) -> None:
        self._storage = storage
        self._clock = clock

    def register(self, leader: Leader) -> None:
        """Have the leader do it."""
        leader.every(_SECONDS, self.purge, "purge")

    async def purge(self) -> None:
        """Let deleted state machines go, and what executions would need to be redriven once it is too late."""
        await self._storage.purge_deleted()
        await self._storage.purge_snapshots(self._clock.now() - REDRIVABLE_FOR)
