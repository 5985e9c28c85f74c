"""What is known of executions, in SQLite."""

# ruff: noqa: S608 - the statements are put together from parts of this file alone

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

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
from engine.storage.sqlite.database import Database
from engine.storage.sqlite.values import columns, from_id, from_time, marks, to_id

_LAST: Final = 2**62

_ORIGIN: Final = """
e.published, e.alias, e.trace_header, e.parent, e.parent_task, e.items, e.redrive_count, e.redriven_at
"""
_CHILD: Final = "r.id as map_run, r.label"
_NO_CHILD: Final = "null as map_run, null as label"
_EXECUTION: Final = f"""
select e.id, m.organization, m.id as state_machine_id, m.name as state_machine_name, e.version, e.name, e.status,
    e.input, e.output, e.error, e.cause, e.started_at, e.stopped_at, e.redrive_tokens, {_ORIGIN},
    (select name from archives where id = e.archive) as archive, e.archive_position, e.archive_length,
"""
_FIND_EXECUTION: Final = f"""
{_EXECUTION} {_NO_CHILD}
from state_machines as m join executions as e on e.state_machine_id = m.id
where m.organization = ? and m.name = ? and e.name = ?
order by m.deleted_at is not null, m.deleted_at desc limit 1
"""

# A map run's child has the map run in the place of the state machine.
_GET_EXECUTION: Final = f"""
{_EXECUTION} {_CHILD}
from executions as e
left join map_runs as r on r.id = e.state_machine_id
join state_machines as m on m.id = coalesce(r.state_machine_id, e.state_machine_id)
where e.id = ?
"""
_CHOSEN: Final = """
    (:status is null or e.status = :status) and (:before is null or e.id < :before)
    and (:published is null or e.published = :published) and (:alias is null or e.alias = :alias)
    and (:redriven is null or (e.redrive_count > 0) = :redriven)
order by e.id desc limit :limit
"""
_LIST_EXECUTIONS: Final = f"""
{_EXECUTION} {_NO_CHILD}
from state_machines as m join executions as e on e.state_machine_id = m.id
where m.organization = :organization and m.deleted_at is null and (:machine is null or m.name = :machine) and {_CHOSEN}
"""
_LIST_CHILDREN: Final = f"""
{_EXECUTION} {_CHILD}
from map_runs as r join state_machines as m on m.id = r.state_machine_id
join executions as e on e.state_machine_id = r.id
where m.organization = :organization and r.id = :map_run and {_CHOSEN}
"""

_READ_HISTORY: Final = """
select event_id, last_event_id, events from history
where execution_id = ? and last_event_id > ? order by event_id limit ?
"""
_READ_HISTORY_REVERSE: Final = """
select event_id, last_event_id, events from history
where execution_id = ? and event_id < ? order by event_id desc limit ?
"""

_READ_PAYLOADS: Final = "select digest, data from payloads where execution_id = ? and digest in ({marks})"

_POSITIONS: Final = """
select e.id, coalesce(a.sequence, 0) as sequence, a.owner
from executions as e left join active_executions as a on a.execution_id = e.id where e.id in ({marks})
"""
_ACTIVE: Final = f"""
e.id, coalesce(r.state_machine_id, e.state_machine_id) as state_machine_id, e.version, e.name, e.input, e.started_at,
    {_ORIGIN}, {_CHILD}, r.pointer
"""
LOAD: Final = f"""
select a.sequence, a.snapshot, {_ACTIVE}
from active_executions as a join executions as e on e.id = a.execution_id
left join map_runs as r on r.id = e.state_machine_id
where a.owner = ? and a.execution_id in ({{marks}})
"""
_LOAD_FINISHED: Final = f"""
select 0 as sequence, s.snapshot, {_ACTIVE}
from final_snapshots as s join executions as e on e.id = s.execution_id
left join map_runs as r on r.id = e.state_machine_id
where s.execution_id = ?
"""
_PURGE_SNAPSHOTS: Final = "delete from final_snapshots where ended_at < ? returning execution_id"

_DUE_EXECUTIONS: Final = """
select distinct t.execution_id
from timers as t join active_executions as a on a.execution_id = t.execution_id
where a.owner = ? and t.due > ? and t.due <= ?
"""

_OWNER: Final = """
select owner from active_executions
where execution_id = ? and (? is null or exists (select 1 from executions where id = ? and redrive_count = ?))
"""
_RUNNING_SNAPSHOT: Final = "select snapshot from active_executions where execution_id = ?"
_SEND: Final = "insert into messages (execution_id, data, key) values (?, ?, ?) on conflict do nothing"
_MESSAGES: Final = """
select m.id, m.execution_id, m.data
from messages as m join active_executions as a on a.execution_id = m.execution_id
where a.owner = ? and m.id > ? order by m.id limit ?
"""


class SqliteExecutions:
    """See `Executions`, and `Transitions` for what processes read and send."""

    _database: Database

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """See `Executions.find_execution`."""
        rows = await self._database.rows(_FIND_EXECUTION, organization, machine, name)
        return _execution(rows[0]) if rows else None

    async def get_execution(self, execution_id: UUID) -> Execution | None:
        """See `Executions.get_execution`."""
        return await self._database.read(lambda connection: read_execution(connection, execution_id))

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
        statement = _LIST_EXECUTIONS if chosen.map_run is None else _LIST_CHILDREN
        where = {"organization": organization, "machine": machine, "map_run": from_id(chosen.map_run)}
        page = {"status": status, "limit": limit, "before": from_id(before)}
        filters = {"published": chosen.published, "alias": chosen.alias, "redriven": chosen.redriven}
        return [_execution(row) for row in await self._database.named(statement, **where, **page, **filters)]

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """See `Executions.read_history`."""
        statement = _READ_HISTORY_REVERSE if reverse else _READ_HISTORY
        bound = after if after is not None else _LAST if reverse else 0
        rows = await self._database.rows(statement, execution_id.bytes, bound, limit)
        return [Events(row["event_id"], row["last_event_id"], row["events"]) for row in rows]

    async def read_payloads(self, execution_id: UUID, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """See `Executions.read_payloads`."""
        statement = _READ_PAYLOADS.format(marks=marks(digests))
        rows = await self._database.rows(statement, execution_id.bytes, *digests)
        return {row["digest"]: row["data"] for row in rows}

    async def load_finished(self, execution_id: UUID) -> ActiveExecution | None:
        """See `Executions.load_finished`."""
        rows = await self._database.rows(_LOAD_FINISHED, execution_id.bytes)
        return active_execution(rows[0]) if rows else None

    async def purge_snapshots(self, ended_before: datetime) -> int:
        """See `Executions.purge_snapshots`."""
        return len(await self._database.change(_PURGE_SNAPSHOTS, from_time(ended_before)))

    async def positions(self, execution_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """See `Transitions.positions`."""
        statement = _POSITIONS.format(marks=marks(execution_ids))
        rows = await self._database.rows(statement, *(execution_id.bytes for execution_id in execution_ids))
        return {to_id(row["id"]): Position(row["sequence"], row["owner"]) for row in rows}

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """See `Transitions.load`."""
        statement = LOAD.format(marks=marks(execution_ids))
        rows = await self._database.rows(statement, epoch, *(execution_id.bytes for execution_id in execution_ids))
        return [active_execution(row) for row in rows]

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """See `Transitions.due_executions`."""
        bound = 0 if after is None else from_time(after)
        rows = await self._database.rows(_DUE_EXECUTIONS, epoch, bound, from_time(until))
        return [to_id(row["execution_id"]) for row in rows]

    async def running_snapshot(self, execution_id: UUID) -> bytes | None:
        """See `Transitions.running_snapshot`."""
        rows = await self._database.rows(_RUNNING_SNAPSHOT, execution_id.bytes)
        return bytes(rows[0]["snapshot"]) if rows else None

    async def send(
        self, execution_id: UUID, data: bytes, *, key: str | None = None, redrive_count: int | None = None
    ) -> bool:
        """See `Transitions.send`."""
        owner = await self._database.write(lambda connection: send(connection, execution_id, data, key, redrive_count))
        if owner is not None:
            self._database.tell([owner])
        return owner is not None

    async def messages(self, epoch: int, limit: int, after: int = 0) -> list[Message]:
        """See `Transitions.messages`."""
        rows = await self._database.rows(_MESSAGES, epoch, after, limit)
        return [Message(row["id"], to_id(row["execution_id"]), row["data"]) for row in rows]


def send(
    connection: sqlite3.Connection,
    execution_id: UUID,
    data: bytes,
    key: str | None = None,
    redrive_count: int | None = None,
) -> int | None:
    """Leave a message and give the execution's owner; None where `Transitions.send` gives False."""
    fenced = (redrive_count, execution_id.bytes, redrive_count)
    row = connection.execute(_OWNER, (execution_id.bytes, *fenced)).fetchone()
    if row is None or connection.execute(_SEND, (execution_id.bytes, data, key)).rowcount == 0:
        return None
    return int(row["owner"])


def read_execution(connection: sqlite3.Connection, execution_id: UUID) -> Execution | None:
    """Read an execution as it stands."""
    row = connection.execute(_GET_EXECUTION, (execution_id.bytes,)).fetchone()
    return None if row is None else _execution(row)


def active_execution(row: sqlite3.Row) -> ActiveExecution:
    """Read what it takes to go on with an execution."""
    return ActiveExecution(**with_origin(columns(row)))


def _execution(row: sqlite3.Row) -> Execution:
    return execution_of(columns(row))
