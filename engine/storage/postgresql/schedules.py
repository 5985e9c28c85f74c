"""Schedules in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.storage.postgresql.database import Database
from engine.storage.postgresql.leadership import require_term
from engine.storage.schedules import CreateOutcome, DueFiring, Schedule, ScheduleGroup, Settled, Turn

_GROUP: Final = "select id, organization, name, created_at, updated_at from schedule_groups"
_FIND_GROUP: Final = f"{_GROUP} where organization = $1 and name = $2"
_LOCK_GROUP: Final = f"{_FIND_GROUP} for key share"
LIST_GROUPS: Final = f"""
{_GROUP} where organization = $1 and name > $2 and starts_with(name, $3) order by name limit $4
"""
_CREATE_GROUP: Final = """
insert into schedule_groups (id, organization, name, created_at, updated_at) values ($1, $2, $3, $4, $5)
on conflict do nothing returning id
"""
_DELETE_GROUP: Final = """
with gone as (delete from schedule_groups where organization = $1 and name = $2 returning id),
tagged as (delete from tags as t using gone where t.resource = gone.id)
select id from gone
"""

_SCHEDULE: Final = """
select id, organization, group_name, name, configuration, enabled, ends, revision, due_at, latest_execution,
    created_at, updated_at
from schedules
"""
_FIND: Final = f"{_SCHEDULE} where organization = $1 and group_name = $2 and name = $3"
LIST: Final = f"""
{_SCHEDULE}
where organization = $1 and ($2::text is null or group_name = $2) and starts_with(name, $3)
    and ($4::boolean is null or enabled = $4) and (group_name, name) > ($5, $6)
order by group_name, name limit $7
"""
_CREATE: Final = """
insert into schedules (
    id, organization, group_name, name, configuration, enabled, ends, revision, due_at, created_at, updated_at
)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing returning id
"""
_CHANGE: Final = """
update schedules set configuration = $3, enabled = $4, ends = $5, revision = $2, due_at = $6, updated_at = $7
where id = $1 and revision = $2 - 1 returning id
"""
_DELETE: Final = "delete from schedules where organization = $1 and group_name = $2 and name = $3 returning id"

DUE: Final = f"{_SCHEDULE} where due_at <= $1 order by due_at limit $2"
_MOVE: Final = """
update schedules as s set due_at = t.next_at
from unnest($1::uuid[], $2::integer[], $3::timestamptz[], $4::timestamptz[]) as t (id, revision, due_at, next_at)
where s.id = t.id and s.revision = t.revision and s.due_at = t.due_at
returning s.id
"""
_ADD_FIRINGS: Final = """
insert into schedule_firings (schedule_id, scheduled_at, start_at, attempt, target)
select * from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::integer[], $5::text[])
on conflict do nothing
"""
DUE_FIRINGS: Final = """
select f.schedule_id, f.scheduled_at, f.attempt, f.target, s.organization, s.group_name, s.name, s.latest_execution,
    exists (
        select from schedule_firings as e
        where e.schedule_id = f.schedule_id and e.scheduled_at < f.scheduled_at and e.start_at > $1
    ) as is_behind
from schedule_firings as f join schedules as s on s.id = f.schedule_id
where f.start_at <= $1 order by f.start_at, f.scheduled_at limit $2
"""
_RETRY: Final = """
update schedule_firings as f set start_at = t.start_at, attempt = t.attempt
from unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::integer[])
    as t (schedule_id, scheduled_at, start_at, attempt)
where f.schedule_id = t.schedule_id and f.scheduled_at = t.scheduled_at
"""

# Of several executions that a schedule started, the one for the latest time is its latest.
_DONE: Final = """
with done as (
    delete from schedule_firings as f
    using unnest($1::uuid[], $2::timestamptz[], $3::uuid[]) as t (schedule_id, scheduled_at, execution_id)
    where f.schedule_id = t.schedule_id and f.scheduled_at = t.scheduled_at
    returning f.schedule_id, f.scheduled_at, t.execution_id
),
latest as (
    select distinct on (schedule_id) schedule_id, execution_id from done
    where execution_id is not null order by schedule_id, scheduled_at desc
)
update schedules as s set latest_execution = l.execution_id from latest as l where s.id = l.schedule_id
"""
_END: Final = """
delete from schedules as s
where s.id = any($1::uuid[]) and s.ends and s.enabled and s.due_at is null
    and not exists (select from schedule_firings as f where f.schedule_id = s.id)
"""


class PostgresSchedules:
    """See `Schedules`."""

    _database: Database

    async def create_group(self, group: ScheduleGroup) -> bool:
        """See `Schedules.create_group`."""
        values = (group.id, group.organization, group.name, group.created_at, group.updated_at)
        return bool(await self._database.fetch(_CREATE_GROUP, *values))

    async def find_group(self, organization: str, name: str) -> ScheduleGroup | None:
        """See `Schedules.find_group`."""
        return await self._database.one(ScheduleGroup, _FIND_GROUP, organization, name)

    async def list_groups(self, organization: str, prefix: str, limit: int, after: str | None) -> list[ScheduleGroup]:
        """See `Schedules.list_groups`."""
        return await self._database.all(ScheduleGroup, LIST_GROUPS, organization, after or "", prefix, limit)

    async def delete_group(self, organization: str, name: str) -> bool:
        """See `Schedules.delete_group`."""
        return bool(await self._database.fetch(_DELETE_GROUP, organization, name))

    async def create_schedule(self, schedule: Schedule) -> CreateOutcome:
        """See `Schedules.create_schedule`."""
        async with self._database.transaction() as connection:
            if not await connection.fetch(_LOCK_GROUP, schedule.organization, schedule.group_name):
                return "group-absent"
            return "stored" if await connection.fetch(_CREATE, *_values(schedule)) else "exists"

    async def find_schedule(self, organization: str, group: str, name: str) -> Schedule | None:
        """See `Schedules.find_schedule`."""
        return await self._database.one(Schedule, _FIND, organization, group, name)

    async def change_schedule(self, schedule: Schedule) -> bool:
        """See `Schedules.change_schedule`."""
        changes = (schedule.configuration, schedule.enabled, schedule.ends, schedule.due_at, schedule.updated_at)
        return bool(await self._database.fetch(_CHANGE, schedule.id, schedule.revision, *changes))

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
        chosen = (organization, group, prefix, enabled, *(after or ("", "")))
        return await self._database.all(Schedule, LIST, *chosen, limit)

    async def delete_schedule(self, organization: str, group: str, name: str) -> bool:
        """See `Schedules.delete_schedule`."""
        return bool(await self._database.fetch(_DELETE, organization, group, name))

    async def due_schedules(self, now: datetime, limit: int) -> list[Schedule]:
        """See `Schedules.due_schedules`."""
        return await self._database.all(Schedule, DUE, now, limit)

    async def pass_turns(self, term: int, turns: Sequence[Turn]) -> frozenset[UUID]:
        """See `Schedules.pass_turns`."""
        columns = zip(*((t.schedule_id, t.revision, t.due_at, t.next_at) for t in turns), strict=True)
        async with self._database.transaction() as connection:
            await require_term(connection, term)
            moved = frozenset(row["id"] for row in await connection.fetch(_MOVE, *map(list, columns)))
            firings = [
                (f.schedule_id, f.scheduled_at, f.start_at, f.attempt, f.target)
                for turn in turns
                if turn.schedule_id in moved
                for f in turn.firings
            ]
            if firings:
                await connection.execute(_ADD_FIRINGS, *map(list, zip(*firings, strict=True)))
            await connection.execute(_END, list(moved))
        return moved

    async def due_firings(self, now: datetime, limit: int) -> list[DueFiring]:
        """See `Schedules.due_firings`."""
        return await self._database.all(DueFiring, DUE_FIRINGS, now, limit)

    async def settle(self, term: int, settled: Sequence[Settled]) -> None:
        """See `Schedules.settle`."""
        again = [(s.schedule_id, s.scheduled_at, s.retry_at, s.attempt) for s in settled if s.retry_at is not None]
        done = [(s.schedule_id, s.scheduled_at, s.execution_id) for s in settled if s.retry_at is None]
        async with self._database.transaction() as connection:
            await require_term(connection, term)
            if again:
                await connection.execute(_RETRY, *map(list, zip(*again, strict=True)))
            if done:
                await connection.execute(_DONE, *map(list, zip(*done, strict=True)))
                await connection.execute(_END, list({schedule_id for schedule_id, *_ in done}))


def _values(schedule: Schedule) -> tuple[object, ...]:
    return (
        schedule.id,
        schedule.organization,
        schedule.group_name,
        schedule.name,
        schedule.configuration,
        schedule.enabled,
        schedule.ends,
        schedule.revision,
        schedule.due_at,
        schedule.created_at,
        schedule.updated_at,
    )
