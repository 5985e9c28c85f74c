"""Who leads, in PostgreSQL."""

from __future__ import annotations

from typing import Final

from engine.storage.errors import TermEnded
from engine.storage.leadership import Leading
from engine.storage.postgresql.connections import PooledConnection
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.listener import CHANNEL

LEADING: Final = """
select l.term, p.epoch, p.name
from leaders as l left join processes as p on p.epoch = l.epoch and p.expires_at > clock_timestamp()
"""

# Whoever saw the same term and is second changes nothing: the term has moved on.
_ELECT: Final = """
insert into leaders (id, term, epoch)
select 1, $2 + 1, epoch from processes where epoch = $1 and expires_at > clock_timestamp()
on conflict (id) do update set term = excluded.term, epoch = excluded.epoch where leaders.term = $2
"""
_RESIGN: Final = """
with resigned as (update leaders set term = term + 1, epoch = 0 where term = $1 returning term)
select pg_notify($2, '0') from resigned
"""
_LOCK_TERM: Final = "select from leaders where term = $1 for share"


class PostgresLeadership:
    """See `Leadership`."""

    _database: Database

    async def elect(self, epoch: int) -> Leading | None:
        """See `Leadership.elect`."""
        term, leading = await self._leading()
        if leading is None:
            await self._database.fetch(_ELECT, epoch, term)
            _, leading = await self._leading()
        return leading

    async def resign(self, term: int) -> None:
        """See `Leadership.resign`."""
        await self._database.fetch(_RESIGN, term, CHANNEL)

    async def _leading(self) -> tuple[int, Leading | None]:
        rows = await self._database.fetch(LEADING)
        if not rows:
            return 0, None
        term, epoch, name = rows[0]
        return term, None if epoch is None else Leading(term, epoch, name)


async def require_term(connection: PooledConnection, term: int) -> None:
    """Raise TermEnded unless a leader's term lasts, and let nobody end it before the transaction does."""
    if not await connection.fetch(_LOCK_TERM, term):
        raise TermEnded(f"The leader's term {term} is over.")
