"""History in partitions by month, archived executions, and large payloads by reference."""

# ruff: noqa: S608 - the functions are put together from parts of this file alone

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0003"
down_revision = "0002"
oldest_engine = "0002"

# Identifiers are in time order, so a month's history is a range of execution ids, and the primary key stays as it was.
# What there is becomes the default partition of the new table, which needs no look at its rows; `settle_history` makes
# it the first partition later: it looks at all rows unless a valid constraint says that all are earlier than the bound.
_HISTORY: Final = (
    "alter table history rename to history_before",
    "alter index history_pkey rename to history_before_pkey",
    """
    create table history (
        execution_id uuid not null,
        event_id integer not null,
        last_event_id integer not null,
        events bytea not null,
        primary key (execution_id, event_id)
    ) partition by range (execution_id)
    """,
    "alter table history attach partition history_before default",
)

# The engine's role may add to a history and nothing else. What changes the partitions is done by these functions, with
# the rights of whoever made the schema, and each refuses what would lose something. None waits for a lock for long:
# whoever wants to write meanwhile waits behind it.
_FUNCTION: Final = "language plpgsql security definer set search_path = public, pg_temp set lock_timeout = '250ms'"
_FUNCTIONS: Final = (
    """
    create function history_bound(moment timestamptz) returns uuid language sql immutable as $$
        select rpad(lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0'), 32, '0')::uuid
    $$
    """,
    f"""
    create function bound_history(bound uuid) returns void {_FUNCTION} as $$
    begin
        if bound is null or bound > history_bound(now() + interval '2 days') then
            alter table history_before drop constraint if exists history_before_bound;
        end if;
        if bound > history_bound(now() + interval '2 days') then
            execute format(
                'alter table history_before add constraint history_before_bound check (execution_id < %L) not valid',
                bound
            );
        end if;
    end $$
    """,
    f"""
    create function validate_history() returns void {_FUNCTION} as $$
    begin
        alter table history_before validate constraint history_before_bound;
    end $$
    """,
    f"""
    create function settle_history(bound uuid) returns void {_FUNCTION} as $$
    begin
        alter table history detach partition history_before;
        create table history_default (like history including all);
        with moved as (delete from history_before where execution_id >= bound returning *)
        insert into history_default select * from moved;
        execute format('alter table history attach partition history_before for values from (minvalue) to (%L)', bound);
        alter table history_before drop constraint if exists history_before_bound;
        alter table history attach partition history_default default;
    end $$
    """,
    f"""
    create function add_history(month timestamptz) returns boolean {_FUNCTION} as $$
    declare
        name text := to_char(month at time zone 'utc', '"history_"YYYY"_"MM');
        low uuid := history_bound(month);
        high uuid := history_bound((month at time zone 'utc' + interval '1 month') at time zone 'utc');
    begin
        if to_regclass(name) is not null
            or exists (select from history_default where execution_id >= low and execution_id < high)
        then
            return false;
        end if;
        execute format('create table %I (like history including all)', name);
        execute format('alter table history attach partition %I for values from (%L) to (%L)', name, low, high);
        return true;
    end $$
    """,
    # No child of a map run begins any more once the execution that has the map run is archived.
    f"""
    create function drop_history(name text, low uuid, high uuid) returns boolean {_FUNCTION} as $$
    begin
        if not exists (
                select from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
                where i.inhparent = 'history'::regclass and c.relname = name
                    and pg_get_expr(c.relpartbound, c.oid) = format(
                        'FOR VALUES FROM (%s) TO (%L)', coalesce(quote_literal(low), 'MINVALUE'), high
                    )
            )
            or exists (
                select from map_runs as r join executions as e on e.id = r.execution_id
                where (low is null or r.id >= low) and r.id < high and e.archive is null
            )
            or exists (
                select from executions as e where (low is null or e.id >= low) and e.id < high and e.archive is null
            )
        then
            return false;
        end if;
        execute format('alter table history detach partition %I', name);
        execute format('drop table %I', name);
        return true;
    end $$
    """,
    f"""
    create function trim_history(ids uuid[]) returns bigint {_FUNCTION} as $$
    declare
        removed bigint;
    begin
        delete from history as h using executions as e
        where h.execution_id = any(ids) and e.id = h.execution_id and e.archive is not null;
        get diagnostics removed = row_count;
        return removed;
    end $$
    """,
)
_PRIVATE: Final = (
    "bound_history(uuid)",
    "validate_history()",
    "settle_history(uuid)",
    "add_history(timestamptz)",
    "drop_history(text, uuid, uuid)",
    "trim_history(uuid[])",
)

# An archive is an object with a part for each of its executions; it is written down before it is written, so that what
# a killed process left behind is found. Stretches are ranges of execution ids that are to be looked through again.
_COLUMNS: Final = ("archive {number}", "archive_position {number}", "archive_length integer")
_POSTGRESQL: Final = (
    *_HISTORY,
    f"alter table executions {', '.join(f'add column {column}' for column in _COLUMNS)}".format(number="bigint"),
    """
    create table archives (
        id bigint generated always as identity primary key,
        name text not null unique,
        state text not null default 'writing',
        created_at timestamptz not null default now()
    )
    """,
    "create index incomplete_archives on archives (created_at) where state <> 'complete'",
    """
    create table retention_stretches (
        id bigint generated always as identity primary key,
        first uuid not null,
        last uuid not null,
        due timestamptz not null
    )
    """,
    "create index retention_stretches_by_due_time on retention_stretches (due)",
    """
    create table payloads (
        execution_id uuid not null,
        digest bytea not null,
        data bytea not null,
        primary key (execution_id, digest)
    )
    """,
    *_FUNCTIONS,
    *(f"revoke all on function {function} from public" for function in _PRIVATE),
)

# Times are microseconds since 1970, identifiers 16 bytes.
_SQLITE: Final = (
    *(f"alter table executions add column {column}".format(number="integer") for column in _COLUMNS),
    """
    create table archives (
        id integer primary key autoincrement,
        name text not null unique,
        state text not null default 'writing',
        created_at integer not null
    ) strict
    """,
    """
    create table retention_stretches (
        id integer primary key autoincrement,
        first blob not null,
        last blob not null,
        due integer not null
    ) strict
    """,
    "create index retention_stretches_by_due_time on retention_stretches (due)",
    """
    create table payloads (
        execution_id blob not null,
        digest blob not null,
        data blob not null,
        primary key (execution_id, digest)
    ) strict, without rowid
    """,
)


def upgrade() -> None:
    """Change and create the tables."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
