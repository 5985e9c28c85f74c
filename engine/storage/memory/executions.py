"""What is known of executions, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from engine.storage.memory.tables import Tables
from engine.storage.records import (
    ALL,
    ActiveExecution,
    Events,
    Execution,
    ExecutionFilter,
    Message,
    Position,
)


class MemoryExecutions:
    """See `Executions`, and `Transitions` for what processes read."""

    _tables: Tables

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """See `Executions.find_execution`."""
        for machine_id in reversed(self._tables.named.get((organization, machine), [])):
            execution_id = self._tables.names.get((machine_id, name))
            if execution_id is not None:
                return self._tables.executions[execution_id]
        return None

    async def get_execution(self, execution_id: UUID) -> Execution | None:
        """See `Executions.get_execution`."""
        return self._tables.executions.get(execution_id)

    async def list_executions(
        self,
        organization: str,
        machine: str | None,
        status: str | None,
        limit: int,
        before: UUID | None,
        chosen: ExecutionFilter = ALL,
    ) -> list[Execution]:
        """See `Executions.list_executions`."""
        present = {m.id for m in self._tables.present() if chosen.map_run is not None or machine in (None, m.name)}
        found = [
            execution
            for execution in self._tables.executions.values()
            if execution.organization == organization
            and execution.state_machine_id in present
            and status in (None, execution.status)
            and (before is None or execution.id < before)
            and _passes(execution, chosen)
        ]
        return sorted(found, key=lambda execution: execution.id, reverse=True)[:limit]

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """See `Executions.read_history`."""
        chunks = self._tables.history.get(execution_id, [])
        if reverse:
            return [c for c in reversed(chunks) if after is None or c.first < after][:limit]
        return [c for c in chunks if after is None or c.last > after][:limit]

    async def read_payloads(self, execution_id: UUID, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """See `Executions.read_payloads`."""
        known = self._tables.payloads.get(execution_id, {})
        return {digest: known[digest] for digest in digests if digest in known}

    async def load_finished(self, execution_id: UUID) -> ActiveExecution | None:
        """See `Executions.load_finished`."""
        kept = self._tables.snapshots.get(execution_id)
        return None if kept is None else self._tables.active_execution(execution_id, 0, kept[1])

    async def purge_snapshots(self, ended_before: datetime) -> int:
        """See `Executions.purge_snapshots`."""
        old = [key for key, (ended_at, _) in self._tables.snapshots.items() if ended_at < ended_before]
        for key in old:
            del self._tables.snapshots[key]
        return len(old)

    async def positions(self, execution_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """See `Transitions.positions`."""
        positions = {}
        for execution_id in execution_ids:
            if (active := self._tables.active.get(execution_id)) is not None:
                positions[execution_id] = Position(active.sequence, active.owner)
            elif execution_id in self._tables.executions:
                positions[execution_id] = Position(0, None)
        return positions

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """See `Transitions.load`."""
        active = self._tables.active
        return [
            self._tables.active_execution(key, active[key].sequence, active[key].snapshot)
            for key in execution_ids
            if key in active and active[key].owner == epoch
        ]

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """See `Transitions.due_executions`."""
        return [
            execution_id
            for execution_id, timers in self._tables.timers.items()
            if self._tables.active[execution_id].owner == epoch
            and any(due <= until and (after is None or due > after) for due in timers.values())
        ]

    async def running_snapshot(self, execution_id: UUID) -> bytes | None:
        """See `Transitions.running_snapshot`."""
        active = self._tables.active.get(execution_id)
        return None if active is None else active.snapshot

    async def send(
        self, execution_id: UUID, data: bytes, *, key: str | None = None, redrive_count: int | None = None
    ) -> bool:
        """See `Transitions.send`."""
        execution = self._tables.executions.get(execution_id)
        if execution is not None and redrive_count not in (None, execution.redrive_count):
            return False
        return self._tables.send(execution_id, data, key)

    async def messages(self, epoch: int, limit: int, after: int = 0) -> list[Message]:
        """See `Transitions.messages`."""
        active = self._tables.active
        messages = self._tables.messages.values()
        return [m for m in messages if m.id > after and active[m.execution_id].owner == epoch][:limit]


def _passes(execution: Execution, chosen: ExecutionFilter) -> bool:
    origin = execution.origin
    return (
        origin.map_run == chosen.map_run
        and chosen.published in (None, origin.published)
        and chosen.alias in (None, origin.alias)
        and chosen.redriven in (None, execution.redrive_count > 0)
    )
