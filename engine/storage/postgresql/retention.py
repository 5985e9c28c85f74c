"""Archived executions in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.storage.postgresql.connections import PostgresOptions
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.partitions import arrange_history
from engine.storage.retention import FIRST_ID, LAST_ID, Abandoned, Candidate, Part, Stretch

_EVERYTHING: Final = """
insert into retention_stretches (first, last, due) select $1, $2, to_timestamp(0)
where not exists (select from retention_stretches where last = $2 and due = to_timestamp(0))
"""
_DUE_STRETCHES: Final = """
select id, first as after, last, due from retention_stretches where due <= $1 order by due limit $2
"""
_SHORTEN: Final = "update retention_stretches set first = $2 where id = $1"
_END: Final = "delete from retention_stretches where id = $1"
_ADD: Final = """
insert into retention_stretches (first, last, due) select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[])
"""

# A map run's child has the map run in the place of the state machine.
CANDIDATES: Final = """
select e.id, e.stopped_at, r.id is not null and (p.stopped_at <= $4) is not true as held
from (
    select id, state_machine_id, stopped_at, items from executions
    where id > $1 and id <= $2 and archive is null order by id limit $3
) as e
left join map_runs as r on e.items is not null and r.id = e.state_machine_id
left join executions as p on p.id = r.execution_id
order by e.id
"""
MAP_RUNS_WITHIN: Final = "select id from map_runs where status = 'RUNNING' and id > $1 and id <= $2"

_BEGIN_ARCHIVE: Final = "insert into archives (name) values ($1) returning id"
_LOCK_ARCHIVE: Final = "select from archives where id = $1 and state = 'writing' for update"
COMPLETE_ARCHIVE: Final = """
with archived as (
    update executions as e
    set input = '{}', output = null, archive = $1, archive_position = u.position, archive_length = u.length
    from unnest($2::uuid[], $3::bigint[], $4::int[]) as u (id, position, length), archives as a
    where a.id = $1 and e.id = u.id and e.archive is null and e.status <> 'RUNNING' and e.stopped_at <= $5
        and not exists (
            select from erasures as x
            where x.execution_id = e.id and (x.finished_at is null or x.finished_at >= a.created_at)
        )
    returning e.id
),
snapshots as (delete from final_snapshots as s using archived as a where s.execution_id = a.id),
large as (delete from payloads as p using archived as a where p.execution_id = a.id),
completed as (update archives set state = 'complete' where id = $1)
select id from archived
"""
_ABANDON: Final = """
update archives set state = 'abandoned' where state <> 'complete' and created_at < $1 returning id, name
"""
_FORGET: Final = "delete from archives where id = $1 and state = 'abandoned'"


class PostgresRetention:
    """See `Retention`."""

    _database: Database
    _options: PostgresOptions

    async def due_stretches(self, now: datetime, limit: int) -> list[Stretch]:
        """See `Retention.due_stretches`."""
        await self._database.fetch(_EVERYTHING, FIRST_ID, LAST_ID)
        rows = await self._database.fetch(_DUE_STRETCHES, now, limit)
        return [Stretch(**row) for row in rows]

    async def candidates(self, after: UUID, last: UUID, limit: int, ended_before: datetime) -> list[Candidate]:
        """See `Retention.candidates`."""
        return await self._database.all(Candidate, CANDIDATES, after, last, limit, ended_before)

    async def advance(self, stretch: Stretch, position: UUID | None, later: Sequence[Stretch]) -> None:
        """See `Retention.advance`."""
        columns = [s.after for s in later], [s.last for s in later], [s.due for s in later]
        async with self._database.transaction() as connection:
            await connection.execute(_ADD, *columns)
            if position is None:
                await connection.execute(_END, stretch.id)
            else:
                await connection.execute(_SHORTEN, stretch.id, position)

    async def map_runs_within(self, after: UUID, last: UUID) -> list[UUID]:
        """See `Retention.map_runs_within`."""
        return [row["id"] for row in await self._database.fetch(MAP_RUNS_WITHIN, after, last)]

    async def begin_archive(self, name: str) -> int:
        """See `Retention.begin_archive`."""
        [row] = await self._database.fetch(_BEGIN_ARCHIVE, name)
        return int(row["id"])

    async def complete_archive(self, archive: int, parts: Sequence[Part], ended_before: datetime) -> bool:
        """See `Retention.complete_archive`."""
        columns = [p.execution_id for p in parts], [p.position for p in parts], [p.length for p in parts]
        async with self._database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            held = await connection.fetch(_LOCK_ARCHIVE, archive)
            done = await connection.fetch(COMPLETE_ARCHIVE, archive, *columns, ended_before) if held else []
            if len(done) != len(parts):
                await transaction.rollback()
                return False
            await transaction.commit()
        return True

    async def abandon_archives(self, begun_before: datetime) -> list[Abandoned]:
        """See `Retention.abandon_archives`."""
        return await self._database.all(Abandoned, _ABANDON, begun_before)

    async def forget_archive(self, archive: int) -> None:
        """See `Retention.forget_archive`."""
        await self._database.fetch(_FORGET, archive)

    async def arrange_history(self, now: datetime, ended_before: datetime | None) -> list[str]:
        """See `Retention.arrange_history`."""
        return await arrange_history(self._options, now, ended_before)
