"""The one statement that a round of the commit loop is: one round trip, one transaction, fenced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from engine.storage.records import NO_ORIGIN, Ending, Write

# The lease's row is locked before anything is written, so that a lease is taken away (its row deleted) either before
# this statement, which then writes nothing, or after it is committed. FOR KEY SHARE lets the lease be renewed all the
# same.
#
# To bind values takes more of this process's time than anything else in a round. So a column that is null in all rows
# is sent as an empty array, which unnest fills up with nulls; and identifiers and numbers are sent as one text, since
# asyncpg looks at each element of an array twice.
#
# `(... in (select ...)) is true` makes PostgreSQL look up a hash table instead of joining: its plan is made before the
# sizes of the arrays are known, and a nested loop over two of them is quadratic.
_TEMPLATE: Final = """
with lease as materialized (
    select epoch from processes where epoch = $1 and expires_at > clock_timestamp() for key share
),
begun as (
    insert into executions
        (id, state_machine_id, version, name, input, started_at, status, output, error, cause, stopped_at{columns})
    select id, machine, version, name, input, started_at,
        coalesce(status, 'RUNNING'), output, error, cause, stopped_at{columns}
    from lease, unnest(
        $2::text::uuid[], $3::text::uuid[], $4::text::int[], $5::text[], $6::text[], $7::timestamptz[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[]{arrays}
    ) as u (id, machine, version, name, input, started_at, status, output, error, cause, stopped_at{columns})
    on conflict do nothing
    returning id
),
activated as (
    insert into active_executions (execution_id, owner, sequence, snapshot)
    select u.id, $1, 1, u.snapshot
    from unnest($2::text::uuid[], $13::bytea[]) as u (id, snapshot)
    where u.snapshot is not null and (u.id in (select id from begun)) is true
    returning execution_id as id
),
advanced as (
    update active_executions as a set sequence = u.sequence, snapshot = u.snapshot
    from lease, unnest($14::text::uuid[], $15::text::int[], $16::bytea[]) as u (id, sequence, snapshot)
    where a.execution_id = u.id and a.owner = lease.epoch and a.sequence = u.sequence - 1
    returning a.execution_id as id
),
ended as (
    delete from active_executions as a
    using lease, unnest($17::text::uuid[], $18::text::int[]) as u (id, sequence)
    where a.execution_id = u.id and a.owner = lease.epoch and a.sequence = u.sequence - 1
    returning a.execution_id as id
),
closed as (
    update executions as e
    set status = u.status, output = u.output, error = u.error, cause = u.cause, stopped_at = u.stopped_at
    from unnest($17::text::uuid[], $19::text[], $20::text[], $21::text[], $22::text[], $23::timestamptz[])
        as u (id, status, output, error, cause, stopped_at)
    where e.id = u.id and (u.id in (select id from ended)) is true
),
{before}
applied as materialized (
    select id from begun union all select id from advanced union all select id from ended {also}
),
recorded as (
    insert into history (execution_id, event_id, last_event_id, events)
    select u.id, u.first, u.last, u.data
    from unnest($24::text::uuid[], $25::text::int[], $26::text::int[], $27::bytea[]) as u (id, first, last, data)
    where (u.id in (select id from applied)) is true
),
timers_stored as (
    insert into timers (execution_id, timer_id, due)
    select u.id, u.timer, u.due
    from unnest($28::text::uuid[], $29::text[], $30::timestamptz[]) as u (id, timer, due)
    where (u.id in (select id from applied)) is true
    on conflict (execution_id, timer_id) do update set due = excluded.due
),
timers_deleted as (
    delete from timers as t
    using unnest($31::text::uuid[], $32::text[]) as u (id, timer)
    where t.execution_id = u.id and t.timer_id = u.timer and (u.id in (select id from applied)) is true
),
timers_ended as (
    delete from timers as t using ended where t.execution_id = ended.id
),
messages_deleted as (
    delete from messages as m
    using unnest($33::text::uuid[], $34::text::bigint[]) as u (execution, id)
    where m.id = u.id and (u.execution in (select id from applied)) is true
),
messages_ended as (
    delete from messages as m using ended where m.execution_id = ended.id
),
activity_tasks_ended as (
    delete from activity_tasks as t using ended where t.execution_id = ended.id
)
{after}
select (select count(*) from lease) = 1 as held, array(select id from applied) as applied {told}
"""


class Parts(msgspec.Struct, frozen=True):
    """What a statement does besides: SQL for the places that the template names; nothing for most rounds."""

    columns: str = ""
    arrays: str = ""
    before: str = ""
    also: str = ""
    after: str = ""
    told: str = ""


def statement(parts: Parts) -> str:
    """Give the statement with additions."""
    return _TEMPLATE.format(**msgspec.structs.asdict(parts))


STATEMENT: Final = statement(Parts())

# The plan is made once, for arrays of any size, and by way of the indexes even while the tables are still small.
SERVER_SETTINGS: Final = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}

RUNNING: Final = (None, None, None, None, None)
"""The columns that say how an execution ended, of one that hasn't."""


def is_plain(writes: Sequence[Write]) -> bool:
    """Whether `STATEMENT` does all that is asked for; what is rare has a statement of its own."""
    return not any(
        write.sent
        or write.redriven
        or write.activity_tasks_added
        or write.activity_tasks_removed
        or write.payloads
        or (write.beginning is not None and write.beginning.origin is not NO_ORIGIN)
        or (write.ending is not None and write.ending.snapshot is not None)
        for write in writes
    )


def parameters(epoch: int, writes: Sequence[Write]) -> list[object]:
    """Give the statement's parameters: the columns of every table that it writes to."""
    running = [write for write in writes if write.beginning is None and write.redriven is None]
    return [
        epoch,
        *_beginnings(writes),
        *columns("tt*", [(w.execution_id, w.sequence, w.snapshot) for w in running if w.ending is None]),
        *columns("tt*****", [(w.execution_id, w.sequence, *ending(w.ending)) for w in running if w.ending is not None]),
        *columns("ttt*", [(w.execution_id, e.first, e.last, e.data) for w in writes if (e := w.events) is not None]),
        *columns("t**", [(w.execution_id, *timer) for w in writes for timer in w.timers_set]),
        *columns("t*", [(w.execution_id, timer) for w in writes for timer in w.timers_removed]),
        *columns("tt", [(w.execution_id, message) for w in writes for message in w.messages_removed]),
    ]


def _beginnings(writes: Sequence[Write]) -> list[Column]:
    rows = []
    for write in writes:
        if (beginning := write.beginning) is not None:
            # A map run's child has the map run in the place of the state machine.
            group = beginning.origin.map_run or beginning.state_machine_id
            row = (write.execution_id, group, beginning.version, beginning.name, beginning.input)
            snapshot = write.snapshot if write.ending is None else None
            how = RUNNING if write.ending is None else ending(write.ending)
            rows.append((*row, beginning.started_at, *how, snapshot))
    return columns("ttt*********", rows)


def ending(how: Ending) -> tuple[object, ...]:
    """Give the columns that say how an execution ended."""
    return (how.status, how.output, how.error, how.cause, how.stopped_at)


Column = Sequence[object] | str


def columns(kinds: str, rows: Sequence[tuple[object, ...]]) -> list[Column]:
    """Turn rows into columns, each for a letter of `kinds`.

    ``t`` is one of identifiers or numbers, never null, as the text of an array; ``*`` an array of anything, empty if
    it has only None.
    """
    found: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return [_text(column) if kind == "t" else _dense(column) for kind, column in zip(kinds, found, strict=True)]


def _text(column: Sequence[object]) -> str:
    return f"{{{','.join(map(str, column))}}}"


def _dense(column: Sequence[object]) -> Sequence[object]:
    return column if column.count(None) < len(column) else ()
