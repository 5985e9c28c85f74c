"""A round of the commit loop in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import msgspec

from engine.storage.records import NO_ORIGIN, Beginning, Ending, Redriven, Write
from engine.storage.sqlite.executions import send
from engine.storage.sqlite.values import from_id, from_time, now

_BEGIN: Final = """
insert into executions (id, state_machine_id, version, name, status, input, started_at)
values (?, ?, ?, ?, 'RUNNING', ?, ?) on conflict do nothing
"""
_DESCRIBE: Final = """
update executions set published = ?, alias = ?, trace_header = ?, parent = ?, parent_task = ?, items = ? where id = ?
"""
_REOPEN: Final = """
update executions
set status = 'RUNNING', output = null, error = null, cause = null, stopped_at = null,
    redrive_count = ?, redriven_at = ?, redrive_tokens = ?
where id = ? and redrive_count = ? and status in ('FAILED', 'TIMED_OUT', 'ABORTED')
    and not exists (select 1 from erasures as x where x.execution_id = executions.id and x.finished_at is not null)
"""
_FORGET: Final = "delete from final_snapshots where execution_id = ?"
_KEEP: Final = "insert into final_snapshots (execution_id, ended_at, snapshot) values (?, ?, ?)"
_ACTIVATE: Final = "insert into active_executions (execution_id, owner, sequence, snapshot) values (?, ?, ?, ?)"
_ADVANCE: Final = """
update active_executions set sequence = ?, snapshot = ? where execution_id = ? and owner = ? and sequence = ?
"""
_CLOSE: Final = """
update executions set status = ?, output = ?, error = ?, cause = ?, stopped_at = ? where id = ?
"""
_END: Final = (
    "delete from active_executions where execution_id = ?",
    "delete from timers where execution_id = ?",
    "delete from messages where execution_id = ?",
    "delete from activity_tasks where execution_id = ?",
)
_RECORD: Final = "insert into history (execution_id, event_id, last_event_id, events) values (?, ?, ?, ?)"
_KEEP_PAYLOAD: Final = "insert or ignore into payloads (execution_id, digest, data) values (?, ?, ?)"
_STORE_TIMER: Final = "insert or replace into timers (execution_id, timer_id, due) values (?, ?, ?)"
_DELETE_TIMER: Final = "delete from timers where execution_id = ? and timer_id = ?"
_DELETE_MESSAGE: Final = "delete from messages where id = ?"
_ADD_TASK: Final = "insert into activity_tasks (execution_id, activity_id, task_id, input) values (?, ?, ?, ?)"
_DELETE_TASK: Final = "delete from activity_tasks where execution_id = ? and task_id = ?"


class Applied(msgspec.Struct, frozen=True):
    """The executions whose write was applied, and who is to be told: owners of messages, and pollers of activities."""

    executions: frozenset[UUID]
    owners: frozenset[int]
    activities: frozenset[UUID]


def apply(connection: sqlite3.Connection, epoch: int, writes: Sequence[Write]) -> Applied:
    """Apply what can be applied, in the transaction that is under way."""
    applied = [write for write in writes if _apply(connection, epoch, write)]
    recorded = [(w.execution_id.bytes, e.first, e.last, e.data) for w in applied if (e := w.events) is not None]
    connection.executemany(_RECORD, recorded)
    over = [(write.execution_id.bytes,) for write in applied if write.ending is not None]
    for statement in _END:
        connection.executemany(statement, over)
    owners = [send(connection, *message) for write in applied for message in write.sent]
    return Applied(
        frozenset(write.execution_id for write in applied),
        frozenset(owner for owner in owners if owner is not None),
        frozenset(task.activity_id for write in applied for task in write.activity_tasks_added),
    )


def _apply(connection: sqlite3.Connection, epoch: int, write: Write) -> bool:
    if not _accept(connection, epoch, write):
        return False
    key = write.execution_id.bytes
    if write.payloads:
        connection.executemany(_KEEP_PAYLOAD, [(key, *payload) for payload in write.payloads])
    if write.timers_set:
        connection.executemany(_STORE_TIMER, [(key, timer, from_time(due)) for timer, due in write.timers_set])
    if write.timers_removed:
        connection.executemany(_DELETE_TIMER, [(key, timer) for timer in write.timers_removed])
    if write.messages_removed:
        connection.executemany(_DELETE_MESSAGE, [(message,) for message in write.messages_removed])
    if write.activity_tasks_added:
        tasks = [(key, task.activity_id.bytes, task.task_id, task.input) for task in write.activity_tasks_added]
        connection.executemany(_ADD_TASK, tasks)
    if write.activity_tasks_removed:
        connection.executemany(_DELETE_TASK, [(key, task) for task in write.activity_tasks_removed])
    if write.ending is not None:
        _close(connection, key, write.ending)
    return True


def _accept(connection: sqlite3.Connection, epoch: int, write: Write) -> bool:
    if write.beginning is not None:
        return _begin(connection, epoch, write, write.beginning)
    if write.redriven is not None:
        return _reopen(connection, epoch, write, write.redriven)
    return _advance(connection, epoch, write)


def _begin(connection: sqlite3.Connection, epoch: int, write: Write, beginning: Beginning) -> bool:
    key = write.execution_id.bytes
    origin = beginning.origin
    # A map run's child has the map run in the place of the state machine.
    group = origin.map_run or beginning.state_machine_id
    identity = (key, group.bytes, beginning.version, beginning.name)
    started_at = from_time(beginning.started_at)
    if connection.execute(_BEGIN, (*identity, beginning.input, started_at)).rowcount == 0:
        return False
    connection.execute(_ACTIVATE, (key, epoch, write.sequence, write.snapshot))
    if origin is not NO_ORIGIN:
        parent = (from_id(origin.parent), origin.parent_task)
        started_by = (origin.published, origin.alias, origin.trace_header)
        connection.execute(_DESCRIBE, (*started_by, *parent, origin.items, key))
    return True


def _reopen(connection: sqlite3.Connection, epoch: int, write: Write, redriven: Redriven) -> bool:
    key = write.execution_id.bytes
    values = (redriven.count, from_time(redriven.redriven_at), redriven.tokens, key, redriven.count - 1)
    if connection.execute(_REOPEN, values).rowcount == 0:
        return False
    connection.execute(_FORGET, (key,))
    connection.execute(_ACTIVATE, (key, epoch, write.sequence, write.snapshot))
    return True


def _advance(connection: sqlite3.Connection, epoch: int, write: Write) -> bool:
    values = (write.sequence, write.snapshot, write.execution_id.bytes, epoch, write.sequence - 1)
    return connection.execute(_ADVANCE, values).rowcount == 1


def _close(connection: sqlite3.Connection, key: bytes, ending: Ending) -> None:
    how = (ending.status, ending.output, ending.error, ending.cause)
    connection.execute(_CLOSE, (*how, from_time(ending.stopped_at), key))
    if ending.snapshot is not None:
        ended_at = now() if ending.stopped_at is None else from_time(ending.stopped_at)
        connection.execute(_KEEP, (key, ended_at, ending.snapshot))
