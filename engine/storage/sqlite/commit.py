"""A round of the commit loop in SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from engine.storage.records import Beginning, Ending, Write
from engine.storage.sqlite.values import from_time

_BEGIN: Final = """
insert into executions (id, state_machine_id, version, name, status, input, started_at)
values (?, ?, ?, ?, 'RUNNING', ?, ?) on conflict do nothing
"""
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
)
_RECORD: Final = "insert into history (execution_id, event_id, last_event_id, events) values (?, ?, ?, ?)"
_STORE_TIMER: Final = "insert or replace into timers (execution_id, timer_id, due) values (?, ?, ?)"
_DELETE_TIMER: Final = "delete from timers where execution_id = ? and timer_id = ?"
_DELETE_MESSAGE: Final = "delete from messages where id = ?"


def apply(connection: sqlite3.Connection, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
    """Apply what can be applied, in the transaction that is under way, and give the executions concerned."""
    return frozenset(write.execution_id for write in writes if _apply(connection, epoch, write))


def _apply(connection: sqlite3.Connection, epoch: int, write: Write) -> bool:
    key = write.execution_id.bytes
    beginning = write.beginning
    accepted = _advance(connection, epoch, write) if beginning is None else _begin(connection, epoch, write, beginning)
    if not accepted:
        return False
    if (events := write.events) is not None:
        connection.execute(_RECORD, (key, events.first, events.last, events.data))
    if write.timers_set:
        connection.executemany(_STORE_TIMER, [(key, timer, from_time(due)) for timer, due in write.timers_set])
    if write.timers_removed:
        connection.executemany(_DELETE_TIMER, [(key, timer) for timer in write.timers_removed])
    if write.messages_removed:
        connection.executemany(_DELETE_MESSAGE, [(message,) for message in write.messages_removed])
    if write.ending is not None:
        _end(connection, key, write.ending)
    return True


def _begin(connection: sqlite3.Connection, epoch: int, write: Write, beginning: Beginning) -> bool:
    key = write.execution_id.bytes
    identity = (key, beginning.state_machine_id.bytes, beginning.version, beginning.name)
    started_at = from_time(beginning.started_at)
    if connection.execute(_BEGIN, (*identity, beginning.input, started_at)).rowcount == 0:
        return False
    connection.execute(_ACTIVATE, (key, epoch, write.sequence, write.snapshot))
    return True


def _advance(connection: sqlite3.Connection, epoch: int, write: Write) -> bool:
    values = (write.sequence, write.snapshot, write.execution_id.bytes, epoch, write.sequence - 1)
    return connection.execute(_ADVANCE, values).rowcount == 1


def _end(connection: sqlite3.Connection, key: bytes, ending: Ending) -> None:
    how = (ending.status, ending.output, ending.error, ending.cause)
    connection.execute(_CLOSE, (*how, from_time(ending.stopped_at), key))
    for statement in _END:
        connection.execute(statement, (key,))
