"""Schedules in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from engine.storage.errors import TermEnded
from engine.storage.memory.tables import Tables
from engine.storage.schedules import CreateOutcome, DueFiring, Firing, Schedule, ScheduleGroup, Settled, Turn


class MemorySchedules:
    """See `Schedules`."""

    _tables: Tables

    async def create_group(self, group: ScheduleGroup) -> bool:
        """See `Schedules.create_group`."""
        return self._tables.schedule_groups.setdefault((group.organization, group.name), group) is group

    async def find_group(self, organization: str, name: str) -> ScheduleGroup | None:
        """See `Schedules.find_group`."""
        return self._tables.schedule_groups.get((organization, name))

    async def list_groups(self, organization: str, prefix: str, limit: int, after: str | None) -> list[ScheduleGroup]:
        """See `Schedules.list_groups`."""
        known = (group for (owner, _), group in sorted(self._tables.schedule_groups.items()) if owner == organization)
        return [group for group in known if group.name.startswith(prefix) and (after is None or group.name > after)][
            :limit
        ]

    async def delete_group(self, organization: str, name: str) -> bool:
        """See `Schedules.delete_group`."""
        group = self._tables.schedule_groups.pop((organization, name), None)
        if group is None:
            return False
        self._tables.tags.pop(group.id, None)
        self._forget(s.id for s in self._all() if (s.organization, s.group_name) == (organization, name))
        return True

    async def create_schedule(self, schedule: Schedule) -> CreateOutcome:
        """See `Schedules.create_schedule`."""
        if (schedule.organization, schedule.group_name) not in self._tables.schedule_groups:
            return "group-absent"
        if await self.find_schedule(schedule.organization, schedule.group_name, schedule.name) is not None:
            return "exists"
        self._tables.schedules[schedule.id] = schedule
        return "stored"

    async def find_schedule(self, organization: str, group: str, name: str) -> Schedule | None:
        """See `Schedules.find_schedule`."""
        wanted = (organization, group, name)
        return next((s for s in self._all() if (s.organization, s.group_name, s.name) == wanted), None)

    async def change_schedule(self, schedule: Schedule) -> bool:
        """See `Schedules.change_schedule`."""
        known = self._tables.schedules.get(schedule.id)
        if known is None or known.revision != schedule.revision - 1:
            return False
        self._tables.schedules[schedule.id] = replace(schedule, latest_execution=known.latest_execution)
        return True

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
        """See `Schedules.list_schedules`."""
        found = [
            s
            for s in self._all()
            if s.organization == organization
            and group in {None, s.group_name}
            and s.name.startswith(prefix)
            and enabled in {None, s.enabled}
            and (after is None or (s.group_name, s.name) > after)
        ]
        return sorted(found, key=lambda s: (s.group_name, s.name))[:limit]

    async def delete_schedule(self, organization: str, group: str, name: str) -> bool:
        """See `Schedules.delete_schedule`."""
        known = await self.find_schedule(organization, group, name)
        if known is not None:
            self._forget([known.id])
        return known is not None

    async def due_schedules(self, now: datetime, limit: int) -> list[Schedule]:
        """See `Schedules.due_schedules`."""
        due = sorted((s.due_at, s.id) for s in self._all() if s.due_at is not None and s.due_at <= now)
        return [self._tables.schedules[schedule_id] for _, schedule_id in due[:limit]]

    async def pass_turns(self, term: int, turns: Sequence[Turn]) -> frozenset[UUID]:
        """See `Schedules.pass_turns`."""
        self._require_term(term)
        moved = set[UUID]()
        for turn in turns:
            known = self._tables.schedules.get(turn.schedule_id)
            if known is not None and (known.revision, known.due_at) == (turn.revision, turn.due_at):
                self._tables.schedules[known.id] = replace(known, due_at=turn.next_at)
                for firing in turn.firings:
                    self._tables.firings.setdefault((known.id, firing.scheduled_at), firing)
                moved.add(known.id)
        self._end(moved)
        return frozenset(moved)

    async def due_firings(self, now: datetime, limit: int) -> list[DueFiring]:
        """See `Schedules.due_firings`."""
        due = [firing for firing in self._tables.firings.values() if firing.start_at <= now]
        due.sort(key=lambda firing: (firing.start_at, firing.scheduled_at))
        return [self._due(firing, now) for firing in due[:limit]]

    async def settle(self, term: int, settled: Sequence[Settled]) -> None:
        """See `Schedules.settle`."""
        self._require_term(term)
        for each in settled:
            key = (each.schedule_id, each.scheduled_at)
            if key in self._tables.firings and each.retry_at is not None:
                firing = replace(self._tables.firings[key], start_at=each.retry_at, attempt=each.attempt)
                self._tables.firings[key] = firing
            elif self._tables.firings.pop(key, None) is not None and each.execution_id is not None:
                schedule = self._tables.schedules[each.schedule_id]
                self._tables.schedules[schedule.id] = replace(schedule, latest_execution=each.execution_id)
        self._end(each.schedule_id for each in settled)

    def _all(self) -> list[Schedule]:
        return list(self._tables.schedules.values())

    def _due(self, firing: Firing, now: datetime) -> DueFiring:
        schedule = self._tables.schedules[firing.schedule_id]
        earlier = (f for f in self._tables.firings.values() if f.schedule_id == schedule.id and f.start_at > now)
        return DueFiring(
            schedule_id=schedule.id,
            scheduled_at=firing.scheduled_at,
            attempt=firing.attempt,
            target=firing.target,
            organization=schedule.organization,
            group_name=schedule.group_name,
            name=schedule.name,
            latest_execution=schedule.latest_execution,
            is_behind=any(f.scheduled_at < firing.scheduled_at for f in earlier),
        )

    def _end(self, schedule_ids: Iterable[UUID]) -> None:
        waiting = {firing.schedule_id for firing in self._tables.firings.values()}
        known = (self._tables.schedules.get(schedule_id) for schedule_id in schedule_ids if schedule_id not in waiting)
        self._forget([s.id for s in known if s is not None and s.ends and s.enabled and s.due_at is None])

    def _forget(self, schedule_ids: Iterable[UUID]) -> None:
        gone = set(schedule_ids)
        self._tables.schedules = {key: s for key, s in self._tables.schedules.items() if key not in gone}
        self._tables.firings = {key: f for key, f in self._tables.firings.items() if f.schedule_id not in gone}

    def _require_term(self, term: int) -> None:
        if self._tables.term != term:
            raise TermEnded(f"The leader's term {term} is over.")
