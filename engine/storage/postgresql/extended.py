"""The commit statement with what most rounds don't need: redrives, messages to others, activity tasks, origins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.storage.postgresql.commit import RUNNING, Column, Parts, columns, ending, parameters, statement
from engine.storage.postgresql.listener import CHANNEL
from engine.storage.records import Write

# Of two processes that redrive an execution at once the second waits for the first one's row, and then finds the count
# changed. A message may have been left while the execution ended; the next run isn't to get it.
_REOPENED: Final = """
reopened as (
    update executions as e
    set status = coalesce(u.status, 'RUNNING'), output = u.output, error = u.error, cause = u.cause,
        stopped_at = u.stopped_at, redrive_count = u.count, redriven_at = u.redriven_at, redrive_tokens = u.tokens
    from unnest(
        $41::uuid[], $42::int[], $43::timestamptz[], $44::text[],
        $45::text[], $46::text[], $47::text[], $48::text[], $49::timestamptz[]
    ) as u (id, count, redriven_at, tokens, status, output, error, cause, stopped_at)
    where e.id = any($41::uuid[]) and e.id = u.id and e.redrive_count = u.count - 1
        and e.status in ('FAILED', 'TIMED_OUT', 'ABORTED') and exists (select from lease)
    returning e.id
),
resumed as (
    insert into active_executions (execution_id, owner, sequence, snapshot)
    select u.id, $1, 1, u.snapshot
    from unnest($41::uuid[], $50::bytea[]) as u (id, snapshot)
    where u.snapshot is not null and (u.id in (select id from reopened)) is true
    returning execution_id as id
),
messages_forgotten as (
    delete from messages
    where execution_id = any($41::uuid[]) and (execution_id in (select id from reopened)) is true
),
snapshots_forgotten as (
    delete from final_snapshots
    where execution_id = any($41::uuid[]) and (execution_id in (select id from reopened)) is true
        and (execution_id = any($51::uuid[])) is not true
),
"""

# Receivers are those that run once this statement is done: what it begins isn't visible in the table yet, what it ends
# still is.
_AFTER: Final = """,
snapshots_kept as (
    insert into final_snapshots (execution_id, ended_at, snapshot)
    select u.id, coalesce(u.ended_at, clock_timestamp()), u.snapshot
    from unnest($51::uuid[], $52::timestamptz[], $53::bytea[]) as u (id, ended_at, snapshot)
    where (u.id in (select id from applied)) is true
    on conflict (execution_id) do update set ended_at = excluded.ended_at, snapshot = excluded.snapshot
),
receivers as materialized (
    select a.execution_id as id, a.owner from active_executions as a
    where a.execution_id = any($55::uuid[]) and (a.execution_id in (select id from ended)) is not true
    union all select id, $1 from activated
    union all select id, $1 from resumed
),
posted as (
    insert into messages (execution_id, data)
    select u.receiver, u.data
    from unnest($54::uuid[], $55::uuid[], $56::bytea[]) with ordinality as u (sender, receiver, data, place)
    where (u.sender in (select id from applied)) is true and (u.receiver in (select id from receivers)) is true
    order by u.place
    returning execution_id
),
queued as (
    insert into activity_tasks (execution_id, activity_id, task_id, input)
    select u.execution, u.activity, u.task, u.input
    from unnest($57::uuid[], $58::uuid[], $59::text[], $60::text[]) with ordinality
        as u (execution, activity, task, input, place)
    where (u.execution in (select id from applied)) is true
    order by u.place
    returning activity_id
),
activity_tasks_deleted as (
    delete from activity_tasks as t
    using unnest($61::uuid[], $62::text[]) as u (execution, task)
    where t.execution_id = any($61::uuid[]) and t.execution_id = u.execution and t.task_id = u.task
        and (t.execution_id in (select id from applied)) is true
),
payloads_stored as (
    insert into payloads (execution_id, digest, data)
    select u.execution, u.digest, u.data
    from unnest($64::uuid[], $65::bytea[], $66::bytea[]) as u (execution, digest, data)
    where (u.execution in (select id from applied)) is true
    on conflict do nothing
),
told as (
    select owner::text as payload from receivers where (id in (select execution_id from posted)) is true
    union select activity_id::text from queued
)
"""

EXTENDED: Final = Parts(
    columns=", published, alias, trace_header, parent, parent_task, items",
    arrays=", $35::int[], $36::text[], $37::text[], $38::uuid[], $39::text[], $40::int[]",
    before=_REOPENED,
    also="union all select id from reopened",
    after=_AFTER,
    told=", (select count(pg_notify($63, payload)) from told) as told",
)

EXTENDED_STATEMENT: Final = statement(EXTENDED)


def extended_parameters(epoch: int, writes: Sequence[Write]) -> list[object]:
    """Give the extended statement's parameters: the plain one's first."""
    running = [write for write in writes if write.ending is None]
    return [
        *parameters(epoch, writes),
        *_origins(writes),
        *_redriven(writes),
        *_kept(writes),
        *columns("***", [(w.execution_id, *message) for w in writes for message in w.sent]),
        *columns(
            "****",
            [(t.execution_id, t.activity_id, t.task_id, t.input) for w in running for t in w.activity_tasks_added],
        ),
        *columns("**", [(w.execution_id, task) for w in running for task in w.activity_tasks_removed]),
        CHANNEL,
        *columns("***", [(w.execution_id, *payload) for w in writes for payload in w.payloads]),
    ]


def _origins(writes: Sequence[Write]) -> list[Column]:
    origins = [write.beginning.origin for write in writes if write.beginning is not None]
    rows = [(o.published, o.alias, o.trace_header, o.parent, o.parent_task, o.items or None) for o in origins]
    return columns("******", rows)


def _redriven(writes: Sequence[Write]) -> list[Column]:
    rows = []
    for write in sorted(writes, key=lambda write: write.execution_id):  # processes lock rows in the same order
        if (redriven := write.redriven) is not None:
            snapshot = write.snapshot if write.ending is None else None
            how = RUNNING if write.ending is None else ending(write.ending)
            rows.append((write.execution_id, redriven.count, redriven.redriven_at, redriven.tokens, *how, snapshot))
    return columns("**********", rows)


def _kept(writes: Sequence[Write]) -> list[Column]:
    endings = [(write.execution_id, write.ending) for write in writes if write.ending is not None]
    return columns("***", [(key, e.stopped_at, e.snapshot) for key, e in endings if e.snapshot is not None])
