"""The parts of a commit that go with a transition: timers, messages, tasks for workers, snapshots, payloads."""

from __future__ import annotations

from typing import Final

from engine.storage.postgresql.parts import Part, Round, Row, columns


def _tasks_added(found: Round) -> list[Row]:
    tasks = [task for write in found.more if write.ending is None for task in write.activity_tasks_added]
    return [(place, task.execution_id, task.activity_id, task.task_id, task.input) for place, task in enumerate(tasks)]


def _tasks_removed(found: Round) -> list[Row]:
    writes = [write for write in found.more if write.ending is None]
    return [(write.execution_id, task) for write in writes for task in write.activity_tasks_removed]


def _sent(found: Round) -> list[Row]:
    messages = [(write.execution_id, *message) for write in found.more for message in write.sent]
    return [(place, *message) for place, message in enumerate(messages)]


def _snapshots(found: Round) -> list[Row]:
    writes = [*found.ends, *found.begins, *found.redrives]
    endings = [(write.execution_id, how) for write in writes if (how := write.ending) is not None]
    return [(key, how.stopped_at, how.snapshot) for key, how in endings if how.snapshot is not None]


TIMERS_SET: Final = Part(
    "timers_set",
    columns("id uuid, timer text, due timestamptz"),
    lambda found: [(write.execution_id, *timer) for write in found.more for timer in write.timers_set],
    """
timers_stored as (
    insert into timers (execution_id, timer_id, due)
    select id, timer, due from timers_set where (id in (select id from applied)) is true
    on conflict (execution_id, timer_id) do update set due = excluded.due
)""",
)

TIMERS_REMOVED: Final = Part(
    "timers_removed",
    columns("id uuid, timer text"),
    lambda found: [(write.execution_id, timer) for write in found.more for timer in write.timers_removed],
    """
timers_deleted as (
    delete from timers as t using timers_removed as u
    where t.execution_id = any(array(select id from timers_removed)) and t.execution_id = u.id and t.timer_id = u.timer
        and (t.execution_id in (select id from applied)) is true
)""",
)

MESSAGES_REMOVED: Final = Part(
    "messages_removed",
    columns("execution uuid, id bigint"),
    lambda found: [(write.execution_id, message) for write in found.more for message in write.messages_removed],
    """
messages_deleted as (
    delete from messages as m using messages_removed as u
    where m.id = any(array(select id from messages_removed)) and m.id = u.id
        and (u.execution in (select id from applied)) is true
)""",
)

# Receivers are those that run once this statement is done: what it begins isn't visible in the table yet, what it ends
# still is.
SENT: Final = Part(
    "sent",
    columns("place int, sender uuid, receiver uuid, data bytea"),
    _sent,
    """
receivers as materialized (
    select execution_id as id, owner from active_executions
    where execution_id = any(array(select receiver from sent))
        and (execution_id in (select id from applied)) is not true
    union all select id, $1 from applied where runs
),
posted as (
    insert into messages (execution_id, data)
    select receiver, data from sent
    where (sender in (select id from applied)) is true and (receiver in (select id from receivers)) is true
    order by place
    returning execution_id
)""",
    told="select owner::text as payload from receivers where (id in (select execution_id from posted)) is true",
)

TASKS_ADDED: Final = Part(
    "tasks_added",
    columns("place int, id uuid, activity uuid, task text, input text"),
    _tasks_added,
    """
queued as (
    insert into activity_tasks (execution_id, activity_id, task_id, input)
    select id, activity, task, input from tasks_added where (id in (select id from applied)) is true
    order by place
    returning activity_id
)""",
    told="select activity_id::text as payload from queued",
)

TASKS_REMOVED: Final = Part(
    "tasks_removed",
    columns("id uuid, task text"),
    _tasks_removed,
    """
tasks_deleted as (
    delete from activity_tasks as t using tasks_removed as u
    where t.execution_id = any(array(select id from tasks_removed)) and t.execution_id = u.id and t.task_id = u.task
        and (t.execution_id in (select id from applied)) is true
)""",
)

SNAPSHOTS: Final = Part(
    "snapshots",
    columns("id uuid, ended_at timestamptz, snapshot bytea"),
    _snapshots,
    """
snapshots_kept as (
    insert into final_snapshots (execution_id, ended_at, snapshot)
    select id, coalesce(ended_at, clock_timestamp()), snapshot
    from snapshots where (id in (select id from applied)) is true
    on conflict (execution_id) do update set ended_at = excluded.ended_at, snapshot = excluded.snapshot
)""",
)

PAYLOADS: Final = Part(
    "contents",
    columns("id uuid, digest bytea, data bytea"),
    lambda found: [(write.execution_id, *payload) for write in found.more for payload in write.payloads],
    """
payloads_stored as (
    insert into payloads (execution_id, digest, data)
    select id, digest, data from contents where (id in (select id from applied)) is true
    on conflict do nothing
)""",
)
