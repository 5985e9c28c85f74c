"""What processes can do, and what waits for one that can, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.storage.errors import LeaseLapsed, OutcomeUnknown, StorageUnavailable
from engine.storage.lifecycle import Claimed, SetAside
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.executions import LOAD, active_execution
from engine.storage.postgresql.leases import LOCK_LEASE
from engine.storage.postgresql.listener import CHANNEL

_PUBLISH: Final = """
with gone as (
    delete from process_abilities as a where not exists (select from processes as p where p.epoch = a.epoch)
)
insert into process_abilities (epoch, abilities) select epoch, $2::text[] from processes where epoch = $1
on conflict (epoch) do update set abilities = excluded.abilities
"""
_SET_ASIDE: Final = """
with moved as (
    update active_executions set owner = -2 where owner = $1 and execution_id = any($2::uuid[]) returning execution_id
),
noted as (
    insert into set_aside_executions (execution_id, need)
    select u.id, u.need from unnest($2::uuid[], $3::text[]) as u (id, need) join moved as m on m.execution_id = u.id
    on conflict (execution_id) do update set need = excluded.need, since = excluded.since
    returning execution_id
)
select pg_notify($4, '0') from noted limit 1
"""
_ANY: Final = "select exists (select from set_aside_executions) as found"
_CLAIM: Final = """
with mine as (
    select abilities from process_abilities where epoch = $1
),
chosen as (
    select s.execution_id, s.need = any(mine.abilities) as served
    from set_aside_executions as s cross join mine
    where s.need = any(mine.abilities) or (
        starts_with(s.need, $3) and s.since <= clock_timestamp() - make_interval(secs => $2) and not exists (
            select from process_abilities as a join processes as p on p.epoch = a.epoch
            where s.need = any(a.abilities) and p.expires_at > clock_timestamp()
        )
    )
    limit $4 for update of s skip locked
),
removed as (
    delete from set_aside_executions as s using chosen as c where s.execution_id = c.execution_id
),
claimed as (
    update active_executions as a set owner = $1 from chosen as c where a.execution_id = c.execution_id and a.owner = -2
    returning a.execution_id, c.served
)
select execution_id, served from claimed
"""


class PostgresAbilities:
    """See `Abilities`."""

    _database: Database

    async def publish(self, epoch: int, abilities: Sequence[str]) -> None:
        """See `Abilities.publish`."""
        await self._database.fetch(_PUBLISH, epoch, list(abilities))

    async def set_aside(self, epoch: int, executions: Sequence[SetAside]) -> None:
        """See `Abilities.set_aside`."""
        ids, needs = [each.execution_id for each in executions], [each.need for each in executions]
        await self._database.fetch(_SET_ASIDE, epoch, ids, needs, CHANNEL)

    async def claim_set_aside(self, epoch: int, wait_seconds: float, hopeless: str, limit: int) -> list[Claimed]:
        """See `Abilities.claim_set_aside`."""
        if not (await self._database.fetch(_ANY))[0]["found"]:
            return []
        claimed: list[Claimed] = []
        try:
            async with self._database.transaction() as connection:
                if not await connection.fetch(LOCK_LEASE, epoch):
                    raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")
                rows = await connection.fetch(_CLAIM, epoch, wait_seconds, hopeless, limit)
                served = {row["execution_id"]: row["served"] for row in rows}
                loaded = await connection.fetch(LOAD, epoch, list(served)) if served else []
                claimed = [Claimed(each, served[each.id]) for each in map(active_execution, loaded)]
        except StorageUnavailable as error:
            if claimed:
                raise OutcomeUnknown(str(error)) from error
            raise
        return claimed
