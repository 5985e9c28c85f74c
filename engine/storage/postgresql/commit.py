"""The one statement that a round of the commit loop is: one round trip, one transaction, fenced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

import msgspec

from engine.storage.records import NO_ORIGIN, Ending, Write

# The lease's row is locked before anything is written, so that a lease is taken away (its row deleted) either before
# this statement, which then writes nothing, or after it is committed. FOR KEY SHARE lets the lease be renewed all the
# same.
#
# To bind values takes more of this process's time than anything else in a round. So a column that is null in all rows
# is sent as an empty array, which unnest fills up with nulls; and identifiers and numbers are sent as one text, since
# asyncpg looks at each element of an array twice. To read such a text is a tenth of the server's work: the executions
# are sent once, in the order of what becomes of them, and read once.
#
# The plan is made once, when the tables may be empty, and has to be right for any number of rows. So rows are found by
# `= any(...)` of their key, which is an index condition whatever the planner believes; what else is asked of them is
# asked `is true`, which no index serves: that of owners would give all executions of the process. They are matched with
# the arrays by hashing, and `(... in (select ...)) is true` looks up a hash table as well.
_TEMPLATE: Final = """
with sent as materialized (
    select $2::text::uuid[] as ids
),
given as materialized (
    select ids[:$14::int] as begun, ids[$14::int + 1:$17::int] as advanced, ids[$17::int + 1:$24::int] as ended
    from sent
),
lease as materialized (
    select epoch from processes where epoch = $1 and expires_at > clock_timestamp() for key share
),
begun as (
    insert into executions
        (id, state_machine_id, version, name, input, started_at, status, output, error, cause, stopped_at{columns})
    select id, machine, version, name, input, started_at,
        coalesce(status, 'RUNNING'), output, error, cause, stopped_at{columns}
    from unnest(
        (select begun from given), $3::text::uuid[], $4::text::int[], $5::text[], $6::text[], $7::timestamptz[],
        $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[]{arrays}
    ) as u (id, machine, version, name, input, started_at, status, output, error, cause, stopped_at{columns})
    where exists (select from lease)
    on conflict do nothing
    returning id
),
activated as (
    insert into active_executions (execution_id, owner, sequence, snapshot)
    select u.id, $1, 1, u.snapshot
    from unnest((select begun from given), $13::bytea[]) as u (id, snapshot)
    where u.snapshot is not null and (u.id in (select id from begun)) is true
    returning execution_id as id
),
advanced as (
    update active_executions as a set sequence = u.sequence, snapshot = u.snapshot
    from unnest((select advanced from given), $15::text::int[], $16::bytea[]) as u (id, sequence, snapshot)
    where a.execution_id = any((select advanced from given)::uuid[])
        and a.execution_id = u.id and a.sequence = u.sequence - 1 and (a.owner = (select epoch from lease)) is true
    returning a.execution_id as id
),
ended as (
    delete from active_executions as a
    using unnest((select ended from given), $18::text::int[]) as u (id, sequence)
    where a.execution_id = any((select ended from given)::uuid[])
        and a.execution_id = u.id and a.sequence = u.sequence - 1 and (a.owner = (select epoch from lease)) is true
    returning a.execution_id as id
),
closed as (
    update executions as e
    set status = u.status, output = u.output, error = u.error, cause = u.cause, stopped_at = u.stopped_at
    from unnest((select ended from given), $19::text[], $20::text[], $21::text[], $22::text[], $23::timestamptz[])
        as u (id, status, output, error, cause, stopped_at)
    where e.id = any((select ended from given)::uuid[]) and e.id = u.id and (e.id in (select id from ended)) is true
),
{before}
applied as materialized (
    select id from begun union all select id from advanced union all select id from ended {also}
),
recorded as (
    insert into history (execution_id, event_id, last_event_id, events)
    select u.id, u.first, u.last, u.data
    from unnest((select ids from sent), $25::text::int[], $26::text::int[], $27::bytea[]) as u (id, first, last, data)
    where u.data is not null and (u.id in (select id from applied)) is true
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
    where t.execution_id = any($31::text::uuid[]) and t.execution_id = u.id and t.timer_id = u.timer
        and (t.execution_id in (select id from applied)) is true
),
timers_ended as (
    delete from timers
    where execution_id = any((select ended from given)::uuid[]) and (execution_id in (select id from ended)) is true
),
messages_deleted as (
    delete from messages as m
    using unnest($33::text::uuid[], $34::text::bigint[]) as u (execution, id)
    where m.id = any($34::text::bigint[]) and m.id = u.id and (u.execution in (select id from applied)) is true
),
messages_ended as (
    delete from messages
    where execution_id = any((select ended from given)::uuid[]) and (execution_id in (select id from ended)) is true
),
activity_tasks_ended as (
    delete from activity_tasks
    where execution_id = any((select ended from given)::uuid[]) and (execution_id in (select id from ended)) is true
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

# The plan is made once; it reads no table from end to end, and matches by hashing whatever sizes it was made for.
SERVER_SETTINGS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_nestloop": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

_HEX: Final = attrgetter("hex")
_NO_EVENTS: Final = ("null", "null", None)

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
    """Give the statement's parameters: the executions, and the columns of every table that it writes to."""
    begun = [write for write in writes if write.beginning is not None]
    redriven = [write for write in writes if write.redriven is not None]
    running = [write for write in writes if write.beginning is None and write.redriven is None]
    advanced = [write for write in running if write.ending is None]
    ended = [write for write in running if write.ending is not None]
    all_writes = [*begun, *advanced, *ended, *redriven]
    return [
        epoch,
        _identifiers([write.execution_id for write in all_writes]),
        *_beginnings(begun),
        len(begun),
        *columns("n*", [(write.sequence, write.snapshot) for write in advanced]),
        len(begun) + len(advanced),
        *columns("n*****", [(w.sequence, *ending(how)) for w in ended if (how := w.ending) is not None]),
        len(begun) + len(running),
        *columns("nn*", [_NO_EVENTS if (e := w.events) is None else (e.first, e.last, e.data) for w in all_writes]),
        *columns("i**", [(w.execution_id, *timer) for w in writes for timer in w.timers_set]),
        *columns("i*", [(w.execution_id, timer) for w in writes for timer in w.timers_removed]),
        *columns("in", [(w.execution_id, message) for w in writes for message in w.messages_removed]),
    ]


def _beginnings(writes: Sequence[Write]) -> list[Column]:
    rows = []
    for write in writes:
        if (beginning := write.beginning) is not None:
            # A map run's child has the map run in the place of the state machine.
            group = beginning.origin.map_run or beginning.state_machine_id
            snapshot = write.snapshot if write.ending is None else None
            how = RUNNING if write.ending is None else ending(write.ending)
            began = (group, beginning.version, beginning.name, beginning.input, beginning.started_at)
            rows.append((*began, *how, snapshot))
    return columns("in*********", rows)


def ending(how: Ending) -> tuple[object, ...]:
    """Give the columns that say how an execution ended."""
    return (how.status, how.output, how.error, how.cause, how.stopped_at)


Column = Sequence[object] | str


def columns(kinds: str, rows: Sequence[tuple[object, ...]]) -> list[Column]:
    """Turn rows into columns, each for a letter of `kinds`.

    ``i`` is one of identifiers and ``n`` one of numbers, as the text of an array; ``*`` an array of anything, empty if
    it has only None.
    """
    found: Iterable[Sequence[object]] = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return [_column(kind, values) for kind, values in zip(kinds, found, strict=True)]


def _column(kind: str, values: Sequence[object]) -> Column:
    if kind == "*":
        return _dense(values)
    return _identifiers(values) if kind == "i" else f"{{{','.join(map(str, values))}}}"


def _identifiers(values: Sequence[object]) -> str:
    return f"{{{','.join(map(_HEX, values))}}}"


def _dense(column: Sequence[object]) -> Sequence[object]:
    return column if column.count(None) < len(column) else ()
