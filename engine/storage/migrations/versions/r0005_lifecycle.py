"""Paused executions, executions that no process here can go on with, and erased data."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0005"
down_revision = "0004"
oldest_engine = "0002"

# Two processes that don't exist own what nobody is to run: -1 what is paused, -2 what waits for a process that can go
# on with it. Their leases never lapse, so that engines of every revision leave alone what is theirs.
PROCESSES: Final = """
insert into processes (epoch, name, expires_at) overriding system value
values (-1, 'paused', '9999-12-31 00:00:00+00'), (-2, 'set aside', '9999-12-31 00:00:00+00')
"""

# The engine's role may add to a history and nothing else: this takes data out of one that was asked to be erased.
_ERASE: Final = """
create function erase_history(execution uuid, ids integer[], stripped bytea[]) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (select from erasures where execution_id = execution and finished_at is null)
        or exists (select from active_executions where execution_id = execution)
    then
        raise exception 'the history of the execution is not to be erased' using errcode = 'insufficient_privilege';
    end if;
    update history as h set events = u.events
    from unnest(ids, stripped) as u (event_id, events)
    where h.execution_id = execution and h.event_id = u.event_id;
end $$
"""
_POSTGRESQL: Final = (
    PROCESSES,
    """
    create table paused_executions (
        execution_id uuid primary key,
        paused_at timestamptz not null default clock_timestamp(),
        paused_by text not null,
        holder bigint,
        resumed boolean not null default false
    )
    """,
    """
    create table process_abilities (
        epoch bigint primary key,
        abilities text[] not null
    )
    """,
    """
    create table set_aside_executions (
        execution_id uuid primary key,
        need text not null,
        since timestamptz not null default clock_timestamp()
    )
    """,
    """
    create table erasures (
        execution_id uuid primary key,
        requested_at timestamptz not null default clock_timestamp(),
        requested_by text not null,
        erased_up_to integer not null default 0,
        events integer not null default 0,
        digest bytea not null default '',
        finished_at timestamptz
    )
    """,
    "create index unfinished_erasures on erasures (execution_id) where finished_at is null",
    _ERASE,
    "revoke all on function erase_history(uuid, integer[], bytea[]) from public",
)

# Times are microseconds since 1970, identifiers 16 bytes, lists JSON.
_SQLITE: Final = (
    """
    insert into processes (epoch, name, expires_at)
    values (-1, 'paused', 253402214400000000), (-2, 'set aside', 253402214400000000)
    """,
    """
    create table paused_executions (
        execution_id blob primary key,
        paused_at integer not null,
        paused_by text not null,
        holder integer,
        resumed integer not null default 0
    ) strict
    """,
    """
    create table process_abilities (
        epoch integer primary key,
        abilities text not null
    ) strict
    """,
    """
    create table set_aside_executions (
        execution_id blob primary key,
        need text not null,
        since integer not null
    ) strict
    """,
    """
    create table erasures (
        execution_id blob primary key,
        requested_at integer not null,
        requested_by text not null,
        erased_up_to integer not null default 0,
        events integer not null default 0,
        digest blob not null default x'',
        finished_at integer
    ) strict
    """,
    "create index unfinished_erasures on erasures (execution_id) where finished_at is null",
)


def upgrade() -> None:
    """Create the tables, and the processes that don't exist."""
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)
