"""Who among the processes leads."""

from __future__ import annotations

from typing import Protocol

from engine.storage.leadership import Leading


class Leadership(Protocol):
    """One process leads at a time: as long as its lease holds, by the database's clock.

    What a leader writes is conditional on its term: a method that takes one raises TermEnded, and nothing is written,
    once another process leads or the leader has resigned.
    """

    async def elect(self, epoch: int) -> Leading | None:
        """Make the process the leader if nobody with a valid lease is, and tell who leads.

        None if nobody does: the process has no valid lease itself, or another one was quicker.
        """
        ...

    async def resign(self, term: int) -> None:
        """End a term, if it lasts yet, and tell the other processes so."""
        ...
