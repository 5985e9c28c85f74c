"""The outbox in PostgreSQL, and what the commit statements do besides where there is one."""

# ruff: noqa: S608 - the statements are put together from parts of this package alone

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from engine.storage.outbox import MOST_COUNTED, Backlog, StatusChange
from engine.storage.postgresql.commit import Parts, statement
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.executions import GET_EXECUTIONS, execution
from engine.storage.postgresql.extended import EXTENDED
from engine.storage.postgresql.leadership import require_term
from engine.storage.records import Execution

READ_OUTBOX: Final = """
select id, execution_id, redrive_count, status, occurred_at, error, cause from outbox
where execution_id <> all($1::uuid[]) order by id limit $2
"""
REMOVE_PUBLISHED: Final = "delete from outbox where id = any($1::bigint[])"
BACKLOG: Final = """
select (select count(*) from (select from outbox limit $1) as counted) as pending,
    (select occurred_at from outbox order by id limit 1) as oldest
"""

# The parameters are those that the commit statements have already, so that a round costs the engine's own process
# nothing. An EXPRESS child of a map run leaves a row of its own, which isn't announced. What begins and ends in one
# commit is announced in that order.
_STATUSES: Final = """
    cross join lateral (
        values (0, 'RUNNING', {began}, null, null), (1, u.status, u.stopped_at, u.error, u.cause)
    ) as c (place, status, at, error, cause)
    where c.status is not null
        and (select r.execution_type from map_runs as r where r.id = {group}) is distinct from 'EXPRESS'
"""
_BEGUN: Final = f"""
    select u.id, 0 as redrive_count, c.*
    from unnest(
        (select begun from given), $3::uuid[], $7::timestamptz[],
        $8::text[], $10::text[], $11::text[], $12::timestamptz[]
    ) as u (id, machine, started_at, status, error, cause, stopped_at)
    {_STATUSES.format(began="u.started_at", group="u.machine")} and (u.id in (select id from begun)) is true
"""
_ENDED: Final = """
    select u.id, e.redrive_count, 1, u.status, u.stopped_at, u.error, u.cause
    from unnest((select ended from given), $19::text[], $21::text[], $22::text[], $23::timestamptz[])
        as u (id, status, error, cause, stopped_at)
    join executions as e on e.id = u.id
    where e.id = any((select ended from given)::uuid[]) and (u.id in (select id from ended)) is true
"""
_REOPENED: Final = f"""
    select u.id, u.count, c.*
    from unnest(
        $41::uuid[], $42::int[], $43::timestamptz[], $45::text[], $47::text[], $48::text[], $49::timestamptz[]
    ) as u (id, count, redriven_at, status, error, cause, stopped_at)
    join executions as e on e.id = u.id
    {_STATUSES.format(began="u.redriven_at", group="e.state_machine_id")}
        and e.id = any($41::uuid[]) and (u.id in (select id from reopened)) is true
"""


def _announced(*changes: str) -> str:
    return f""",
announced as (
    insert into outbox (execution_id, redrive_count, status, occurred_at, error, cause)
    select id, redrive_count, status, coalesce(at, clock_timestamp()), error, cause
    from ({"    union all".join(changes)}) as changes
    order by place
)
"""


def _announcing(parts: Parts, *changes: str) -> str:
    return statement(msgspec.structs.replace(parts, after=parts.after + _announced(*changes)))


ANNOUNCING_STATEMENT: Final = _announcing(Parts(), _BEGUN, _ENDED)
"""`STATEMENT` that writes to the outbox as well, with the same parameters."""

ANNOUNCING_EXTENDED_STATEMENT: Final = _announcing(EXTENDED, _BEGUN, _ENDED, _REOPENED)
"""`EXTENDED_STATEMENT` that writes to the outbox as well, with the same parameters."""


class PostgresOutbox:
    """See `Outbox`."""

    _database: Database

    async def status_changes(self, limit: int, excluded: Sequence[UUID] = ()) -> list[StatusChange]:
        """See `Outbox.status_changes`."""
        return await self._database.all(StatusChange, READ_OUTBOX, list(excluded), limit)

    async def executions_by_id(self, execution_ids: Sequence[UUID]) -> list[Execution]:
        """See `Outbox.executions_by_id`."""
        return [execution(row) for row in await self._database.fetch(GET_EXECUTIONS, list(execution_ids))]

    async def remove_published(self, term: int, ids: Sequence[int]) -> None:
        """See `Outbox.remove_published`."""
        async with self._database.transaction() as connection:
            await require_term(connection, term)
            await connection.execute(REMOVE_PUBLISHED, list(ids))

    async def backlog(self) -> Backlog:
        """See `Outbox.backlog`."""
        [row] = await self._database.fetch(BACKLOG, MOST_COUNTED)
        return Backlog(row["pending"], row["oldest"])
