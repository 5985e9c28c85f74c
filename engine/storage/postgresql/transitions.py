"""The parts of a commit that move executions: they begin, go on, end, and run again."""

# ruff: noqa: S608 - the statements are put together from parts of this package alone

from __future__ import annotations

from typing import Final

from engine.storage.postgresql.parts import Part, Round, Row, columns
from engine.storage.records import NO_ORIGIN, Ending, Events, Origin, Write

# Rows are found by `= any(...)` of their key, which is an index condition whatever the planner believes; what else is
# asked of them is asked `is true`, which no index serves: that of owners would give all executions of the process. They
# are matched with what was sent by hashing, and `(... in (select ...)) is true` looks up a hash table as well.

# An EXPRESS child of a map run leaves a row of its own, which isn't announced. What begins and ends in one commit is
# announced in that order.
_STATUSES: Final = """
    cross join lateral (
        values (0, 'RUNNING', {began}, null, null), (1, u.status, u.stopped_at, u.error, u.cause)
    ) as c (place, status, at, error, cause)
    where c.status is not null
        and (select r.execution_type from map_runs as r where r.id = {group}) is distinct from 'EXPRESS'
"""
_NO_EVENTS: Final = Events(0, 0, b"")
_NO_ORIGIN: Final = (None, None, None, None, None, None)
_RUNNING: Final = (None, None, None, None, None)
"""The columns that say how an execution ended, of one that hasn't."""


def _begins(found: Round) -> list[Row]:
    rows = []
    for write in found.begins:
        if (begun := write.beginning) is not None:
            # A map run's child has the map run in the place of the state machine.
            group = begun.origin.map_run or begun.state_machine_id
            began = (write.execution_id, group, begun.version, begun.name, begun.input, begun.started_at)
            origin = _NO_ORIGIN if begun.origin is NO_ORIGIN else _origin(begun.origin)
            rows.append((*began, *origin, *_state(write)))
    return rows


def _advances(found: Round) -> list[Row]:
    return [
        (write.execution_id, write.sequence, write.snapshot, (e := write.events or _NO_EVENTS).first, e.last, e.data)
        for write in found.advances
    ]


def _ends(found: Round) -> list[Row]:
    rows = []
    for write in found.ends:
        if (how := write.ending) is not None:
            events = write.events or _NO_EVENTS
            rows.append((write.execution_id, write.sequence, *_end(how), events.first, events.last, events.data))
    return rows


def _redrives(found: Round) -> list[Row]:
    rows = []
    for write in sorted(found.redrives, key=lambda write: write.execution_id):  # processes lock rows in the same order
        if (redriven := write.redriven) is not None:
            again = (write.execution_id, redriven.count, redriven.redriven_at, redriven.tokens)
            kept = write.ending is not None and write.ending.snapshot is not None
            rows.append((*again, kept, *_state(write)))
    return rows


def _origin(by: Origin) -> Row:
    return (by.published, by.alias, by.trace_header, by.parent, by.parent_task, by.items or None)


def _state(write: Write) -> Row:
    """Tell how the execution ended, or from what it goes on, and its events."""
    how, snapshot = (_RUNNING, write.snapshot) if write.ending is None else (_end(write.ending), None)
    events = write.events or _NO_EVENTS
    return (*how, snapshot, events.first, events.last, events.data)


def _end(how: Ending) -> Row:
    return (how.status, how.output, how.error, how.cause, how.stopped_at)


_EVENTS: Final = "first int, last int, data bytea"
_END: Final = "status text, output text, error text, cause text, stopped_at timestamptz"
_STATE: Final = f"{_END}, snapshot bytea, {_EVENTS}"
_ORIGIN: Final = "published int null, alias text, trace_header text, parent uuid null, parent_task text, items int null"

BEGINNINGS: Final = Part(
    "beginnings",
    columns(f"id uuid, machine uuid, version int, name text, input text, started_at timestamptz, {_ORIGIN}, {_STATE}"),
    _begins,
    """
begun as (
    insert into executions (
        id, state_machine_id, version, name, input, started_at, status, output, error, cause, stopped_at,
        published, alias, trace_header, parent, parent_task, items
    )
    select id, machine, version, name, input, started_at, coalesce(status, 'RUNNING'), output, error, cause, stopped_at,
        published, alias, trace_header, parent, parent_task, items
    from beginnings where exists (select from lease)
    on conflict do nothing
    returning id
),
activated as (
    insert into active_executions (execution_id, owner, sequence, snapshot)
    select id, $1, 1, snapshot from beginnings where snapshot is not null and (id in (select id from begun)) is true
)""",
    applied="""
    select id, snapshot is not null as runs, first, last, data
    from beginnings where (id in (select id from begun)) is true""",
    announced=f"""
    select u.id, 0 as redrive_count, c.*
    from beginnings as u {_STATUSES.format(began="u.started_at", group="u.machine")}
        and (u.id in (select id from begun)) is true""",
)

ADVANCES: Final = Part(
    "advances",
    columns(f"id uuid, sequence int, snapshot bytea, {_EVENTS}"),
    _advances,
    """
advanced as (
    update active_executions as a set sequence = u.sequence, snapshot = u.snapshot from advances as u
    where a.execution_id = any(array(select id from advances))
        and a.execution_id = u.id and a.sequence = u.sequence - 1 and (a.owner = (select epoch from lease)) is true
    returning u.id, u.first, u.last, u.data
)""",
    applied="select id, true as runs, first, last, data from advanced",
)

ENDINGS: Final = Part(
    "endings",
    columns(f"id uuid, sequence int, {_END}, {_EVENTS}"),
    _ends,
    """
ended as (
    delete from active_executions as a using endings as u
    where a.execution_id = any(array(select id from endings))
        and a.execution_id = u.id and a.sequence = u.sequence - 1 and (a.owner = (select epoch from lease)) is true
    returning u.id
),
over as materialized (select array(select id from ended) as ids),
closed as (
    update executions as e
    set status = u.status, output = u.output, error = u.error, cause = u.cause, stopped_at = u.stopped_at
    from endings as u where e.id = any((select ids from over)::uuid[]) and e.id = u.id
),
timers_ended as (delete from timers where execution_id = any((select ids from over)::uuid[])),
messages_ended as (delete from messages where execution_id = any((select ids from over)::uuid[])),
tasks_ended as (delete from activity_tasks where execution_id = any((select ids from over)::uuid[]))""",
    applied="select id, false as runs, first, last, data from endings where (id in (select id from ended)) is true",
    announced="""
    select u.id, e.redrive_count, 1 as place, u.status, u.stopped_at as at, u.error, u.cause
    from endings as u join executions as e on e.id = u.id where e.id = any(array(select id from ended))""",
)

# Of two processes that redrive an execution at once the second waits for the first one's row, and then finds the count
# changed. One that waits for the end of an erasure doesn't see it in the table of erasures even then, but that the row
# was written by a transaction (`xmin`) that wasn't over when it began. A message may have been left while the execution
# ended; the next run isn't to get it.
REDRIVES: Final = Part(
    "redrives",
    columns(f"id uuid, count int, redriven_at timestamptz, tokens text, kept boolean, {_STATE}"),
    _redrives,
    """
reopened as (
    update executions as e
    set status = coalesce(u.status, 'RUNNING'), output = u.output, error = u.error, cause = u.cause,
        stopped_at = u.stopped_at, redrive_count = u.count, redriven_at = u.redriven_at, redrive_tokens = u.tokens
    from redrives as u
    where e.id = any(array(select id from redrives)) and e.id = u.id and e.redrive_count = u.count - 1
        and e.status in ('FAILED', 'TIMED_OUT', 'ABORTED') and exists (select from lease)
        and e.id <> all(array(
            select execution_id from erasures
            where execution_id = any(array(select id from redrives)) and finished_at is not null
        ))
        and e.xmin = any(array(
            select seen.xmin from executions as seen join redrives as r on r.id = seen.id
            where seen.id = any(array(select id from redrives))
        ))
    returning u.*, e.state_machine_id as machine
),
resumed as (
    insert into active_executions (execution_id, owner, sequence, snapshot)
    select id, $1, 1, snapshot from reopened where snapshot is not null
),
messages_forgotten as (delete from messages where execution_id = any(array(select id from reopened))),
snapshots_forgotten as (
    delete from final_snapshots where execution_id = any(array(select id from reopened where not kept))
)""",
    applied="select id, snapshot is not null as runs, first, last, data from reopened",
    announced=f"""
    select u.id, u.count, c.*
    from reopened as u {_STATUSES.format(began="u.redriven_at", group="u.machine")}""",
)
