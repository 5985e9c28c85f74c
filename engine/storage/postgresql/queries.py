"""Statements for everything but commits."""

# ruff: noqa: S608 - the statements are put together from parts of this file alone

from __future__ import annotations

from typing import Final

ACCOUNT_OF: Final = "select account from organizations where name = $1"

ADD_ORGANIZATION: Final = "insert into organizations (name, account) values ($1, $2) on conflict do nothing"

CREATE_MACHINE: Final = """
with machine as (
    insert into state_machines (id, organization, name, kind, version, created_at)
    values ($1, $2, $3, $4, $5, $9)
    on conflict do nothing
    returning id
)
insert into state_machine_versions (state_machine_id, version, definition, role_arn, description, created_at)
select id, $5, $6, $7, $8, $10 from machine
returning version
"""

ADD_VERSION: Final = """
with machine as (
    update state_machines set version = $2 where id = $1 and version = $2 - 1 returning id
)
insert into state_machine_versions (state_machine_id, version, definition, role_arn, description, created_at)
select id, $2, $3, $4, $5, $6 from machine
returning version
"""

_MACHINE: Final = """
select m.id, m.organization, m.name, m.kind, v.version, v.definition, v.role_arn, v.description,
    m.created_at, v.created_at as updated_at
from state_machines as m join state_machine_versions as v on v.state_machine_id = m.id
"""

FIND_MACHINE: Final = f"{_MACHINE} where m.organization = $1 and m.name = $2 and v.version = m.version"

GET_VERSION: Final = f"{_MACHINE} where m.id = $1 and v.version = $2"

LIST_MACHINES: Final = f"""
{_MACHINE}
where m.organization = $1 and v.version = m.version and ($3::text is null or m.name > $3)
order by m.name limit $2
"""

_EXECUTION: Final = """
select e.id, m.organization, m.name as state_machine_name, e.version, e.name, e.status, e.input, e.output,
    e.error, e.cause, e.started_at, e.stopped_at
from state_machines as m
"""

FIND_EXECUTION: Final = f"""
{_EXECUTION} join executions as e on e.state_machine_id = m.id
where m.organization = $1 and m.name = $2 and e.name = $3
"""

# The newest of each state machine by way of the index, then the newest of all these.
LIST_EXECUTIONS: Final = f"""
{_EXECUTION}
cross join lateral (
    select * from executions as x
    where x.state_machine_id = m.id and ($3::text is null or x.status = $3) and ($5::uuid is null or x.id < $5)
    order by x.id desc limit $4
) as e
where m.organization = $1 and ($2::text is null or m.name = $2)
order by e.id desc limit $4
"""

READ_HISTORY: Final = """
select event_id, last_event_id, events from history
where execution_id = $1 and last_event_id > $2
order by event_id limit $3
"""

READ_HISTORY_REVERSE: Final = """
select event_id, last_event_id, events from history
where execution_id = $1 and event_id < $2
order by event_id desc limit $3
"""

POSITIONS: Final = """
select e.id, coalesce(a.sequence, 0) as sequence, a.owner
from executions as e left join active_executions as a on a.execution_id = e.id
where e.id = any($1::uuid[])
"""

_ACTIVE: Final = "e.id, a.sequence, a.snapshot, e.state_machine_id, e.version, e.name, e.input, e.started_at"

LOAD: Final = f"""
select {_ACTIVE}
from active_executions as a join executions as e on e.id = a.execution_id
where a.owner = $1 and a.execution_id = any($2::uuid[])
"""

DUE_EXECUTIONS: Final = """
select distinct t.execution_id
from timers as t join active_executions as a on a.execution_id = t.execution_id
where a.owner = $1 and ($2::timestamptz is null or t.due > $2) and t.due <= $3
"""

SEND: Final = """
with message as (
    insert into messages (execution_id, data)
    select execution_id, $2 from active_executions where execution_id = $1
)
select owner, pg_notify($3, owner::text) from active_executions where execution_id = $1
"""

MESSAGES: Final = """
select m.id, m.execution_id, m.data
from messages as m join active_executions as a on a.execution_id = m.execution_id
where a.owner = $1
order by m.id limit $2
"""

REGISTER_PROCESS: Final = """
insert into processes (name, expires_at) values ($1, clock_timestamp() + make_interval(secs => $2))
returning epoch, clock_timestamp() as now
"""

RENEW_PROCESS: Final = """
update processes set expires_at = clock_timestamp() + make_interval(secs => $2) where epoch = $1
returning clock_timestamp() as now
"""

REMOVE_PROCESS: Final = "delete from processes where epoch = $1"

REMOVE_LAPSED: Final = "delete from processes where expires_at <= clock_timestamp() returning epoch"

REMOVE_UNREAD: Final = """
delete from messages as m
where created_at < clock_timestamp() - interval '1 hour'
    and not exists (select from active_executions as a where a.execution_id = m.execution_id)
"""

LOCK_LEASE: Final = """
select epoch from processes where epoch = $1 and expires_at > clock_timestamp() for key share
"""

# Which owners there are takes one step in the index for each, however many executions they have.
CLAIM: Final = f"""
with recursive owners as (
    select min(owner) as owner from active_executions
    union all
    select (select min(a.owner) from active_executions as a where a.owner > o.owner)
    from owners as o where o.owner is not null
),
dead as (
    select owner from owners
    where owner is not null and not exists (select from processes as p where p.epoch = owners.owner)
),
orphans as (
    select a.execution_id from active_executions as a
    where a.owner in (select owner from dead)
    limit $2 for update of a skip locked
),
claimed as (
    update active_executions as a set owner = $1 from orphans as o where a.execution_id = o.execution_id
    returning a.execution_id, a.sequence, a.snapshot
)
select {_ACTIVE} from claimed as a join executions as e on e.id = a.execution_id
"""

RELEASE: Final = """
with released as (
    update active_executions set owner = 0
    where owner = $1 and ($2::uuid[] is null or execution_id = any($2::uuid[]))
)
select pg_notify($3, '0')
"""
