"""Executions that were over long ago: looked for, archived, and what they leave behind removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.storage.retention import Abandoned, Candidate, Part, Stretch


class Retention(Protocol):
    """What the leader needs to archive executions. Each step may be done again, by a second leader at once too."""

    async def due_stretches(self, now: datetime, limit: int) -> list[Stretch]:
        """Give stretches that are due; the one that has all ids to come, from where it was left on, always is."""
        ...

    async def candidates(self, after: UUID, last: UUID, limit: int, ended_before: datetime) -> list[Candidate]:
        """Give executions that aren't archived, in the order of their ids."""
        ...

    async def advance(self, stretch: Stretch, position: UUID | None, later: Sequence[Stretch]) -> None:
        """Shorten a stretch to what comes after `position`, or end it with None, and store others, all or nothing."""
        ...

    async def map_runs_within(self, after: UUID, last: UUID) -> list[UUID]:
        """Give the map runs that run and whose ids are in a range."""
        ...

    async def begin_archive(self, name: str) -> int:
        """Note that executions are about to be read and written to an archive of this name, and give its number."""
        ...

    async def complete_archive(self, archive: int, parts: Sequence[Part], ended_before: datetime) -> bool:
        """Make executions refer to an archive that is written, and remove what it has of them.

        False, and nothing is changed, if the archive was abandoned, or if one of the executions runs, ended later, is
        archived already, or is being erased or was since `begin_archive`.
        """
        ...

    async def abandon_archives(self, begun_before: datetime) -> list[Abandoned]:
        """Give the archives that were begun before and not completed; from now on they can't be."""
        ...

    async def forget_archive(self, archive: int) -> None:
        """Forget an abandoned archive whose file is gone."""
        ...

    async def arrange_history(self, now: datetime, ended_before: datetime | None) -> list[str]:
        """Make room for the history of the months to come, and remove that of archived executions.

        `ended_before` is None where executions aren't archived. Says what was done, a sentence each; a storage
        without partitions has nothing to do.
        """
        ...
