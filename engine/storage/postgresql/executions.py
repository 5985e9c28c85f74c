"""What is known of executions, in PostgreSQL."""

# ruff: noqa: S608 - the statements are put together from parts of this file alone

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from engine.storage.postgresql.database import Database
from engine.storage.postgresql.listener import CHANNEL
from engine.storage.postgresql.replicas import Replicas
from engine.storage.records import (
    ALL,
    ActiveExecution,
    Events,
    Execution,
    ExecutionFilter,
    Message,
    Position,
)
from engine.storage.rows import execution_of, with_origin

_LAST: Final = 2**31 - 1

_ORIGIN: Final = (
    "e.published, e.alias, e.trace_header, e.parent, e.parent_task, e.items, e.redrive_count, e.redriven_at"
)
_EXECUTION: Final = f"""
select e.id, m.organization, m.id as state_machine_id, m.name as state_machine_name, e.version, e.name, e.status,
    e.input, e.output, e.error, e.cause, e.started_at, e.stopped_at, e.redrive_tokens, {_ORIGIN},
    (select name from archives where id = e.archive) as archive, e.archive_position, e.archive_length,
"""
_CHILD: Final = "r.id as map_run, r.label"
_NO_CHILD: Final = "null::uuid as map_run, null::text as label"

FIND_EXECUTION: Final = f"""
{_EXECUTION} {_NO_CHILD}
from state_machines as m join executions as e on e.state_machine_id = m.id
where m.organization = $1 and m.name = $2 and e.name = $3
order by m.deleted_at desc nulls first limit 1
"""

# A map run's child has the map run in the place of the state machine.
_ANY_EXECUTION: Final = f"""
{_EXECUTION} {_CHILD}
from executions as e
left join map_runs as r on r.id = e.state_machine_id
join state_machines as m on m.id = coalesce(r.state_machine_id, e.state_machine_id)
"""
GET_EXECUTION: Final = f"{_ANY_EXECUTION} where e.id = $1"
GET_EXECUTIONS: Final = f"{_ANY_EXECUTION} where e.id = any($1::uuid[])"

_CHOSEN: Final = """
($3::text is null or e.status = $3) and ($5::uuid is null or e.id < $5)
    and ($6::int is null or e.published = $6) and ($7::text is null or e.alias = $7)
    and ($8::bool is null or (e.redrive_count > 0) = $8)
"""
_MACHINES: Final = "m.organization = $1 and m.deleted_at is null and ($2::text is null or m.name = $2)"

_EVERY: Final = "executions as e"
# Those that run are few among all that there ever were, and there is no index of a status, since it changes.
_RUNNING: Final = "active_executions as a join executions as e on e.id = a.execution_id"

# The newest of each state machine by way of the index, then the newest of all these.
LIST_EXECUTIONS: Final = f"""
{_EXECUTION} {_NO_CHILD}
from state_machines as m
cross join lateral (
    select e.* from {_EVERY} where e.state_machine_id = m.id and {_CHOSEN} order by e.id desc limit $4
) as e
where {_MACHINES}
order by e.id desc limit $4
"""
# Those that run are gone through once, however many state machines there are.
LIST_RUNNING: Final = f"""
{_EXECUTION} {_NO_CHILD}
from {_RUNNING} join state_machines as m on m.id = e.state_machine_id
where {_MACHINES} and {_CHOSEN}
order by e.id desc limit $4
"""


def _list_children(source: str) -> str:
    return f"""
{_EXECUTION} {_CHILD}
from map_runs as r join state_machines as m on m.id = r.state_machine_id
cross join lateral (
    select e.* from {source} where e.state_machine_id = r.id and {_CHOSEN} order by e.id desc limit $4
) as e
where m.organization = $1 and r.id = $2
order by e.id desc limit $4
"""


LIST_CHILDREN: Final = _list_children(_EVERY)
LIST_RUNNING_CHILDREN: Final = _list_children(_RUNNING)

READ_HISTORY: Final = """
select event_id, last_event_id, events from history
where execution_id = $1 and last_event_id > $2
order by event_id limit $3
"""
READ_HISTORY_REVERSE: Final = """
select event_id, last_event_id, events from history
where execution_id = $1 and event_id < $2
order by event_id desc limit $3
"""

READ_PAYLOADS: Final = "select digest, data from payloads where execution_id = $1 and digest = any($2::bytea[])"

POSITIONS: Final = """
select e.id, coalesce(a.sequence, 0) as sequence, a.owner
from executions as e left join active_executions as a on a.execution_id = e.id
where e.id = any($1::uuid[])
"""

ACTIVE: Final = f"""
e.id, coalesce(r.state_machine_id, e.state_machine_id) as state_machine_id, e.version, e.name, e.input, e.started_at,
    {_ORIGIN}, {_CHILD}, r.pointer
"""
# `is true` keeps the index of owners out of these plans: it gives all executions of the process.
LOAD: Final = f"""
select a.sequence, a.snapshot, {ACTIVE}
from active_executions as a join executions as e on e.id = a.execution_id
left join map_runs as r on r.id = e.state_machine_id
where a.execution_id = any($2::uuid[]) and (a.owner = $1) is true
"""
LOAD_FINISHED: Final = f"""
select 0 as sequence, s.snapshot, {ACTIVE}
from final_snapshots as s join executions as e on e.id = s.execution_id
left join map_runs as r on r.id = e.state_machine_id
where s.execution_id = $1
"""
PURGE_SNAPSHOTS: Final = "delete from final_snapshots where ended_at < $1 returning execution_id"

DUE_EXECUTIONS: Final = """
select distinct t.execution_id
from timers as t join active_executions as a on a.execution_id = t.execution_id
where ($2::timestamptz is null or t.due > $2) and t.due <= $3 and (a.owner = $1) is true
"""

RUNNING_SNAPSHOT: Final = "select snapshot from active_executions where execution_id = $1"

_SEND: Final = """
with receiver as (select execution_id, owner from active_executions where execution_id = $1{fence}),
message as (
    insert into messages (execution_id, data, key) select execution_id, $2, $4 from receiver
    on conflict do nothing returning id
)
select pg_notify($3, owner::text) from receiver where exists (select from message)
"""
SEND: Final = _SEND.format(fence="")
SEND_FENCED: Final = _SEND.format(fence=" and exists (select from executions where id = $1 and redrive_count = $5)")
MESSAGES: Final = """
select m.id, m.execution_id, m.data
from messages as m join active_executions as a on a.execution_id = m.execution_id
where m.id > $3 and (a.owner = $1) is true
order by m.id limit $2
"""


class PostgresExecutions:
    """See `Executions`, and `Transitions` for what processes read and send."""

    _database: Database
    _replicas: Replicas

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """See `Executions.find_execution`."""
        rows = await self._database.fetch(FIND_EXECUTION, organization, machine, name)
        return execution(rows[0]) if rows else None

    async def get_execution(self, execution_id: UUID) -> Execution | None:
        """See `Executions.get_execution`."""
        rows = await self._database.fetch(GET_EXECUTION, execution_id)
        return execution(rows[0]) if rows else None

    async def list_executions(
        self,
        organization: str,
        machine: str | None,
        status: str | None,
        limit: int,
        before: UUID | None,
        chosen: ExecutionFilter = ALL,
    ) -> list[Execution]:
        """See `Executions.list_executions`."""
        where: object = machine if chosen.map_run is None else chosen.map_run
        if status == "RUNNING":
            statement = LIST_RUNNING if chosen.map_run is None else LIST_RUNNING_CHILDREN
        else:
            statement = LIST_EXECUTIONS if chosen.map_run is None else LIST_CHILDREN
        filters = (chosen.published, chosen.alias, chosen.redriven)
        rows = await self._replicas.fetch(statement, organization, where, status, limit, before, *filters)
        return [execution(row) for row in rows]

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """See `Executions.read_history`."""
        statement = READ_HISTORY_REVERSE if reverse else READ_HISTORY
        bound = after if after is not None else _LAST if reverse else 0
        rows = await self._replicas.fetch(statement, execution_id, bound, limit)
        return [Events(row["event_id"], row["last_event_id"], row["events"]) for row in rows]

    async def read_payloads(self, execution_id: UUID, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """See `Executions.read_payloads`."""
        rows = await self._database.fetch(READ_PAYLOADS, execution_id, list(digests))
        return {row["digest"]: row["data"] for row in rows}

    async def load_finished(self, execution_id: UUID) -> ActiveExecution | None:
        """See `Executions.load_finished`."""
        rows = await self._database.fetch(LOAD_FINISHED, execution_id)
        return active_execution(rows[0]) if rows else None

    async def purge_snapshots(self, ended_before: datetime) -> int:
        """See `Executions.purge_snapshots`."""
        return len(await self._database.fetch(PURGE_SNAPSHOTS, ended_before))

    async def positions(self, execution_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """See `Transitions.positions`."""
        rows = await self._database.fetch(POSITIONS, list(execution_ids))
        return {row["id"]: Position(row["sequence"], row["owner"]) for row in rows}

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """See `Transitions.load`."""
        return [active_execution(row) for row in await self._database.fetch(LOAD, epoch, list(execution_ids))]

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """See `Transitions.due_executions`."""
        return [row["execution_id"] for row in await self._database.fetch(DUE_EXECUTIONS, epoch, after, until)]

    async def running_snapshot(self, execution_id: UUID) -> bytes | None:
        """See `Transitions.running_snapshot`."""
        rows = await self._database.fetch(RUNNING_SNAPSHOT, execution_id)
        return rows[0]["snapshot"] if rows else None

    async def send(
        self, execution_id: UUID, data: bytes, *, key: str | None = None, redrive_count: int | None = None
    ) -> bool:
        """See `Transitions.send`."""
        sent = (execution_id, data, CHANNEL, key)
        if redrive_count is None:
            return bool(await self._database.fetch(SEND, *sent))
        return bool(await self._database.fetch(SEND_FENCED, *sent, redrive_count))

    async def messages(self, epoch: int, limit: int, after: int = 0) -> list[Message]:
        """See `Transitions.messages`."""
        return await self._database.all(Message, MESSAGES, epoch, limit, after)


def active_execution(row: asyncpg.Record) -> ActiveExecution:
    """Read what it takes to go on with an execution."""
    return ActiveExecution(**with_origin(dict(row)))


def execution(row: asyncpg.Record) -> Execution:
    """Read an execution as it stands."""
    return execution_of(dict(row))
