"""The leader, and schedules."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0004"
down_revision = "0003"
oldest_engine = "0002"

# The indexes that are asked every second hold only what has a time to come.
_POSTGRESQL: Final = (
    """
    create table leaders (
        id integer primary key check (id = 1),
        term bigint not null,
        epoch bigint not null
    )
    """,
    """
    create table schedule_groups (
        id uuid primary key,
        organization text not null references organizations,
        name text not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        unique (organization, name)
    )
    """,
    """
    create table schedules (
        id uuid primary key,
        organization text not null,
        group_name text not null,
        name text not null,
        configuration text not null,
        enabled boolean not null,
        ends boolean not null,
        revision integer not null,
        due_at timestamptz,
        latest_execution uuid,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        unique (organization, group_name, name),
        foreign key (organization, group_name) references schedule_groups (organization, name) on delete cascade
    ) with (fillfactor = 50)
    """,
    "create index schedules_by_due_time on schedules (due_at) where due_at is not null",
    """
    create table schedule_firings (
        schedule_id uuid not null references schedules on delete cascade,
        scheduled_at timestamptz not null,
        start_at timestamptz not null,
        attempt integer not null,
        target text not null,
        primary key (schedule_id, scheduled_at)
    )
    """,
    "create index schedule_firings_by_start on schedule_firings (start_at)",
)

# Times are microseconds since 1970, identifiers 16 bytes.
_SQLITE: Final = (
    """
    create table leaders (
        id integer primary key check (id = 1),
        term integer not null,
        epoch integer not null
    ) strict
    """,
    """
    create table schedule_groups (
        id blob primary key,
        organization text not null references organizations,
        name text not null,
        created_at integer not null,
        updated_at integer not null,
        unique (organization, name)
    ) strict
    """,
    """
    create table schedules (
        id blob primary key,
        organization text not null,
        group_name text not null,
        name text not null,
        configuration text not null,
        enabled integer not null,
        ends integer not null,
        revision integer not null,
        due_at integer,
        latest_execution blob,
        created_at integer not null,
        updated_at integer not null,
        unique (organization, group_name, name)
    ) strict
    """,
    "create index schedules_by_due_time on schedules (due_at) where due_at is not null",
    """
    create table schedule_firings (
        schedule_id blob not null references schedules,
        scheduled_at integer not null,
        start_at integer not null,
        attempt integer not null,
        target text not null,
        primary key (schedule_id, scheduled_at)
    ) strict
    """,
    "create index schedule_firings_by_start on schedule_firings (start_at)",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
