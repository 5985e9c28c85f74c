"""A round of the commit loop in memory."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from engine.storage.memory.tables import Active, Tables
from engine.storage.records import Beginning, Ending, Execution, Redriven, Write

_REDRIVABLE = ("FAILED", "TIMED_OUT", "ABORTED")


def apply(tables: Tables, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
    """Apply what can be applied and give the executions concerned."""
    applied = [write for write in writes if _apply(tables, epoch, write)]
    for write in applied:
        for execution_id, data in write.sent:
            tables.send(execution_id, data)
        for activity_id in {task.activity_id for task in write.activity_tasks_added}:
            for notify in tables.activity_listeners:
                notify(activity_id)
    return frozenset(write.execution_id for write in applied)


def _apply(tables: Tables, epoch: int, write: Write) -> bool:
    if not _accept(tables, epoch, write):
        return False
    execution_id = write.execution_id
    if write.events is not None:
        tables.history.setdefault(execution_id, []).append(write.events)
    if write.payloads:
        tables.payloads.setdefault(execution_id, {}).update(write.payloads)
    timers = tables.timers.setdefault(execution_id, {})
    timers.update(write.timers_set)
    for timer_id in write.timers_removed:
        timers.pop(timer_id, None)
    for message_id in write.messages_removed:
        tables.forget(message_id)
    for task in write.activity_tasks_added:
        tables.activity_tasks[execution_id, task.task_id] = task
    for task_id in write.activity_tasks_removed:
        tables.activity_tasks.pop((execution_id, task_id), None)
    if write.ending is not None:
        _end(tables, execution_id, write.ending)
    return True


def _accept(tables: Tables, epoch: int, write: Write) -> bool:
    if write.beginning is not None:
        return _begin(tables, epoch, write, write.beginning)
    if write.redriven is not None:
        return _reopen(tables, epoch, write, write.redriven)
    active = tables.active.get(write.execution_id)
    if active is None or active.owner != epoch or active.sequence != write.sequence - 1:
        return False
    active.sequence, active.snapshot = write.sequence, write.snapshot
    return True


def _begin(tables: Tables, epoch: int, write: Write, beginning: Beginning) -> bool:
    execution_id, origin = write.execution_id, beginning.origin
    name = (origin.map_run or beginning.state_machine_id, beginning.name)
    if name in tables.names or execution_id in tables.executions:
        return False
    machine = tables.revisions[beginning.state_machine_id][0]
    tables.names[name] = execution_id
    tables.active[execution_id] = Active(epoch, write.sequence, write.snapshot)
    tables.executions[execution_id] = Execution(
        id=execution_id,
        organization=machine.organization,
        state_machine_id=machine.id,
        state_machine_name=machine.name,
        version=beginning.version,
        name=beginning.name,
        status="RUNNING",
        input=beginning.input,
        output=None,
        error=None,
        cause=None,
        started_at=beginning.started_at,
        stopped_at=None,
        origin=origin,
        label=None if origin.map_run is None else tables.map_runs[origin.map_run].label,
    )
    return True


def _reopen(tables: Tables, epoch: int, write: Write, redriven: Redriven) -> bool:
    execution = tables.executions.get(write.execution_id)
    if execution is None or execution.status not in _REDRIVABLE or execution.redrive_count != redriven.count - 1:
        return False
    erasure = tables.erasures.get(write.execution_id)
    if erasure is not None and erasure.finished_at is not None:
        return False
    tables.snapshots.pop(write.execution_id, None)
    tables.active[write.execution_id] = Active(epoch, write.sequence, write.snapshot)
    tables.executions[write.execution_id] = msgspec.structs.replace(
        execution,
        status="RUNNING",
        output=None,
        error=None,
        cause=None,
        stopped_at=None,
        redrive_count=redriven.count,
        redriven_at=redriven.redriven_at,
        redrive_tokens=redriven.tokens,
    )
    return True


def _end(tables: Tables, execution_id: UUID, ending: Ending) -> None:
    del tables.active[execution_id]
    del tables.timers[execution_id]
    for message_id in [m.id for m in tables.messages.values() if m.execution_id == execution_id]:
        tables.forget(message_id)
    tables.activity_tasks = {key: task for key, task in tables.activity_tasks.items() if key[0] != execution_id}
    if ending.snapshot is not None:
        tables.snapshots[execution_id] = (ending.stopped_at or tables.now(), ending.snapshot)
    tables.executions[execution_id] = msgspec.structs.replace(
        tables.executions[execution_id],
        status=ending.status,
        output=ending.output,
        error=ending.error,
        cause=ending.cause,
        stopped_at=ending.stopped_at,
    )
