"""One map run: starts its children, waits for them, and judges how many may fail."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from msgspec.structs import replace

from engine.language.distributed import ChildInput, Tolerance
from engine.language.errors import StatesError
from engine.runtime.maps.children import Children, Family
from engine.runtime.maps.inputs import Inputs
from engine.runtime.maps.ledger import Failure, Ledger, Notes, read_notes
from engine.runtime.maps.progress import Progress, State
from engine.runtime.running.commit_loop import Outcome
from engine.storage.records import Child, MapRun

POLL_SECONDS: Final = 1.0
"""How long a change of the limits, or the end of a child in another process, may go unnoticed."""

_log = logging.getLogger(__name__)

EXCEEDED: Final = Failure(
    "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
)


class MapRunFailed(Exception):  # noqa: N818 - the name of what happens to the map run
    """The map run fails."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.error)
        self.failure = failure


class MapRunWork:
    """Carries a map run through to the end of its last child.

    Everything that matters is in the storage: another process that does the same later goes on where this one stopped.
    """

    def __init__(
        self, row: MapRun, family: Family, children: Children, ledger: Ledger, inputs: Inputs, limit: int
    ) -> None:
        self.row = row
        self.family = family
        self.inputs = inputs
        self.progress = Progress()
        self._children = children
        self._ledger = ledger
        self._limit = limit
        self._changed = asyncio.Event()
        self._starting: set[asyncio.Task[Outcome]] = set()
        self._total = row.items
        self._not_redrivable = (0, 0)
        self._redrives_before: dict[int, int] = {}

    def child_ended(self, index: int, status: str) -> None:
        """Hear that a child is over."""
        if self.progress.end(index, status):
            self._changed.set()

    async def run(self) -> None:
        """Return when all children are over.

        Raises MapRunFailed when too many have failed, StatesError and TaskError when there is no going on.
        """
        await self._recall()
        watch = asyncio.create_task(self._watch(), name="map-run-watch")
        try:
            await self._start_children()
            await self._note_totals()
            while self.progress.running:
                self._judge()
                await self._next_change()
            self._judge()
        finally:
            watch.cancel()
            await asyncio.wait([watch])

    async def settle(self) -> None:
        """Wait until every start that is under way has succeeded or not."""
        if self._starting:
            await asyncio.wait(self._starting)

    def leave(self) -> None:
        """Give up the starts that are under way."""
        for task in self._starting:
            task.cancel()

    async def note_failure(self, failure: Failure) -> None:
        """Write that it is settled that the map run fails."""
        await self._save(Notes(failure=failure, not_redrivable=self._not_redrivable))

    # Starting

    async def _recall(self) -> None:
        """Learn what became of the children that exist already."""
        failure = read_notes(self.row).failure
        async for page in self._ledger.children(self.row.id):
            for child in page:
                self._recall_child(child)
        if failure is not None:
            raise MapRunFailed(failure)
        await self._note_redrives()

    def _recall_child(self, child: Child) -> None:
        if child.status not in ("RUNNING", "SUCCEEDED") and self._is_to_be_redriven(child):
            self.progress.await_redrive(child.index, child.items)
            self._redrives_before[child.index] = child.redrive_count
            return
        self.progress.start(child.index, child.items)
        if child.status != "RUNNING":
            self.progress.end(child.index, child.status)

    def _is_to_be_redriven(self, child: Child) -> bool:
        redriven, stopped = self.row.redriven_at, child.stopped_at
        return redriven is not None and stopped is not None and stopped < redriven

    async def _start_children(self) -> None:
        while inputs := await self.inputs.next_chunk():
            waiting = deque(child for child in inputs if self._is_due(child))
            try:
                while waiting:
                    room = await self._room()
                    await self._start([waiting.popleft() for _ in range(min(room, len(waiting)))])
            finally:
                self.inputs.put_back(waiting)

    def _is_due(self, child: ChildInput) -> bool:
        return self.progress.state(child.index) in (State.ABSENT, State.PENDING_REDRIVE)

    async def _start(self, batch: list[ChildInput]) -> None:
        again = {child.index for child in batch if self.progress.state(child.index) is State.PENDING_REDRIVE}
        for child in batch:
            self.progress.start(child.index, child.items)
        tasks = [asyncio.create_task(self._start_one(child, again=child.index in again)) for child in batch]
        self._starting.update(tasks)
        for child, task in zip(batch, tasks, strict=True):
            task.add_done_callback(self._starting.discard)
            if await asyncio.shield(task) == "refused":
                self.progress.withdraw(child.index)
                cause = f"The database refuses to store the input of the child execution {child.index}."
                raise StatesError("States.Runtime", cause)

    async def _start_one(self, child: ChildInput, *, again: bool) -> Outcome:
        if not again:
            return await self._children.start(self.family, child)
        outcome = await self._ledger.patiently(lambda: self._children.redrive(self.family, child))
        if outcome == "rejected":
            executions, items = self._not_redrivable
            self._not_redrivable = (executions + 1, items + child.items)
            self.child_ended(child.index, "FAILED")
        return outcome

    # Waiting

    async def _room(self) -> int:
        """Wait until a child may be started; gives how many may."""
        while True:
            self._judge()
            room = self._concurrency() - len(self.progress.running)
            if room > 0:
                return room
            await self._next_change()

    async def _next_change(self) -> None:
        await self._changed.wait()
        self._changed.clear()

    def _concurrency(self) -> int:
        wanted = self.row.max_concurrency
        return min(wanted, self._limit) if wanted else self._limit

    def _judge(self) -> None:
        """Raise MapRunFailed when too many items have failed."""
        tolerance = Tolerance(self.row.tolerated_failure_count, self.row.tolerated_failure_percentage)
        if tolerance.exceeded(self.progress.failed_items, self._total):
            raise MapRunFailed(EXCEEDED)

    async def _watch(self) -> None:
        """Follow changes of the limits, and the children that other processes run."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self._follow_limits()
                await self._look_elsewhere()
                await self._note_redrives()
            except Exception:  # noqa: BLE001 - whatever happened, the next time may go well
                _log.exception("The map run %s wasn't looked after", self.row.id)
            self._changed.set()

    async def _follow_limits(self) -> None:
        now = await self._ledger.read(self.row.id)
        if now is not None:
            self.row = replace(
                self.row,
                max_concurrency=now.max_concurrency,
                tolerated_failure_count=now.tolerated_failure_count,
                tolerated_failure_percentage=now.tolerated_failure_percentage,
            )

    async def _look_elsewhere(self) -> None:
        """Ask the storage about children that run in other processes."""
        elsewhere = {i for i in self.progress.running if not self._children.runs_here(self.family.id_of(i))}
        if not elsewhere:
            return
        last = max(elsewhere)
        async for page in self._ledger.children(self.row.id, after=min(elsewhere) - 1 if min(elsewhere) else None):
            for child in page:
                if child.index in elsewhere and child.status != "RUNNING" and self._is_news(child):
                    self.child_ended(child.index, child.status)
            if page[-1].index >= last:
                return

    def _is_news(self, child: Child) -> bool:
        """Whether an end isn't the one that a redrive under way takes back."""
        return child.redrive_count > self._redrives_before.get(child.index, -1)

    # Writing

    async def _note_totals(self) -> None:
        self._total = self.progress.items
        self.row = replace(self.row, items=self.progress.items, executions=self.progress.started)
        await self._save(Notes(not_redrivable=self._not_redrivable))

    async def _note_redrives(self) -> None:
        pending = self.progress.pending_redrive
        notes = Notes(not_redrivable=self._not_redrivable, pending_redrive=(len(pending), sum(pending.values())))
        if notes.encode() != self.row.state and self.row.redrive_count:
            await self._save(notes)

    async def _save(self, notes: Notes) -> None:
        self.row = replace(self.row, state=notes.encode())
        await self._ledger.save(self.row)
