"""Tasks that run on while their execution is paused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from engine.language import TaskSubmitted
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.running.executor import Executor
from engine.runtime.running.outgoing import encode_message
from engine.runtime.running.task_pool import Outcome
from engine.storage.protocol import Storage


class Holding:
    """Keeps the results of tasks that were begun before their execution was paused, as messages to the execution.

    Whoever goes on with the execution takes them in. Until the last of these tasks has ended, this process holds the
    execution: one that is resumed meanwhile goes on afterwards, so that no task is run twice.
    """

    def __init__(self, storage: Storage, lease: ProcessLease, executor: Executor, wake: Callable[[], None]) -> None:
        self._storage = storage
        self._lease = lease
        self._executor = executor
        self._wake = wake
        self._results: dict[UUID, list[Outcome]] = {}

    def left(self, execution_id: UUID, results: Sequence[Outcome]) -> None:
        """See `Departures.left`."""
        self._results[execution_id] = []
        for event in results:
            self.task_ended(execution_id, event)
        self._wake()

    def task_ended(self, execution_id: UUID, event: Outcome) -> None:
        """Keep a result; of a task whose call was made, another process can wait for the end."""
        results = self._results.get(execution_id)
        if results is not None:
            results.append(event)
            if isinstance(event, TaskSubmitted):
                self._executor.tasks.abandon(execution_id, event.task_id)
            self._wake()

    def returned(self, execution_id: UUID) -> None:
        """See `Departures.returned`: its tasks are begun anew, or aren't wanted."""
        if self._results.pop(execution_id, None) is not None:
            self._executor.tasks.cancel_of({execution_id})

    async def drain(self) -> None:
        """Wait for the tasks that run on, and store their results."""
        while self._results:
            await self.run()
            if any(self._executor.tasks.leave(execution_id) for execution_id in self._results):
                await self._executor.tasks.wait_for_end()

    async def run(self) -> None:
        """Stop what was paused, store the results that there are, and let go of what has no task left."""
        epoch, known = await self._lease.wait(), set(self._results)
        held = set(await self._storage.held(epoch))
        for execution_id in known - held:
            self.returned(execution_id)
        for execution_id in held:
            if execution_id in self._executor:
                self._executor.hold(execution_id)
                self._executor.on_doubtful(execution_id)  # it may have been stopped and redriven since that was read
            await self._store(execution_id)
        done = [execution_id for execution_id in held if self._is_done(execution_id)]
        if done:
            await self._storage.let_go(epoch, done)
            for execution_id in done:
                self._results.pop(execution_id, None)
        await self._storage.free_resumed()

    async def _store(self, execution_id: UUID) -> None:
        results = self._results.get(execution_id, [])
        while results:
            await self._storage.send(execution_id, encode_message(results[0]))
            del results[0]

    def _is_done(self, execution_id: UUID) -> bool:
        unstored = self._results.get(execution_id)
        return not unstored and execution_id not in self._executor and not self._executor.tasks.leave(execution_id)
