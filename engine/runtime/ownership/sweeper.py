"""Looks after what other processes leave: executions, messages, and timers that were too far away."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from engine.runtime.clock import DatabaseClock
from engine.runtime.errands import every
from engine.runtime.lifecycle.lifecycle import Lifecycle
from engine.runtime.maps.coordinator import MapCoordinator
from engine.runtime.options import EngineOptions
from engine.runtime.ownership.adoption import Adoption
from engine.runtime.ownership.lease import ProcessLease
from engine.storage import NOBODY
from engine.storage.protocol import Storage

_COMMIT_SECONDS: Final = 0.02
_MANY: Final = 500
"""Messages are read again until they are committed: so long they are left alone when there are more than this."""

_log = logging.getLogger(__name__)


class Sweeper:
    """Errands, each done at intervals and whenever somebody says that there is something to do."""

    def __init__(
        self,
        storage: Storage,
        adoption: Adoption,
        maps: MapCoordinator,
        lease: ProcessLease,
        clock: DatabaseClock,
        options: EngineOptions,
        lifecycle: Lifecycle,
    ) -> None:
        self._storage = storage
        self._adoption = adoption
        self._maps = maps
        self._lease = lease
        self._clock = clock
        self._options = options
        self._lifecycle = lifecycle
        self._orphans = asyncio.Event()
        self._messages = asyncio.Event()
        self._read_up_to: tuple[int, datetime] | None = None
        self.last_run: datetime | None = None

    async def run(self) -> None:
        """Do all errands for ever."""
        async with asyncio.TaskGroup() as errands:
            errands.create_task(every(self._options.lease_seconds / 3, self._orphans, self.take_over))
            errands.create_task(every(self._options.lease_seconds / 3, self._lifecycle.changed, self._lifecycle.run))
            errands.create_task(every(self._options.poll_seconds, self._messages, self.read_messages))
            horizon = self._options.timer_horizon_seconds
            errands.create_task(every(horizon / 2, asyncio.Event(), self.load_due))
            errands.create_task(every(self._options.lease_seconds, asyncio.Event(), self._maps.sweep))

    def notify(self, epoch: int) -> None:
        """Hear that the process with this epoch has messages, or that `NOBODY` has executions."""
        if epoch == NOBODY:
            self._orphans.set()
            self._lifecycle.changed.set()
            self._messages.set()
        elif epoch == self._lease.epoch:
            self._messages.set()

    async def take_over(self) -> None:
        """Take over the executions of processes whose lease has lapsed, and those that were handed back."""
        epoch = await self._lease.wait()
        lapsed = await self._storage.remove_lapsed()
        if lapsed:
            _log.warning("Leases have lapsed: epochs %s", ", ".join(map(str, lapsed)))
        await self._adoption.claim(epoch)
        self._messages.set()
        self.last_run = self._clock.now()

    async def read_messages(self) -> None:
        """Deliver the messages that were left for this process's executions."""
        if await self._adoption.deliver(await self._lease.wait()) > _MANY:
            await asyncio.sleep(_COMMIT_SECONDS)

    async def load_due(self) -> None:
        """Bring executions back into memory whose timers come within the horizon.

        Each stretch of time is read once: a timer is stored only if it is due after what was read before, and an
        execution leaves the memory only once its timers are stored.
        """
        epoch = await self._lease.wait()
        horizon = self._clock.now() + timedelta(seconds=self._options.timer_horizon_seconds)
        known = self._read_up_to
        after = known[1] if known is not None and known[0] == epoch else None
        await self._adoption.wake(epoch, await self._storage.due_executions(epoch, after=after, until=horizon))
        self._read_up_to = (epoch, horizon)
