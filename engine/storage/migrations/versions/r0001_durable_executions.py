"""Organizations, state machines, processes, executions, history, timers and messages."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0001"
down_revision = None
oldest_engine = "0001"

# What changes at every transition is in active_executions alone, in columns without an index and with room on the
# page: PostgreSQL then updates in place (HOT) and prunes as it goes. An execution's own row is written twice in all.
_POSTGRESQL: Final = (
    """
    create table organizations (
        name text primary key,
        account text not null unique,
        created_at timestamptz not null default now()
    )
    """,
    """
    create table state_machines (
        id uuid primary key,
        organization text not null references organizations,
        name text not null,
        kind text not null,
        version integer not null,
        created_at timestamptz not null,
        unique (organization, name)
    )
    """,
    """
    create table state_machine_versions (
        state_machine_id uuid not null references state_machines,
        version integer not null,
        definition text not null,
        role_arn text not null,
        description text not null,
        created_at timestamptz not null,
        primary key (state_machine_id, version)
    )
    """,
    """
    create table processes (
        epoch bigint generated always as identity primary key,
        name text not null,
        started_at timestamptz not null default now(),
        expires_at timestamptz not null
    )
    """,
    """
    create table executions (
        id uuid primary key,
        state_machine_id uuid not null,
        version integer not null,
        name text not null,
        status text not null,
        input text not null,
        output text,
        error text,
        cause text,
        started_at timestamptz not null,
        stopped_at timestamptz,
        unique (state_machine_id, name)
    ) with (fillfactor = 75)
    """,
    "create index executions_by_state_machine on executions (state_machine_id, id)",
    """
    create table active_executions (
        execution_id uuid primary key,
        owner bigint not null,
        sequence integer not null,
        snapshot bytea not null
    ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.1)
    """,
    "create index active_executions_by_owner on active_executions (owner)",
    """
    create table history (
        execution_id uuid not null,
        event_id integer not null,
        last_event_id integer not null,
        events bytea not null,
        primary key (execution_id, event_id)
    )
    """,
    """
    create table timers (
        execution_id uuid not null,
        timer_id text not null,
        due timestamptz not null,
        primary key (execution_id, timer_id)
    )
    """,
    "create index timers_by_due_time on timers (due)",
    """
    create table messages (
        id bigint generated always as identity primary key,
        execution_id uuid not null,
        data bytea not null,
        created_at timestamptz not null default now()
    )
    """,
    "create index messages_by_execution on messages (execution_id)",
)

# Times are microseconds since 1970, identifiers 16 bytes.
_SQLITE: Final = (
    "create table organizations (name text primary key, account text not null unique) strict",
    """
    create table state_machines (
        id blob primary key,
        organization text not null references organizations,
        name text not null,
        kind text not null,
        version integer not null,
        created_at integer not null,
        unique (organization, name)
    ) strict
    """,
    """
    create table state_machine_versions (
        state_machine_id blob not null references state_machines,
        version integer not null,
        definition text not null,
        role_arn text not null,
        description text not null,
        created_at integer not null,
        primary key (state_machine_id, version)
    ) strict
    """,
    """
    create table processes (
        epoch integer primary key autoincrement,
        name text not null,
        expires_at integer not null
    ) strict
    """,
    """
    create table executions (
        id blob primary key,
        state_machine_id blob not null,
        version integer not null,
        name text not null,
        status text not null,
        input text not null,
        output text,
        error text,
        cause text,
        started_at integer not null,
        stopped_at integer,
        unique (state_machine_id, name)
    ) strict
    """,
    "create index executions_by_state_machine on executions (state_machine_id, id)",
    """
    create table active_executions (
        execution_id blob primary key,
        owner integer not null,
        sequence integer not null,
        snapshot blob not null
    ) strict
    """,
    "create index active_executions_by_owner on active_executions (owner)",
    """
    create table history (
        execution_id blob not null,
        event_id integer not null,
        last_event_id integer not null,
        events blob not null,
        primary key (execution_id, event_id)
    ) strict, without rowid
    """,
    """
    create table timers (
        execution_id blob not null,
        timer_id text not null,
        due integer not null,
        primary key (execution_id, timer_id)
    ) strict, without rowid
    """,
    "create index timers_by_due_time on timers (due)",
    """
    create table messages (
        id integer primary key autoincrement,
        execution_id blob not null,
        data blob not null
    ) strict
    """,
    "create index messages_by_execution on messages (execution_id)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
