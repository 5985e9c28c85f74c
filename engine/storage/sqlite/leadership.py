"""Who leads, in SQLite."""

from __future__ import annotations

import sqlite3
from typing import Final

from engine.storage.errors import TermEnded
from engine.storage.leadership import Leading
from engine.storage.protocol import NOBODY
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.values import now

_LEADING: Final = """
select l.term, l.epoch, p.name from leaders as l join processes as p on p.epoch = l.epoch where p.expires_at > ?
"""
_ELECT: Final = """
insert into leaders (id, term, epoch) select 1, 1, epoch from processes where epoch = ? and expires_at > ?
on conflict (id) do update set term = leaders.term + 1, epoch = excluded.epoch
"""
_RESIGN: Final = "update leaders set term = term + 1, epoch = ? where term = ? returning term"
_TERM: Final = "select term from leaders where term = ?"


class SqliteLeadership:
    """See `Leadership`."""

    _database: Database

    async def elect(self, epoch: int) -> Leading | None:
        """See `Leadership.elect`."""
        return await self._database.read(_leading) or await self._database.write(lambda c: _elect(c, epoch))

    async def resign(self, term: int) -> None:
        """See `Leadership.resign`."""
        if await self._database.change(_RESIGN, NOBODY, term):
            self._database.tell([NOBODY])


def require_term(connection: sqlite3.Connection, term: int) -> None:
    """Raise TermEnded unless a leader's term lasts."""
    if not connection.execute(_TERM, (term,)).fetchone():
        raise TermEnded(f"The leader's term {term} is over.")


def _leading(connection: sqlite3.Connection) -> Leading | None:
    row = connection.execute(_LEADING, (now(),)).fetchone()
    return None if row is None else Leading(row["term"], row["epoch"], row["name"])


def _elect(connection: sqlite3.Connection, epoch: int) -> Leading | None:
    if (leading := _leading(connection)) is not None:
        return leading
    connection.execute(_ELECT, (epoch, now()))
    return _leading(connection)
