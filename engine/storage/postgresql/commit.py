"""The one statement that a round of the commit loop is: one round trip, one transaction, fenced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.storage.records import Ending, Write

# The lease's row is locked before anything is written, so that a lease is taken away (its row deleted) either before
# this statement, which then writes nothing, or after it is committed. FOR KEY SHARE lets the lease be renewed all the
# same.
#
# `(... in (select ...)) is true` makes PostgreSQL look up a hash table instead of joining: its plan is made before the
# sizes of the arrays are known, and a nested loop over two of them is quadratic.
STATEMENT: Final = """
with lease as materialized (
    select epoch from processes where epoch = $1 and expires_at > clock_timestamp() for key share
),
begun as (
    insert into executions
        (id, state_machine_id, version, name, input, started_at, status, output, error, cause, stopped_at)
    select u.* from lease, unnest(
        $2::uuid[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::timestamptz[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[]
    ) as u
    on conflict do nothing
    returning id
),
activated as (
    insert into active_executions (execution_id, owner, sequence, snapshot)
    select u.id, $1, 1, u.snapshot
    from unnest($2::uuid[], $13::bytea[]) as u (id, snapshot)
    where u.snapshot is not null and (u.id in (select id from begun)) is true
),
advanced as (
    update active_executions as a set sequence = u.sequence, snapshot = u.snapshot
    from lease, unnest($14::uuid[], $15::int[], $16::bytea[]) as u (id, sequence, snapshot)
    where a.execution_id = u.id and a.owner = lease.epoch and a.sequence = u.sequence - 1
    returning a.execution_id as id
),
ended as (
    delete from active_executions as a
    using lease, unnest($17::uuid[], $18::int[]) as u (id, sequence)
    where a.execution_id = u.id and a.owner = lease.epoch and a.sequence = u.sequence - 1
    returning a.execution_id as id
),
closed as (
    update executions as e
    set status = u.status, output = u.output, error = u.error, cause = u.cause, stopped_at = u.stopped_at
    from unnest($17::uuid[], $19::text[], $20::text[], $21::text[], $22::text[], $23::timestamptz[])
        as u (id, status, output, error, cause, stopped_at)
    where e.id = u.id and (u.id in (select id from ended)) is true
),
applied as materialized (
    select id from begun union all select id from advanced union all select id from ended
),
recorded as (
    insert into history (execution_id, event_id, last_event_id, events)
    select u.id, u.first, u.last, u.data
    from unnest($24::uuid[], $25::int[], $26::int[], $27::bytea[]) as u (id, first, last, data)
    where (u.id in (select id from applied)) is true
),
timers_stored as (
    insert into timers (execution_id, timer_id, due)
    select u.id, u.timer, u.due
    from unnest($28::uuid[], $29::text[], $30::timestamptz[]) as u (id, timer, due)
    where (u.id in (select id from applied)) is true
    on conflict (execution_id, timer_id) do update set due = excluded.due
),
timers_deleted as (
    delete from timers as t
    using unnest($31::uuid[], $32::text[]) as u (id, timer)
    where t.execution_id = u.id and t.timer_id = u.timer and (u.id in (select id from applied)) is true
),
timers_ended as (
    delete from timers as t using ended where t.execution_id = ended.id
),
messages_deleted as (
    delete from messages as m
    using unnest($33::uuid[], $34::bigint[]) as u (execution, id)
    where m.id = u.id and (u.execution in (select id from applied)) is true
),
messages_ended as (
    delete from messages as m using ended where m.execution_id = ended.id
)
select (select count(*) from lease) = 1 as held, array(select id from applied) as applied
"""

# The plan is made once, for arrays of any size, and by way of the indexes even while the tables are still small.
SERVER_SETTINGS: Final = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}

_RUNNING: Final = Ending("RUNNING", None, None, None, None)


def parameters(epoch: int, writes: Sequence[Write]) -> list[object]:
    """Give the statement's parameters: the columns of every table that it writes to."""
    return [
        epoch,
        *_beginnings([write for write in writes if write.beginning is not None]),
        *_columns(3, [(w.execution_id, w.sequence, w.snapshot) for w in writes if not (w.beginning or w.ending)]),
        *_columns(7, [_ended(w, w.ending) for w in writes if w.ending is not None and w.beginning is None]),
        *_columns(4, [(w.execution_id, e.first, e.last, e.data) for w in writes if (e := w.events) is not None]),
        *_columns(3, [(w.execution_id, *timer) for w in writes for timer in w.timers_set]),
        *_columns(2, [(w.execution_id, timer) for w in writes for timer in w.timers_removed]),
        *_columns(2, [(w.execution_id, message) for w in writes for message in w.messages_removed]),
    ]


def _beginnings(writes: Sequence[Write]) -> list[list[object]]:
    rows = []
    for write in writes:
        if (beginning := write.beginning) is not None:
            row = (write.execution_id, beginning.state_machine_id, beginning.version, beginning.name, beginning.input)
            snapshot = write.snapshot if write.ending is None else None
            rows.append((*row, beginning.started_at, *_ending(write.ending or _RUNNING), snapshot))
    return _columns(12, rows)


def _ended(write: Write, ending: Ending) -> tuple[object, ...]:
    return (write.execution_id, write.sequence, *_ending(ending))


def _ending(ending: Ending) -> tuple[object, ...]:
    return (ending.status, ending.output, ending.error, ending.cause, ending.stopped_at)


def _columns(width: int, rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
