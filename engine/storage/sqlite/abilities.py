"""What processes can do, and what waits for one that can, in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from engine.storage.lifecycle import SET_ASIDE, Claimed, SetAside
from engine.storage.protocol import NOBODY
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.executions import LOAD, active_execution
from engine.storage.sqlite.leases import require_lease
from engine.storage.sqlite.values import marks, now

_MICROSECONDS: Final = 1_000_000

_FORGET_DEAD: Final = "delete from process_abilities where epoch not in (select epoch from processes)"
_PUBLISH: Final = """
insert into process_abilities (epoch, abilities) select epoch, ? from processes where epoch = ?
on conflict (epoch) do update set abilities = excluded.abilities
"""
_GIVE_UP: Final = "update active_executions set owner = ? where owner = ? and execution_id = ?"
_NOTE: Final = """
insert into set_aside_executions (execution_id, need, since) values (?, ?, ?)
on conflict (execution_id) do update set need = excluded.need, since = excluded.since
"""
_ANY: Final = "select 1 from set_aside_executions limit 1"
_CHOOSE: Final = """
with mine as (select value from process_abilities, json_each(abilities) where epoch = :epoch),
served as (
    select value from process_abilities as a join processes as p on p.epoch = a.epoch, json_each(a.abilities)
    where p.expires_at > :now
)
select execution_id, need in (select value from mine) as served from set_aside_executions
where need in (select value from mine) or (
    substr(need, 1, length(:hopeless)) = :hopeless and since <= :before and need not in (select value from served)
)
limit :limit
"""
_TAKE: Final = "update active_executions set owner = ? where owner = ? and execution_id = ?"
_REMOVE: Final = "delete from set_aside_executions where execution_id = ?"


class SqliteAbilities:
    """See `Abilities`."""

    _database: Database

    async def publish(self, epoch: int, abilities: Sequence[str]) -> None:
        """See `Abilities.publish`."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(_FORGET_DEAD)
            connection.execute(_PUBLISH, (msgspec.json.encode(abilities).decode(), epoch))

        await self._database.write(work)

    async def set_aside(self, epoch: int, executions: Sequence[SetAside]) -> None:
        """See `Abilities.set_aside`."""

        def work(connection: sqlite3.Connection) -> None:
            for each in executions:
                key = each.execution_id.bytes
                if connection.execute(_GIVE_UP, (SET_ASIDE, epoch, key)).rowcount:
                    connection.execute(_NOTE, (key, each.need, now()))

        await self._database.write(work)
        self._database.tell([NOBODY])

    async def claim_set_aside(self, epoch: int, wait_seconds: float, hopeless: str, limit: int) -> list[Claimed]:
        """See `Abilities.claim_set_aside`."""
        if not await self._database.rows(_ANY):
            return []
        before = now() - int(wait_seconds * _MICROSECONDS)
        values = {"epoch": epoch, "now": now(), "before": before, "hopeless": hopeless, "limit": limit}
        return await self._database.write(lambda connection: _claim(connection, epoch, values))


def _claim(connection: sqlite3.Connection, epoch: int, values: dict[str, object]) -> list[Claimed]:
    require_lease(connection, epoch)
    served = {row["execution_id"]: bool(row["served"]) for row in connection.execute(_CHOOSE, values).fetchall()}
    connection.executemany(_TAKE, [(epoch, SET_ASIDE, key) for key in served])
    connection.executemany(_REMOVE, [(key,) for key in served])
    rows = connection.execute(LOAD.format(marks=marks(list(served))), (epoch, *served)).fetchall()
    return [Claimed(each, served[each.id.bytes]) for each in map(active_execution, rows)]
