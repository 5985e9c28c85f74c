"""Who leads, in memory."""

from __future__ import annotations

from engine.storage.leadership import Leading
from engine.storage.memory.tables import Tables
from engine.storage.protocol import NOBODY


class MemoryLeadership:
    """See `Leadership`."""

    _tables: Tables

    async def elect(self, epoch: int) -> Leading | None:
        """See `Leadership.elect`."""
        tables = self._tables
        if not tables.holds_lease(tables.leader):
            if not tables.holds_lease(epoch):
                return None
            tables.leader, tables.term = epoch, tables.term + 1
        return Leading(tables.term, tables.leader, tables.process_names.get(tables.leader, ""))

    async def resign(self, term: int) -> None:
        """See `Leadership.resign`."""
        if self._tables.term == term:
            self._tables.leader, self._tables.term = NOBODY, term + 1
            self._tables.tell(NOBODY)
