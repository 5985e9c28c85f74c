"""Children of the type EXPRESS: they run in this process's memory, and leave one row each when they are over.

The row has no history. It makes results, counts and redrives those of STANDARD children, and a process that takes
over runs those again that left none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

from msgspec.structs import replace

from engine.language.distributed import ChildInput
from engine.runtime.clock import DatabaseClock
from engine.runtime.errors import Overloaded, Unavailable
from engine.runtime.express import Express
from engine.runtime.identity import Identity
from engine.runtime.maps.children import RETRY_SECONDS, Family, beginning_of, identity_of
from engine.runtime.running.commit_loop import Commit, CommitLoop, Outcome
from engine.storage.protocol import Storage
from engine.storage.records import Ending, Redriven, Write


class ExpressChildren:
    """Runs EXPRESS children; `ended` is told the map run, the child and its status once its row is durable."""

    def __init__(
        self,
        express: Express,
        commits: CommitLoop,
        storage: Storage,
        clock: DatabaseClock,
        ended: Callable[[UUID, UUID, str], None],
    ) -> None:
        self._express = express
        self._commits = commits
        self._storage = storage
        self._clock = clock
        self._ended = ended
        self._running: dict[UUID, tuple[UUID, asyncio.Task[Ending]]] = {}
        self._stopped: set[UUID] = set()

    async def start(self, family: Family, child: ChildInput) -> Outcome:
        """Start a child."""
        self._launch(family, child, None)
        return "applied"

    async def redrive(self, family: Family, child: ChildInput) -> Outcome:
        """Run a child once more from its beginning: there is no other point to go on at."""
        before = await self._storage.get_execution(family.id_of(child.index))
        if before is None:
            return "rejected"
        self._launch(family, child, Redriven(before.redrive_count + 1, self._clock.now()))
        return "applied"

    async def running(self, map_run: UUID) -> dict[UUID, int]:
        """Give the children that run in this process."""
        return {child: 0 for child, (family, _) in self._running.items() if family == map_run}

    async def stop(self, child: UUID, redrive_count: int) -> bool:  # noqa: ARG002 - it runs here, or nowhere
        """Abort a child."""
        if child in self._running:
            self._stopped.add(child)
            self._running[child][1].cancel()
        return True

    def runs_here(self, child: UUID) -> bool:
        """Whether the child runs in this process."""
        return child in self._running

    def leave(self, map_run: UUID) -> None:
        """Stop a map run's children; they leave no row."""
        for child, (family, task) in tuple(self._running.items()):
            if family == map_run:
                del self._running[child]
                task.cancel()

    def _launch(self, family: Family, child: ChildInput, redriven: Redriven | None) -> None:
        identity = identity_of(family, child, self._clock.now())
        write = Write(
            execution_id=identity.id,
            sequence=1,
            snapshot=b"",
            beginning=beginning_of(family, identity) if redriven is None else None,
            redriven=redriven,
        )
        task = asyncio.create_task(self._fly(family, identity))
        self._running[identity.id] = (family.map_run, task)
        task.add_done_callback(lambda done: self._landed(family.map_run, write, done))

    async def _fly(self, family: Family, identity: Identity) -> Ending:
        while True:
            try:
                record = await self._express.run(family.definition, identity.name, identity.input)
            except Unavailable:
                raise
            except Overloaded:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return Ending(record.status, record.output, record.error, record.cause, record.stopped_at)

    def _landed(self, map_run: UUID, write: Write, task: asyncio.Task[Ending]) -> None:
        """Write how a child ended; nothing of one that ended with the process, or was left."""
        ending = self._ending(write.execution_id, task)
        if ending is not None:
            done = replace(write, ending=ending)
            self._commits.put(Commit(done, lambda _outcome: self._over(map_run, done.execution_id, ending.status)))

    def _ending(self, child: UUID, task: asyncio.Task[Ending]) -> Ending | None:
        if task.cancelled():
            return Ending("ABORTED", None, None, None, self._clock.now()) if child in self._stopped else None
        error = task.exception()
        if error is None:
            return task.result()
        if isinstance(error, Unavailable):
            return None
        return Ending("FAILED", None, "States.Runtime", str(error), self._clock.now())

    def _over(self, map_run: UUID, child: UUID, status: str) -> None:
        self._stopped.discard(child)
        if self._running.pop(child, None) is not None:
            self._ended(map_run, child, status)
