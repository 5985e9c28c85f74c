"""Paused executions in memory."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from engine.storage.lifecycle import PAUSED, Pause
from engine.storage.memory.tables import PausedRow, Tables
from engine.storage.protocol import NOBODY


class MemoryPauses:
    """See `Pauses`."""

    _tables: Tables

    async def pause(self, execution_id: UUID, paused_by: str) -> bool:
        """See `Pauses.pause`."""
        tables = self._tables
        active = tables.active.get(execution_id)
        if active is None:
            return False
        holder = active.owner if active.owner > NOBODY else None
        row = tables.paused.setdefault(execution_id, PausedRow(tables.now(), paused_by, holder))
        row.resumed = False
        active.owner = PAUSED
        tables.set_aside.pop(execution_id, None)
        tables.tell(NOBODY)
        return True

    async def resume(self, execution_id: UUID) -> bool:
        """See `Pauses.resume`."""
        row = self._tables.paused.get(execution_id)
        if row is None:
            return False
        row.resumed = True
        self._free([execution_id])
        self._tables.tell(NOBODY)
        return True

    async def held(self, epoch: int) -> list[UUID]:
        """See `Pauses.held`."""
        return [key for key, row in self._tables.paused.items() if row.holder == epoch]

    async def let_go(self, epoch: int, execution_ids: Sequence[UUID]) -> None:
        """See `Pauses.let_go`."""
        for execution_id in execution_ids:
            row = self._tables.paused.get(execution_id)
            if row is not None and row.holder == epoch:
                row.holder = None
        self._free(execution_ids)

    async def free_resumed(self) -> None:
        """See `Pauses.free_resumed`."""
        self._free(list(self._tables.paused))

    async def pauses(self, execution_ids: Sequence[UUID]) -> list[Pause]:
        """See `Pauses.pauses`."""
        found = [(key, self._tables.paused[key]) for key in execution_ids if key in self._tables.paused]
        return [Pause(key, row.paused_at, row.paused_by) for key, row in found if not row.resumed]

    async def list_paused(self, organization: str, machine: str | None, limit: int, before: UUID | None) -> list[UUID]:
        """See `Pauses.list_paused`."""
        tables = self._tables
        present = {m.id for m in tables.present() if m.organization == organization and machine in (None, m.name)}
        found = [
            key
            for key, row in tables.paused.items()
            if not row.resumed
            and (before is None or key < before)
            and tables.executions[key].state_machine_id in present
            and tables.executions[key].origin.map_run is None
        ]
        return sorted(found, reverse=True)[:limit]

    async def awaken(self, execution_id: UUID) -> None:
        """See `Pauses.awaken`."""
        active = self._tables.active.get(execution_id)
        if active is not None and active.owner < NOBODY:
            active.owner = NOBODY
            self._tables.paused.pop(execution_id, None)
            self._tables.set_aside.pop(execution_id, None)
            self._tables.tell(NOBODY)

    async def awaken_those_told(self, beginning: bytes) -> None:
        """See `Pauses.awaken_those_told`."""
        for message in list(self._tables.messages.values()):
            if message.data.startswith(beginning):
                await self.awaken(message.execution_id)

    def _free(self, execution_ids: Sequence[UUID]) -> None:
        """Leave to nobody those that were resumed and have no holder any more."""
        tables = self._tables
        for key in execution_ids:
            row = tables.paused.get(key)
            if row is not None and row.resumed and not tables.holds_lease(row.holder or NOBODY):
                del tables.paused[key]
                tables.active[key].owner = NOBODY
                tables.tell(NOBODY)
