"""What processes can do, and what waits for one that can, in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from engine.storage.lifecycle import SET_ASIDE, Claimed, SetAside
from engine.storage.memory.tables import Tables
from engine.storage.protocol import NOBODY


class MemoryAbilities:
    """See `Abilities`."""

    _tables: Tables

    async def publish(self, epoch: int, abilities: Sequence[str]) -> None:
        """See `Abilities.publish`."""
        if epoch in self._tables.leases:
            self._tables.abilities[epoch] = frozenset(abilities)

    async def set_aside(self, epoch: int, executions: Sequence[SetAside]) -> None:
        """See `Abilities.set_aside`."""
        for each in executions:
            active = self._tables.active.get(each.execution_id)
            if active is not None and active.owner == epoch:
                active.owner = SET_ASIDE
                self._tables.set_aside[each.execution_id] = (each.need, self._tables.now())
        self._tables.tell(NOBODY)

    async def claim_set_aside(self, epoch: int, wait_seconds: float, hopeless: str, limit: int) -> list[Claimed]:
        """See `Abilities.claim_set_aside`."""
        tables = self._tables
        tables.require_lease(epoch)
        mine = tables.abilities.get(epoch, frozenset())
        served = {each for owner, able in tables.abilities.items() if tables.holds_lease(owner) for each in able}
        before = tables.now() - timedelta(seconds=wait_seconds)
        chosen = {
            key: need in mine
            for key, (need, since) in tables.set_aside.items()
            if need in mine or (need.startswith(hopeless) and since <= before and need not in served)
        }
        claimed = []
        for key, is_served in list(chosen.items())[:limit]:
            del tables.set_aside[key]
            active = tables.active[key]
            active.owner = epoch
            claimed.append(Claimed(tables.active_execution(key, active.sequence, active.snapshot), is_served))
        return claimed
