"""`Storage` in the memory of one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from engine.storage.memory import commit
from engine.storage.memory.abilities import MemoryAbilities
from engine.storage.memory.activities import MemoryActivities
from engine.storage.memory.erasures import MemoryErasures
from engine.storage.memory.executions import MemoryExecutions
from engine.storage.memory.leadership import MemoryLeadership
from engine.storage.memory.leases import MemoryLeases
from engine.storage.memory.machines import MemoryMachines
from engine.storage.memory.map_runs import MemoryMapRuns
from engine.storage.memory.outbox import MemoryOutbox, OutboxTable, announce
from engine.storage.memory.pauses import MemoryPauses
from engine.storage.memory.retention import MemoryRetention, RetentionTables
from engine.storage.memory.schedules import MemorySchedules
from engine.storage.memory.tables import Tables
from engine.storage.memory.versions import MemoryVersions
from engine.storage.records import PoolStatus, Write


def _utc_now() -> datetime:
    return datetime.now(UTC)


class MemoryStorage(
    MemoryMachines,
    MemoryVersions,
    MemoryExecutions,
    MemoryLeases,
    MemoryLeadership,
    MemorySchedules,
    MemoryActivities,
    MemoryMapRuns,
    MemoryPauses,
    MemoryAbilities,
    MemoryErasures,
    MemoryRetention,
    MemoryOutbox,
):
    """A Storage in dictionaries. Engines that share the object share what is stored.

    `now` is the clock that stands in for a database's.
    """

    def __init__(self, now: Callable[[], datetime] = _utc_now, *, outbox: bool = False) -> None:
        self._tables = Tables(now)
        self._retention = RetentionTables()
        self._outbox = OutboxTable(enabled=outbox)

    async def open(self) -> None:
        """Do nothing: it is always open."""

    async def close(self) -> None:
        """Forget nothing: another engine may share it."""

    async def ping(self) -> None:
        """Do nothing."""

    def pool(self) -> PoolStatus:
        """Give an empty pool."""
        return PoolStatus(0, 0)

    async def listen(self, notify: Callable[[int], None], activity: Callable[[UUID], None] | None = None) -> None:
        """See `Storage.listen`."""
        self._tables.listeners.append(notify)
        if activity is not None:
            self._tables.activity_listeners.append(activity)

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """See `Transitions.commit`."""
        self._tables.require_lease(epoch)
        applied = commit.apply(self._tables, epoch, writes)
        if self._outbox.enabled:
            for write in writes:
                if write.execution_id in applied:
                    announce(self._tables, self._outbox, write)
        return applied
