"""Statements for everything but commits, and how rows are read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from engine.storage.protocol import NOBODY
from engine.storage.records import ActiveExecution, Execution, Machine
from engine.storage.sqlite.values import from_time, to_id, to_optional_time, to_time

ACCOUNT_OF: Final = "select account from organizations where name = ?"
_ADD_ORGANIZATION: Final = "insert into organizations (name, account) values (?, ?) on conflict do nothing"

_CREATE_MACHINE: Final = """
insert into state_machines (id, organization, name, kind, version, created_at) values (?, ?, ?, ?, ?, ?)
on conflict do nothing
"""
_ADVANCE_MACHINE: Final = "update state_machines set version = ? where id = ? and version = ?"
_ADD_VERSION: Final = """
insert into state_machine_versions (state_machine_id, version, definition, role_arn, description, created_at)
values (?, ?, ?, ?, ?, ?)
"""
_MACHINE: Final = """
select m.id, m.organization, m.name, m.kind, v.version, v.definition, v.role_arn, v.description,
    m.created_at, v.created_at as updated_at
from state_machines as m join state_machine_versions as v on v.state_machine_id = m.id
"""
FIND_MACHINE: Final = f"{_MACHINE} where m.organization = ? and m.name = ? and v.version = m.version"
GET_VERSION: Final = f"{_MACHINE} where m.id = ? and v.version = ?"
LIST_MACHINES: Final = f"""
{_MACHINE} where m.organization = ? and v.version = m.version and m.name > ? order by m.name limit ?
"""

_EXECUTION: Final = """
select e.id, m.organization, m.name as machine_name, e.version, e.name, e.status, e.input, e.output,
    e.error, e.cause, e.started_at, e.stopped_at
from state_machines as m join executions as e on e.state_machine_id = m.id
"""
FIND_EXECUTION: Final = f"{_EXECUTION} where m.organization = ? and m.name = ? and e.name = ?"
LIST_EXECUTIONS: Final = f"""
{_EXECUTION}
where m.organization = :organization and (:machine is null or m.name = :machine)
    and (:status is null or e.status = :status) and (:before is null or e.id < :before)
order by e.id desc limit :limit
"""

READ_HISTORY: Final = """
select event_id, last_event_id, events from history
where execution_id = ? and last_event_id > ? order by event_id limit ?
"""
READ_HISTORY_REVERSE: Final = """
select event_id, last_event_id, events from history
where execution_id = ? and event_id < ? order by event_id desc limit ?
"""

POSITIONS: Final = """
select e.id, coalesce(a.sequence, 0) as sequence, a.owner
from executions as e left join active_executions as a on a.execution_id = e.id where e.id in ({marks})
"""
_ACTIVE: Final = """
select e.id, a.sequence, a.snapshot, e.state_machine_id, e.version, e.name, e.input, e.started_at
from active_executions as a join executions as e on e.id = a.execution_id
"""
LOAD: Final = f"{_ACTIVE} where a.owner = ? and a.execution_id in ({{marks}})"

DUE_EXECUTIONS: Final = """
select distinct t.execution_id
from timers as t join active_executions as a on a.execution_id = t.execution_id
where a.owner = ? and t.due > ? and t.due <= ?
"""

_OWNER: Final = "select owner from active_executions where execution_id = ?"
_SEND: Final = "insert into messages (execution_id, data) values (?, ?)"
MESSAGES: Final = """
select m.id, m.execution_id, m.data
from messages as m join active_executions as a on a.execution_id = m.execution_id
where a.owner = ? order by m.id limit ?
"""

REGISTER_PROCESS: Final = "insert into processes (name, expires_at) values (?, ?) returning epoch"
RENEW_PROCESS: Final = "update processes set expires_at = ? where epoch = ? returning epoch"
REMOVE_PROCESS: Final = "delete from processes where epoch = ?"
LAPSED: Final = "select epoch from processes where expires_at <= ?"
REMOVE_LAPSED: Final = "delete from processes where expires_at <= ? returning epoch"
LEASE: Final = "select epoch from processes where epoch = ? and expires_at > ?"
ORPHANS: Final = """
select execution_id from active_executions where owner not in (select epoch from processes) limit ?
"""
_TAKE: Final = "update active_executions set owner = ? where execution_id = ?"
_RELEASE_ALL: Final = "update active_executions set owner = ? where owner = ?"
_RELEASE: Final = "update active_executions set owner = ? where owner = ? and execution_id = ?"


def marks(values: Sequence[object]) -> str:
    """Give a placeholder for each value."""
    return ", ".join("?" * len(values))


def revisions(connection: sqlite3.Connection) -> list[str]:
    """Give the revisions of the schema as Alembic recorded them."""
    known = connection.execute("select 1 from sqlite_master where name = 'alembic_version'").fetchone()
    rows = connection.execute("select version_num from alembic_version").fetchall() if known else []
    return [row[0] for row in rows]


def add_organization(connection: sqlite3.Connection, organization: str, candidates: Sequence[str]) -> str:
    """Give the organization the first account that is free."""
    for account in candidates:
        connection.execute(_ADD_ORGANIZATION, (organization, account))
        if row := connection.execute(ACCOUNT_OF, (organization,)).fetchone():
            return str(row["account"])
    raise LookupError(f"None of the accounts for the organization {organization} is free.")


def create_machine(connection: sqlite3.Connection, machine: Machine) -> bool:
    """Store a state machine unless its name is taken."""
    identity = (machine.id.bytes, machine.organization, machine.name, machine.kind, machine.version)
    if connection.execute(_CREATE_MACHINE, (*identity, from_time(machine.created_at))).rowcount == 0:
        return False
    connection.execute(_ADD_VERSION, _version(machine))
    return True


def add_version(connection: sqlite3.Connection, machine: Machine) -> bool:
    """Store the next version of a state machine."""
    values = (machine.version, machine.id.bytes, machine.version - 1)
    if connection.execute(_ADVANCE_MACHINE, values).rowcount == 0:
        return False
    connection.execute(_ADD_VERSION, _version(machine))
    return True


def send(connection: sqlite3.Connection, execution_id: UUID, data: bytes) -> int | None:
    """Leave a message and give the execution's owner; None if it isn't running."""
    row = connection.execute(_OWNER, (execution_id.bytes,)).fetchone()
    if row is None:
        return None
    connection.execute(_SEND, (execution_id.bytes, data))
    return int(row["owner"])


def claim(connection: sqlite3.Connection, epoch: int, limit: int) -> list[ActiveExecution]:
    """Take over executions that nobody has."""
    keys = [row["execution_id"] for row in connection.execute(ORPHANS, (limit,)).fetchall()]
    connection.executemany(_TAKE, [(epoch, key) for key in keys])
    rows = connection.execute(LOAD.format(marks=marks(keys)), (epoch, *keys)).fetchall()
    return [active_execution(row) for row in rows]


def release(connection: sqlite3.Connection, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
    """Hand executions back."""
    if execution_ids is None:
        connection.execute(_RELEASE_ALL, (NOBODY, epoch))
    else:
        connection.executemany(_RELEASE, [(NOBODY, epoch, key.bytes) for key in execution_ids])


def machine(row: sqlite3.Row) -> Machine:
    """Read a state machine."""
    values = dict(row)
    values.update(id=to_id(row["id"]), created_at=to_time(row["created_at"]), updated_at=to_time(row["updated_at"]))
    return Machine(**values)


def execution(row: sqlite3.Row) -> Execution:
    """Read an execution."""
    values = dict(row)
    values.update(
        id=to_id(row["id"]),
        state_machine_name=values.pop("machine_name"),
        started_at=to_time(row["started_at"]),
        stopped_at=to_optional_time(row["stopped_at"]),
    )
    return Execution(**values)


def active_execution(row: sqlite3.Row) -> ActiveExecution:
    """Read what it takes to go on with an execution."""
    values = dict(row)
    values.update(
        id=to_id(row["id"]),
        state_machine_id=to_id(row["state_machine_id"]),
        started_at=to_time(row["started_at"]),
    )
    return ActiveExecution(**values)


def _version(machine: Machine) -> tuple[object, ...]:
    text = (machine.definition, machine.role_arn, machine.description)
    return (machine.id.bytes, machine.version, *text, from_time(machine.updated_at))
