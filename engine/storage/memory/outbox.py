"""The outbox in memory."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from uuid import UUID

from msgspec.structs import replace

from engine.storage.errors import TermEnded
from engine.storage.memory.tables import Tables
from engine.storage.outbox import EXPRESS, MOST_COUNTED, Backlog, StatusChange, new_statuses
from engine.storage.records import Execution, Write


class OutboxTable:
    """The changes that wait, by their ids; `enabled` is whether commits write any."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self.changes: dict[int, StatusChange] = {}
        self.last_id = 0


class MemoryOutbox:
    """See `Outbox`."""

    _tables: Tables
    _outbox: OutboxTable

    async def status_changes(self, limit: int, excluded: Sequence[UUID] = ()) -> list[StatusChange]:
        """See `Outbox.status_changes`."""
        changes = self._outbox.changes.values()
        return list(islice((change for change in changes if change.execution_id not in excluded), limit))

    async def executions_by_id(self, execution_ids: Sequence[UUID]) -> list[Execution]:
        """See `Outbox.executions_by_id`."""
        executions = self._tables.executions
        return [executions[key] for key in set(execution_ids) if key in executions]

    async def remove_published(self, term: int, ids: Sequence[int]) -> None:
        """See `Outbox.remove_published`."""
        if self._tables.term != term:
            raise TermEnded(f"The leader's term {term} is over.")
        for key in ids:
            self._outbox.changes.pop(key, None)

    async def backlog(self) -> Backlog:
        """See `Outbox.backlog`."""
        changes = self._outbox.changes
        oldest = next(iter(changes.values())).occurred_at if changes else None
        return Backlog(min(len(changes), MOST_COUNTED), oldest)


def withhold(outbox: OutboxTable, execution_id: UUID) -> None:
    """Erase what the changes of an execution say of its errors."""
    for key, change in outbox.changes.items():
        if change.execution_id == execution_id:
            outbox.changes[key] = replace(change, error=None, cause=None)


def announce(tables: Tables, outbox: OutboxTable, write: Write) -> None:
    """Write down what an applied write made of its execution's status."""
    statuses = list(new_statuses(write))
    if not statuses:
        return
    execution = tables.executions[write.execution_id]
    map_run = execution.origin.map_run
    if map_run is not None and tables.map_runs[map_run].execution_type == EXPRESS:
        return
    for new in statuses:
        outbox.last_id += 1
        outbox.changes[outbox.last_id] = StatusChange(
            id=outbox.last_id,
            execution_id=write.execution_id,
            redrive_count=execution.redrive_count,
            status=new.status,
            occurred_at=new.at or tables.now(),
            error=new.error,
            cause=new.cause,
        )
