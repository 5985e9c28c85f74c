"""Schedules, their groups, and what they are to start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.storage.schedules import CreateOutcome, DueFiring, Schedule, ScheduleGroup, Settled, Turn


class Schedules(Protocol):
    """Schedules by group and name. Times are compared to times that the caller gives."""

    async def create_group(self, group: ScheduleGroup) -> bool:
        """Store a new group; False if its organization has one of that name."""
        ...

    async def find_group(self, organization: str, name: str) -> ScheduleGroup | None:
        """Give a group."""
        ...

    async def list_groups(self, organization: str, prefix: str, limit: int, after: str | None) -> list[ScheduleGroup]:
        """Give an organization's groups whose names begin so, by name, from the first name after `after` on."""
        ...

    async def delete_group(self, organization: str, name: str) -> bool:
        """Delete a group with its schedules, what these were to start, and its tags; False if there is none."""
        ...

    async def create_schedule(self, schedule: Schedule) -> CreateOutcome:
        """Store a new schedule."""
        ...

    async def find_schedule(self, organization: str, group: str, name: str) -> Schedule | None:
        """Give a schedule."""
        ...

    async def change_schedule(self, schedule: Schedule) -> bool:
        """Store a schedule's next revision; False if the stored one isn't the revision before.

        What it is to start for times that were due before isn't changed.
        """
        ...

    async def list_schedules(
        self,
        organization: str,
        group: str | None,
        prefix: str,
        limit: int,
        after: tuple[str, str] | None,
        *,
        enabled: bool | None,
    ) -> list[Schedule]:
        """Give schedules whose names begin so, by group and name, from the first after the group and name on."""
        ...

    async def delete_schedule(self, organization: str, group: str, name: str) -> bool:
        """Delete a schedule with what it was to start; False if there is none."""
        ...

    async def due_schedules(self, now: datetime, limit: int) -> list[Schedule]:
        """Give schedules whose due time isn't later, the longest due first."""
        ...

    async def pass_turns(self, term: int, turns: Sequence[Turn]) -> frozenset[UUID]:
        """Move schedules' due times on and store what they are to start, and give the schedules that were moved.

        All in one transaction, on the condition that the leader's term lasts: raises TermEnded. Schedules that have
        come to their end and have nothing to start are deleted.
        """
        ...

    async def due_firings(self, now: datetime, limit: int) -> list[DueFiring]:
        """Give what is to be started by now, the longest due first."""
        ...

    async def settle(self, term: int, settled: Sequence[Settled]) -> None:
        """Note what became of firings, each at most once, as `pass_turns` does. Raises TermEnded."""
        ...
