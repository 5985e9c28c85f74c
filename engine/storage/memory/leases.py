"""Leases in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from engine.storage.memory.tables import Tables
from engine.storage.protocol import NOBODY
from engine.storage.records import ActiveExecution, Lease


class MemoryLeases:
    """See `Processes`."""

    _tables: Tables

    async def register_process(self, name: str, lease_seconds: float) -> Lease:
        """See `Processes.register_process`."""
        self._tables.epochs += 1
        self._tables.process_names[self._tables.epochs] = name
        now = self._tables.now()
        self._tables.leases[self._tables.epochs] = now + timedelta(seconds=lease_seconds)
        return Lease(self._tables.epochs, now)

    async def renew_process(self, epoch: int, lease_seconds: float) -> datetime | None:
        """See `Processes.renew_process`."""
        if epoch not in self._tables.leases:
            return None
        now = self._tables.now()
        self._tables.leases[epoch] = now + timedelta(seconds=lease_seconds)
        return now

    async def remove_process(self, epoch: int) -> None:
        """See `Processes.remove_process`."""
        self._tables.leases.pop(epoch, None)

    async def remove_lapsed(self) -> list[int]:
        """See `Processes.remove_lapsed`."""
        lapsed = [epoch for epoch in self._tables.leases if not self._tables.holds_lease(epoch)]
        for epoch in lapsed:
            del self._tables.leases[epoch]
        return lapsed

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """See `Processes.claim`."""
        self._tables.require_lease(epoch)
        active = self._tables.active
        orphans = [key for key, running in active.items() if running.owner not in self._tables.leases][:limit]
        for key in orphans:
            active[key].owner = epoch
        return [self._tables.active_execution(key, active[key].sequence, active[key].snapshot) for key in orphans]

    async def owned(self, epoch: int, limit: int, after: UUID | None = None) -> list[UUID]:
        """See `Processes.owned`."""
        owned = sorted(key for key, active in self._tables.active.items() if active.owner == epoch)
        return [key for key in owned if after is None or key > after][:limit]

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """See `Processes.release`."""
        for execution_id in list(self._tables.active) if execution_ids is None else execution_ids:
            active = self._tables.active.get(execution_id)
            if active is not None and active.owner == epoch:
                active.owner = NOBODY
        self._tables.tell(NOBODY)
