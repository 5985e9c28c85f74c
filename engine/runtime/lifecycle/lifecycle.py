"""What befalls executions from outside, put together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

from engine.runtime.definitions import Definitions
from engine.runtime.executions import Executions
from engine.runtime.leader import Leader
from engine.runtime.lifecycle.erasing import Erasing
from engine.runtime.lifecycle.handover import Handlers, HandOver
from engine.runtime.lifecycle.holding import Holding
from engine.runtime.lifecycle.pausing import Pausing
from engine.runtime.lifecycle.stopping import Stopping
from engine.runtime.lifecycle.termination import Termination
from engine.runtime.options import EngineOptions
from engine.runtime.ownership.adoption import Adoption
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.running.executor import Executor
from engine.runtime.running.task_pool import Outcome
from engine.storage.protocol import Storage


class Lifecycle:
    """Pauses, stops, erases, and hands executions on; the executor's `Departures`.

    Attributes:
        changed: set when `run` has something to do.
        pausing, stopping, termination, erasing: what can be asked for.
    """

    def __init__(
        self,
        storage: Storage,
        lease: ProcessLease,
        executor: Executor,
        adoption: Adoption,
        executions: Executions,
        definitions: Definitions,
        *,
        handlers: Handlers | None,
        options: EngineOptions,
    ) -> None:
        self.changed = asyncio.Event()
        self.pausing = Pausing(storage, executions)
        self.stopping = Stopping(storage)
        self.termination = Termination(storage, executions, definitions, self.stopping)
        self.erasing = Erasing(storage, executions)
        self._holding = Holding(storage, lease, executor, self.changed.set)
        self._handover = HandOver(storage, lease, adoption, handlers, options.handler_wait_seconds, self.changed.set)
        adoption.on_unreadable = self._handover.put
        executor.departures = self

    def register(self, leader: Leader) -> None:
        """Have the leader do what one process should do."""
        self.erasing.register(leader)
        self.stopping.register(leader)

    async def run(self) -> None:
        """Look after executions that left this process, or that it can take over."""
        await self._holding.run()
        await self._handover.run()

    async def drain(self) -> None:
        """Wait for the tasks of paused executions: the process is about to stop."""
        await self._holding.drain()

    def serves(self, resource: str) -> bool:
        """See `Departures.serves`."""
        return self._handover.serves(resource)

    def stranded(self, execution_id: UUID, resource: str) -> None:
        """See `Departures.stranded`."""
        self._handover.put(execution_id, resource)

    def left(self, execution_id: UUID, results: Sequence[Outcome]) -> None:
        """See `Departures.left`."""
        self._holding.left(execution_id, results)

    def task_ended(self, execution_id: UUID, event: Outcome) -> None:
        """See `Departures.task_ended`."""
        self._holding.task_ended(execution_id, event)

    def returned(self, execution_id: UUID) -> None:
        """See `Departures.returned`."""
        self._holding.returned(execution_id)
