"""The role that the engine logs in as: what it may do, and nothing besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
import psycopg
from psycopg import sql
from sqlalchemy import Connection

PRIVILEGES: Final = {
    "alembic_version": "select",
    "schema_support": "select",
    "organizations": "select, insert",
    "state_machines": "select, insert, update",
    "state_machine_versions": "select, insert",
    "processes": "select, insert, update, delete",
    "executions": "select, insert, update",
    "active_executions": "select, insert, update, delete",
    "history": "select, insert",
    "timers": "select, insert, update, delete",
    "messages": "select, insert, delete",
    "outbox": "select, insert, update, delete",
    "secrets": "select, insert",
    "published_versions": "select, insert, delete",
    "aliases": "select, insert, update, delete",
    "tags": "select, insert, update, delete",
    "activities": "select, insert, delete",
    "activity_tasks": "select, insert, update, delete",
    "map_runs": "select, insert, update",
    "final_snapshots": "select, insert, update, delete",
    "leaders": "select, insert, update",
    "schedule_groups": "select, insert, update, delete",
    "schedules": "select, insert, update, delete",
    "schedule_firings": "select, insert, update, delete",
    "archives": "select, insert, update, delete",
    "retention_stretches": "select, insert, update, delete",
    "payloads": "select, insert, delete",
    "paused_executions": "select, insert, update, delete",
    "process_abilities": "select, insert, update, delete",
    "set_aside_executions": "select, insert, update, delete",
    "erasures": "select, insert, update",
}
"""What the engine needs of each table. A history can be added to, not changed."""

FUNCTIONS: Final = (
    "bound_history(uuid)",
    "validate_history()",
    "settle_history(uuid)",
    "add_history(timestamptz)",
    "drop_history(text, uuid, uuid)",
    "trim_history(uuid[])",
    "erase_history(uuid, integer[], bytea[])",
)
"""What the engine may do to the history's partitions, with the rights of whoever made the schema (revision 0003)."""


class Role(msgspec.Struct, frozen=True):
    """A login role and its password; None leaves the password as it is."""

    name: str
    password: str | None


def prepare_role(connection: Connection, role: Role, report: Callable[[str], None]) -> None:
    """Make the role unless it is there, set its password, and grant it what the engine needs."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError(f"Expected a connection of psycopg, not {driver!r}.")
    name = sql.Identifier(role.name)
    with driver.cursor() as cursor:
        known = cursor.execute("select from pg_roles where rolname = %s", [role.name]).rowcount
        if not known:
            cursor.execute(sql.SQL("create role {} login").format(name))
            report(f'Created the role "{role.name}".')
        if role.password is not None:
            _set_password(cursor, role.name, role.password)
        database = sql.Identifier(driver.info.dbname)
        cursor.execute(sql.SQL("grant connect on database {} to {}").format(database, name))
        cursor.execute(sql.SQL("grant usage on schema public to {}").format(name))
        for table, privileges in PRIVILEGES.items():
            grant = sql.SQL("grant {} on {} to {}")
            cursor.execute(grant.format(sql.SQL(privileges), sql.Identifier(table), name))
        for function in FUNCTIONS:
            cursor.execute(sql.SQL("grant execute on function {} to {}").format(sql.SQL(function), name))


def _set_password(cursor: psycopg.Cursor[tuple[object, ...]], name: str, password: str) -> None:
    """Send a verifier that is computed here: the password itself never gets into the server's log or statistics."""
    encoded = cursor.connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
    statement = sql.SQL("alter role {} with login password {}")
    cursor.execute(statement.format(sql.Identifier(name), sql.Literal(encoded.decode())))
