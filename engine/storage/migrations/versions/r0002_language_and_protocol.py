"""Published versions, aliases, tags, activities, map runs, redrives and the deletion of state machines."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0002"
down_revision = "0001"
oldest_engine = "0002"

# Tables that may be big get columns which are null or have a constant default, and no index: neither reads or rewrites
# them. A child of a map run has the map run's id as its state_machine_id: the unique constraint and the index that
# executions have then list a map run's children as they list a state machine's executions, which don't mix.
#
# Engines of revision 0001 go on working while the others are started: what they don't know has a default.
_EXECUTIONS: Final = (
    "published integer",
    "alias text",
    "trace_header text",
    "parent {id}",
    "parent_task text",
    "items integer",
    "redrive_count integer not null default 0",
    "redriven_at {time}",
    "redrive_tokens text not null default ''",
)

_POSTGRESQL: Final = (
    """
    alter table state_machines
        drop constraint state_machines_organization_name_key,
        add column last_published integer not null default 0,
        add column deleting_at timestamptz,
        add column deleted_at timestamptz,
        add constraint state_machines_by_name unique nulls not distinct (organization, name, deleted_at)
    """,
    """
    alter table state_machine_versions
        add column revision_id uuid not null default gen_random_uuid(),
        add column configuration text not null default '{}'
    """,
    f"alter table executions {', '.join(f'add column {column}' for column in _EXECUTIONS)}".format(
        id="uuid", time="timestamptz"
    ),
    "alter table messages add column key text",
    "create unique index messages_by_key on messages (execution_id, key) where key is not null",
    """
    create table secrets (
        name text primary key,
        value bytea not null
    )
    """,
    """
    create table published_versions (
        state_machine_id uuid not null references state_machines,
        number integer not null,
        version integer not null,
        description text not null,
        created_at timestamptz not null,
        primary key (state_machine_id, number)
    )
    """,
    """
    create table aliases (
        state_machine_id uuid not null references state_machines,
        name text not null,
        description text not null,
        routes jsonb not null,
        created_at timestamptz not null,
        updated_at timestamptz not null,
        primary key (state_machine_id, name)
    )
    """,
    """
    create table tags (
        resource uuid not null,
        key text not null,
        value text not null,
        primary key (resource, key)
    )
    """,
    """
    create table activities (
        id uuid primary key,
        organization text not null references organizations,
        name text not null,
        configuration text not null,
        created_at timestamptz not null,
        unique (organization, name)
    )
    """,
    """
    create table activity_tasks (
        id bigint generated always as identity primary key,
        activity_id uuid not null,
        execution_id uuid not null,
        task_id text not null,
        input text not null
    )
    """,
    "create index activity_tasks_by_activity on activity_tasks (activity_id, id)",
    "create index activity_tasks_by_execution on activity_tasks (execution_id)",
    """
    create table map_runs (
        id uuid primary key,
        execution_id uuid not null,
        state_machine_id uuid not null references state_machines,
        version integer not null,
        label text not null,
        pointer text not null,
        execution_type text not null,
        status text not null,
        max_concurrency integer not null,
        tolerated_failure_count integer not null,
        tolerated_failure_percentage double precision not null,
        started_at timestamptz not null,
        stopped_at timestamptz,
        items integer,
        executions integer,
        results_written integer not null,
        state bytea not null,
        redrive_count integer not null,
        redriven_at timestamptz
    )
    """,
    "create index map_runs_by_execution on map_runs (execution_id, started_at, id)",
    "create index running_map_runs on map_runs (id) where status = 'RUNNING'",
    """
    create table final_snapshots (
        execution_id uuid primary key,
        ended_at timestamptz not null,
        snapshot bytea not null
    )
    """,
    "create index final_snapshots_by_end on final_snapshots (ended_at)",
)

# SQLite can't drop a constraint: the table, which is small, is made again.
_SQLITE: Final = (
    """
    create table new_state_machines (
        id blob primary key,
        organization text not null references organizations,
        name text not null,
        kind text not null,
        version integer not null,
        created_at integer not null,
        last_published integer not null default 0,
        deleting_at integer,
        deleted_at integer
    ) strict
    """,
    """
    insert into new_state_machines (id, organization, name, kind, version, created_at)
    select id, organization, name, kind, version, created_at from state_machines
    """,
    "drop table state_machines",
    "alter table new_state_machines rename to state_machines",
    "create unique index state_machines_by_name on state_machines (organization, name, coalesce(deleted_at, 0))",
    "alter table state_machine_versions add column revision_id blob",
    "update state_machine_versions set revision_id = randomblob(16)",
    "alter table state_machine_versions add column configuration text not null default '{}'",
    *(f"alter table executions add column {column}".format(id="blob", time="integer") for column in _EXECUTIONS),
    "alter table messages add column key text",
    "create unique index messages_by_key on messages (execution_id, key) where key is not null",
    "create table secrets (name text primary key, value blob not null) strict",
    """
    create table published_versions (
        state_machine_id blob not null references state_machines,
        number integer not null,
        version integer not null,
        description text not null,
        created_at integer not null,
        primary key (state_machine_id, number)
    ) strict
    """,
    """
    create table aliases (
        state_machine_id blob not null references state_machines,
        name text not null,
        description text not null,
        routes text not null,
        created_at integer not null,
        updated_at integer not null,
        primary key (state_machine_id, name)
    ) strict
    """,
    """
    create table tags (
        resource blob not null,
        key text not null,
        value text not null,
        primary key (resource, key)
    ) strict, without rowid
    """,
    """
    create table activities (
        id blob primary key,
        organization text not null references organizations,
        name text not null,
        configuration text not null,
        created_at integer not null,
        unique (organization, name)
    ) strict
    """,
    """
    create table activity_tasks (
        id integer primary key autoincrement,
        activity_id blob not null,
        execution_id blob not null,
        task_id text not null,
        input text not null
    ) strict
    """,
    "create index activity_tasks_by_activity on activity_tasks (activity_id, id)",
    "create index activity_tasks_by_execution on activity_tasks (execution_id)",
    """
    create table map_runs (
        id blob primary key,
        execution_id blob not null,
        state_machine_id blob not null references state_machines,
        version integer not null,
        label text not null,
        pointer text not null,
        execution_type text not null,
        status text not null,
        max_concurrency integer not null,
        tolerated_failure_count integer not null,
        tolerated_failure_percentage real not null,
        started_at integer not null,
        stopped_at integer,
        items integer,
        executions integer,
        results_written integer not null,
        state blob not null,
        redrive_count integer not null,
        redriven_at integer
    ) strict
    """,
    "create index map_runs_by_execution on map_runs (execution_id, started_at, id)",
    "create index running_map_runs on map_runs (id) where status = 'RUNNING'",
    """
    create table final_snapshots (
        execution_id blob primary key,
        ended_at integer not null,
        snapshot blob not null
    ) strict
    """,
    "create index final_snapshots_by_end on final_snapshots (ended_at)",
)


def upgrade() -> None:
    """Change and create the tables."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
