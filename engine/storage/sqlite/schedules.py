"""Schedules in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.storage.schedules import CreateOutcome, DueFiring, Schedule, ScheduleGroup, Settled, Turn
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.leadership import require_term
from engine.storage.sqlite.values import from_id, from_time, record

_GROUP: Final = "select id, organization, name, created_at, updated_at from schedule_groups"
_FIND_GROUP: Final = f"{_GROUP} where organization = ? and name = ?"
_LIST_GROUPS: Final = f"""
{_GROUP} where organization = ? and name > ? and substr(name, 1, length(?3)) = ?3 order by name limit ?
"""
_CREATE_GROUP: Final = """
insert into schedule_groups (id, organization, name, created_at, updated_at) values (?, ?, ?, ?, ?)
on conflict do nothing returning id
"""
_DELETE_GROUP: Final = "delete from schedule_groups where organization = ? and name = ? returning id"
_DELETE_TAGS: Final = "delete from tags where resource = ?"

_SCHEDULE: Final = """
select id, organization, group_name, name, configuration, enabled, ends, revision, due_at, latest_execution,
    created_at, updated_at
from schedules
"""
_FIND: Final = f"{_SCHEDULE} where organization = ? and group_name = ? and name = ?"
_LIST: Final = f"""
{_SCHEDULE}
where organization = ?1 and (?2 is null or group_name = ?2) and substr(name, 1, length(?3)) = ?3
    and (?4 is null or enabled = ?4) and (group_name, name) > (?5, ?6)
order by group_name, name limit ?7
"""
_CREATE: Final = """
insert into schedules (
    id, organization, group_name, name, configuration, enabled, ends, revision, due_at, created_at, updated_at
)
values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
on conflict do nothing returning id
"""
_CHANGE: Final = """
update schedules set configuration = ?, enabled = ?, ends = ?, revision = ?, due_at = ?, updated_at = ?
where id = ? and revision = ? - 1 returning id
"""
_DELETE: Final = "delete from schedules where organization = ? and group_name = ? and (?3 is null or name = ?3)"
_DELETE_ORPHANS: Final = "delete from schedule_firings where schedule_id not in (select id from schedules)"

_DUE: Final = f"{_SCHEDULE} where due_at <= ? order by due_at limit ?"
_MOVE: Final = "update schedules set due_at = ? where id = ? and revision = ? and due_at = ? returning id"
_ADD_FIRING: Final = """
insert into schedule_firings (schedule_id, scheduled_at, start_at, attempt, target) values (?, ?, ?, ?, ?)
on conflict do nothing
"""
_DUE_FIRINGS: Final = """
select f.schedule_id, f.scheduled_at, f.attempt, f.target, s.organization, s.group_name, s.name, s.latest_execution,
    exists (
        select 1 from schedule_firings as e
        where e.schedule_id = f.schedule_id and e.scheduled_at < f.scheduled_at and e.start_at > ?1
    ) as is_behind
from schedule_firings as f join schedules as s on s.id = f.schedule_id
where f.start_at <= ?1 order by f.start_at, f.scheduled_at limit ?2
"""
_RETRY: Final = """
update schedule_firings set start_at = ?, attempt = ? where schedule_id = ? and scheduled_at = ?
"""
_DONE: Final = "delete from schedule_firings where schedule_id = ? and scheduled_at = ? returning schedule_id"
_STARTED: Final = "update schedules set latest_execution = ? where id = ?"
_END: Final = """
delete from schedules where id = ? and ends and enabled and due_at is null
    and not exists (select 1 from schedule_firings as f where f.schedule_id = schedules.id)
"""


class SqliteSchedules:
    """See `Schedules`."""

    _database: Database

    async def create_group(self, group: ScheduleGroup) -> bool:
        """See `Schedules.create_group`."""
        values = (group.id.bytes, group.organization, group.name)
        times = (from_time(group.created_at), from_time(group.updated_at))
        return bool(await self._database.change(_CREATE_GROUP, *values, *times))

    async def find_group(self, organization: str, name: str) -> ScheduleGroup | None:
        """See `Schedules.find_group`."""
        rows = await self._database.rows(_FIND_GROUP, organization, name)
        return record(ScheduleGroup, rows[0]) if rows else None

    async def list_groups(self, organization: str, prefix: str, limit: int, after: str | None) -> list[ScheduleGroup]:
        """See `Schedules.list_groups`."""
        rows = await self._database.rows(_LIST_GROUPS, organization, after or "", prefix, limit)
        return [record(ScheduleGroup, row) for row in rows]

    async def delete_group(self, organization: str, name: str) -> bool:
        """See `Schedules.delete_group`."""

        def work(connection: sqlite3.Connection) -> bool:
            row = connection.execute(_DELETE_GROUP, (organization, name)).fetchone()
            if row is not None:
                connection.execute(_DELETE_TAGS, (row["id"],))
                _delete(connection, organization, name, None)
            return row is not None

        return await self._database.write(work)

    async def create_schedule(self, schedule: Schedule) -> CreateOutcome:
        """See `Schedules.create_schedule`."""

        def work(connection: sqlite3.Connection) -> CreateOutcome:
            if not connection.execute(_FIND_GROUP, (schedule.organization, schedule.group_name)).fetchone():
                return "group-absent"
            return "stored" if connection.execute(_CREATE, _values(schedule)).fetchone() else "exists"

        return await self._database.write(work)

    async def find_schedule(self, organization: str, group: str, name: str) -> Schedule | None:
        """See `Schedules.find_schedule`."""
        rows = await self._database.rows(_FIND, organization, group, name)
        return record(Schedule, rows[0]) if rows else None

    async def change_schedule(self, schedule: Schedule) -> bool:
        """See `Schedules.change_schedule`."""
        changes = (schedule.configuration, schedule.enabled, schedule.ends, schedule.revision)
        times = (from_time(schedule.due_at), from_time(schedule.updated_at))
        return bool(await self._database.change(_CHANGE, *changes, *times, schedule.id.bytes, schedule.revision))

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
        rows = await self._database.rows(_LIST, organization, group, prefix, enabled, *(after or ("", "")), limit)
        return [record(Schedule, row) for row in rows]

    async def delete_schedule(self, organization: str, group: str, name: str) -> bool:
        """See `Schedules.delete_schedule`."""
        return await self._database.write(lambda connection: _delete(connection, organization, group, name))

    async def due_schedules(self, now: datetime, limit: int) -> list[Schedule]:
        """See `Schedules.due_schedules`."""
        return [record(Schedule, row) for row in await self._database.rows(_DUE, from_time(now), limit)]

    async def pass_turns(self, term: int, turns: Sequence[Turn]) -> frozenset[UUID]:
        """See `Schedules.pass_turns`."""

        def work(connection: sqlite3.Connection) -> frozenset[UUID]:
            require_term(connection, term)
            moved = frozenset(turn.schedule_id for turn in turns if _move(connection, turn))
            _end(connection, moved)
            return moved

        return await self._database.write(work)

    async def due_firings(self, now: datetime, limit: int) -> list[DueFiring]:
        """See `Schedules.due_firings`."""
        return [record(DueFiring, row) for row in await self._database.rows(_DUE_FIRINGS, from_time(now), limit)]

    async def settle(self, term: int, settled: Sequence[Settled]) -> None:
        """See `Schedules.settle`."""

        def work(connection: sqlite3.Connection) -> None:
            require_term(connection, term)
            for each in settled:
                _settle(connection, each)
            _end(connection, {each.schedule_id for each in settled})

        await self._database.write(work)


def _values(schedule: Schedule) -> tuple[object, ...]:
    return (
        schedule.id.bytes,
        schedule.organization,
        schedule.group_name,
        schedule.name,
        schedule.configuration,
        schedule.enabled,
        schedule.ends,
        schedule.revision,
        from_time(schedule.due_at),
        from_time(schedule.created_at),
        from_time(schedule.updated_at),
    )


def _delete(connection: sqlite3.Connection, organization: str, group: str, name: str | None) -> bool:
    gone = connection.execute(_DELETE, (organization, group, name)).rowcount
    if gone:
        connection.execute(_DELETE_ORPHANS)
    return gone > 0


def _move(connection: sqlite3.Connection, turn: Turn) -> bool:
    key = (turn.schedule_id.bytes, turn.revision, from_time(turn.due_at))
    if not connection.execute(_MOVE, (from_time(turn.next_at), *key)).fetchone():
        return False
    for firing in turn.firings:
        times = (from_time(firing.scheduled_at), from_time(firing.start_at))
        connection.execute(_ADD_FIRING, (firing.schedule_id.bytes, *times, firing.attempt, firing.target))
    return True


def _settle(connection: sqlite3.Connection, settled: Settled) -> None:
    key = (settled.schedule_id.bytes, from_time(settled.scheduled_at))
    if settled.retry_at is not None:
        connection.execute(_RETRY, (from_time(settled.retry_at), settled.attempt, *key))
    elif connection.execute(_DONE, key).fetchone() and settled.execution_id is not None:
        connection.execute(_STARTED, (from_id(settled.execution_id), settled.schedule_id.bytes))


def _end(connection: sqlite3.Connection, schedule_ids: Iterable[UUID]) -> None:
    connection.executemany(_END, [(schedule_id.bytes,) for schedule_id in schedule_ids])
