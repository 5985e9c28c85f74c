"""Leases and owners in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from parts of this package alone

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from engine.storage.errors import LeaseLapsed, OutcomeUnknown, StorageUnavailable
from engine.storage.postgresql.database import Database
from engine.storage.postgresql.executions import ACTIVE, active_execution
from engine.storage.postgresql.listener import CHANNEL
from engine.storage.records import ActiveExecution, Lease

_REGISTER_PROCESS: Final = """
insert into processes (name, expires_at) values ($1, clock_timestamp() + make_interval(secs => $2))
returning epoch, clock_timestamp() as now
"""
_RENEW_PROCESS: Final = """
update processes set expires_at = clock_timestamp() + make_interval(secs => $2) where epoch = $1
returning clock_timestamp() as now
"""
_REMOVE_PROCESS: Final = "delete from processes where epoch = $1"
_REMOVE_LAPSED: Final = "delete from processes where expires_at <= clock_timestamp() returning epoch"
_REMOVE_UNREAD: Final = """
delete from messages as m
where created_at < clock_timestamp() - interval '1 hour'
    and not exists (select from active_executions as a where a.execution_id = m.execution_id)
"""
LOCK_LEASE: Final = """
select epoch from processes where epoch = $1 and expires_at > clock_timestamp() for key share
"""

# Which owners there are takes one step in the index for each, however many executions they have.
CLAIM: Final = f"""
with recursive owners as (
    select min(owner) as owner from active_executions
    union all
    select (select min(a.owner) from active_executions as a where a.owner > o.owner)
    from owners as o where o.owner is not null
),
dead as (
    select owner from owners
    where owner is not null and not exists (select from processes as p where p.epoch = owners.owner)
),
orphans as (
    select a.execution_id from active_executions as a
    where a.owner in (select owner from dead)
    limit $2 for update of a skip locked
),
claimed as (
    update active_executions as a set owner = $1 from orphans as o where a.execution_id = o.execution_id
    returning a.execution_id, a.sequence, a.snapshot
)
select a.sequence, a.snapshot, {ACTIVE}
from claimed as a join executions as e on e.id = a.execution_id
left join map_runs as r on r.id = e.state_machine_id
"""

_FIRST: Final = UUID(int=0)
OWNED: Final = """
select execution_id as id from active_executions where owner = $1 and execution_id > $3 order by execution_id limit $2
"""

RELEASE: Final = """
with released as (
    update active_executions set owner = 0
    where owner = $1 and ($2::uuid[] is null or execution_id = any($2::uuid[]))
)
select pg_notify($3, '0')
"""


class PostgresLeases:
    """See `Processes`."""

    _database: Database

    async def register_process(self, name: str, lease_seconds: float) -> Lease:
        """See `Processes.register_process`."""
        rows = await self._database.fetch(_REGISTER_PROCESS, name, lease_seconds)
        return Lease(**rows[0])

    async def renew_process(self, epoch: int, lease_seconds: float) -> datetime | None:
        """See `Processes.renew_process`."""
        rows = await self._database.fetch(_RENEW_PROCESS, epoch, lease_seconds)
        return rows[0]["now"] if rows else None

    async def remove_process(self, epoch: int) -> None:
        """See `Processes.remove_process`."""
        await self._database.fetch(_REMOVE_PROCESS, epoch)

    async def remove_lapsed(self) -> list[int]:
        """See `Processes.remove_lapsed`."""
        await self._database.fetch(_REMOVE_UNREAD)
        return [row["epoch"] for row in await self._database.fetch(_REMOVE_LAPSED)]

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """See `Processes.claim`."""
        claimed: list[ActiveExecution] = []
        try:
            async with self._database.transaction() as connection:
                if not await connection.fetch(LOCK_LEASE, epoch):
                    raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")
                claimed = [active_execution(row) for row in await connection.fetch(CLAIM, epoch, limit)]
        except StorageUnavailable as error:
            if claimed:
                raise OutcomeUnknown(str(error)) from error
            raise
        return claimed

    async def owned(self, epoch: int, limit: int, after: UUID | None = None) -> list[UUID]:
        """See `Processes.owned`."""
        return [row["id"] for row in await self._database.fetch(OWNED, epoch, limit, after or _FIRST)]

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """See `Processes.release`."""
        ids = None if execution_ids is None else list(execution_ids)
        await self._database.fetch(RELEASE, epoch, ids, CHANNEL)
