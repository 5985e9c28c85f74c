"""Paused executions in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from parts of this file alone

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from engine.storage.lifecycle import Pause
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.listener import CHANNEL

# The row of the execution is locked first, as a commit locks it: a commit comes either before the pause or not at all.
_PAUSE: Final = """
with found as materialized (
    select execution_id, owner from active_executions where execution_id = $1 for update
),
moved as (
    update active_executions as a set owner = -1 from found as f where a.execution_id = f.execution_id and f.owner <> -1
),
served as (
    delete from set_aside_executions as s using found as f where s.execution_id = f.execution_id
),
paused as (
    insert into paused_executions (execution_id, paused_by, holder)
    select execution_id, $2, case when owner > 0 then owner end from found
    on conflict (execution_id) do update set resumed = false
)
select pg_notify($3, '0') from found
"""

_FREE: Final = """
freed as (
    delete from paused_executions as p
    where {which} and not exists (
        select from processes as l where l.epoch = p.holder and l.expires_at > clock_timestamp()
    )
    returning p.execution_id
),
moved as (
    update active_executions as a set owner = 0 from freed as f where a.execution_id = f.execution_id and a.owner = -1
)
"""
_RESUME: Final = f"""
with {_FREE.format(which="p.execution_id = $1")},
waiting as (
    update paused_executions as p set resumed = true
    where p.execution_id = $1 and exists (
        select from processes as l where l.epoch = p.holder and l.expires_at > clock_timestamp()
    )
    returning p.execution_id
)
select pg_notify($2, '0') from (select from freed union all select from waiting) as found
"""
_FREE_RESUMED: Final = f"""
with {_FREE.format(which="p.resumed")}
select pg_notify($1, '0') from freed limit 1
"""

_HELD: Final = "select execution_id from paused_executions where holder = $1"
_LET_GO: Final = """
with freed as (
    delete from paused_executions where holder = $1 and execution_id = any($2::uuid[]) and resumed
    returning execution_id
),
moved as (
    update active_executions as a set owner = 0 from freed as f where a.execution_id = f.execution_id and a.owner = -1
),
kept as (
    update paused_executions set holder = null where holder = $1 and execution_id = any($2::uuid[]) and not resumed
)
select pg_notify($3, '0') from freed limit 1
"""
_PAUSES: Final = """
select execution_id, paused_at, paused_by from paused_executions
where execution_id = any($1::uuid[]) and not resumed
"""
LIST_PAUSED: Final = """
select e.id from paused_executions as p
join executions as e on e.id = p.execution_id
join state_machines as m on m.id = e.state_machine_id
where not p.resumed and m.organization = $1 and m.deleted_at is null
    and ($2::text is null or m.name = $2) and ($4::uuid is null or e.id < $4)
order by e.id desc limit $3
"""
_TOLD: Final = """
select distinct a.execution_id from active_executions as a join messages as m on m.execution_id = a.execution_id
where a.owner in (-1, -2) and substr(m.data, 1, length($1::bytea)) = $1
"""
_AWAKEN: Final = """
with moved as (
    update active_executions set owner = 0 where execution_id = any($1::uuid[]) and owner in (-1, -2)
    returning execution_id
),
paused as (delete from paused_executions as p using moved as m where p.execution_id = m.execution_id),
served as (delete from set_aside_executions as s using moved as m where s.execution_id = m.execution_id)
select pg_notify($2, '0') from moved limit 1
"""


class PostgresPauses:
    """See `Pauses`."""

    _database: Database

    async def pause(self, execution_id: UUID, paused_by: str) -> bool:
        """See `Pauses.pause`."""
        return bool(await self._database.fetch(_PAUSE, execution_id, paused_by, CHANNEL))

    async def resume(self, execution_id: UUID) -> bool:
        """See `Pauses.resume`."""
        return bool(await self._database.fetch(_RESUME, execution_id, CHANNEL))

    async def held(self, epoch: int) -> list[UUID]:
        """See `Pauses.held`."""
        return [row["execution_id"] for row in await self._database.fetch(_HELD, epoch)]

    async def let_go(self, epoch: int, execution_ids: Sequence[UUID]) -> None:
        """See `Pauses.let_go`."""
        await self._database.fetch(_LET_GO, epoch, list(execution_ids), CHANNEL)

    async def free_resumed(self) -> None:
        """See `Pauses.free_resumed`."""
        await self._database.fetch(_FREE_RESUMED, CHANNEL)

    async def pauses(self, execution_ids: Sequence[UUID]) -> list[Pause]:
        """See `Pauses.pauses`."""
        return await self._database.all(Pause, _PAUSES, list(execution_ids))

    async def list_paused(self, organization: str, machine: str | None, limit: int, before: UUID | None) -> list[UUID]:
        """See `Pauses.list_paused`."""
        return [row["id"] for row in await self._database.fetch(LIST_PAUSED, organization, machine, limit, before)]

    async def awaken(self, execution_id: UUID) -> None:
        """See `Pauses.awaken`."""
        await self._database.fetch(_AWAKEN, [execution_id], CHANNEL)

    async def awaken_those_told(self, beginning: bytes) -> None:
        """See `Pauses.awaken_those_told`."""
        told = [row["execution_id"] for row in await self._database.fetch(_TOLD, beginning)]
        if told:
            await self._database.fetch(_AWAKEN, told, CHANNEL)
