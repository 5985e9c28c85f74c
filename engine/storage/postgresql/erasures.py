"""Erased data in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

from engine.storage.lifecycle import EMPTY, Erasure, chained
from engine.storage.postgresql.database import Database

# Whoever redrives the execution meanwhile holds its row; what another table says would be what it said before that.
_LOCK: Final = """
select input, output, error, cause, status = 'RUNNING' as running from executions where id = $1 for update
"""
_BEGIN: Final = """
insert into erasures (execution_id, requested_by) values ($1, $2)
on conflict (execution_id) do update set requested_by = erasures.requested_by
returning digest, finished_at
"""
_EMPTY: Final = "update executions set input = $2, output = null, error = null, cause = null where id = $1"
_SET_DIGEST: Final = "update erasures set digest = $2 where execution_id = $1"
_DELETIONS: Final = (
    "delete from final_snapshots where execution_id = $1",
    "delete from messages where execution_id = $1",
    "delete from activity_tasks where execution_id = $1",
    "delete from timers where execution_id = $1",
    "delete from payloads where execution_id = $1",
    "update map_runs set state = '' where execution_id = $1 and status <> 'RUNNING'",
    "update outbox set error = null, cause = null where execution_id = $1",
)

_NEXT: Final = """
select r.digest, h.event_id, h.events
from (
    select execution_id, erased_up_to, digest from erasures
    where execution_id = $1 and finished_at is null
        and not exists (select from active_executions as a where a.execution_id = $1)
    for update
) as r
join lateral (
    select event_id, events from history
    where execution_id = r.execution_id and event_id > r.erased_up_to order by event_id limit $2
) as h on true
order by h.event_id
"""
_STRIP: Final = "select erase_history($1, $2::int[], $3::bytea[])"
_ADVANCE: Final = """
update erasures set erased_up_to = $2, events = events + $3, digest = $4 where execution_id = $1
"""
_UNTOUCHED: Final = """
select digest from erasures where execution_id = $1 and finished_at is null and events = 0 for update
"""
# The execution's row is written, unchanged: a redrive that was begun before finds that it isn't what it has seen.
FINISH: Final = """
with execution as (update executions set status = status where id = $1 and status <> 'RUNNING' returning id)
update erasures set finished_at = coalesce(finished_at, clock_timestamp())
from execution where execution_id = execution.id
"""
_ERASURES: Final = """
select execution_id, requested_at, requested_by, events, digest, finished_at from erasures
where execution_id = any($1::uuid[])
"""
UNFINISHED: Final = "select execution_id from erasures where finished_at is null order by execution_id limit $1"


class PostgresErasures:
    """See `Erasures`."""

    _database: Database

    async def begin_erasure(self, execution_id: UUID, requested_by: str) -> Erasure | None:
        """See `Erasures.begin_erasure`."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_LOCK, execution_id)
            if row is None or row["running"]:
                return None
            begun = await connection.fetchrow(_BEGIN, execution_id, requested_by)
            values = [row[name] for name in ("input", "output", "error", "cause")]
            if begun is not None and begun["finished_at"] is None and values != [EMPTY, None, None, None]:
                digest = chained(begun["digest"], *((value or "").encode() for value in values))
                await connection.execute(_EMPTY, execution_id, EMPTY)
                await connection.execute(_SET_DIGEST, execution_id, digest)
            for deletion in _DELETIONS:
                await connection.execute(deletion, execution_id)
        return await self._database.one(Erasure, _ERASURES, [execution_id])

    async def erase_history(self, execution_id: UUID, strip: Callable[[bytes], bytes], limit: int) -> int:
        """See `Erasures.erase_history`."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_NEXT, execution_id, limit)
            if not rows:
                return 0
            digest = chained(rows[0]["digest"], *(row["events"] for row in rows))
            ids, stripped = [row["event_id"] for row in rows], [strip(row["events"]) for row in rows]
            await connection.execute(_STRIP, execution_id, ids, stripped)
            await connection.execute(_ADVANCE, execution_id, ids[-1], len(ids), digest)
        return len(rows)

    async def note_erased(self, execution_id: UUID, erased: Sequence[bytes]) -> None:
        """See `Erasures.note_erased`."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_UNTOUCHED, execution_id)
            if row is not None:
                await connection.execute(_ADVANCE, execution_id, 0, 1, chained(row["digest"], *erased))

    async def finish_erasure(self, execution_id: UUID) -> None:
        """See `Erasures.finish_erasure`."""
        await self._database.fetch(FINISH, execution_id)

    async def erasures(self, execution_ids: Sequence[UUID]) -> list[Erasure]:
        """See `Erasures.erasures`."""
        return await self._database.all(Erasure, _ERASURES, list(execution_ids))

    async def unfinished_erasures(self, limit: int) -> list[UUID]:
        """See `Erasures.unfinished_erasures`."""
        return [row["execution_id"] for row in await self._database.fetch(UNFINISHED, limit)]
