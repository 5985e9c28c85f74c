"""The outbox in PostgreSQL; commits write to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from engine.storage.outbox import MOST_COUNTED, Backlog, StatusChange
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.executions import GET_EXECUTIONS, execution
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
