"""The group commit: whatever waits is written in one transaction, round after round."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Literal
from uuid import UUID

import msgspec

from engine.runtime.observer import Observer
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.payloads import detached
from engine.storage import LeaseLapsed, OutcomeUnknown, StorageUnavailable
from engine.storage.protocol import Storage
from engine.storage.records import Position, Write

_FIRST_RETRY_SECONDS: Final = 0.05
_LAST_RETRY_SECONDS: Final = 1.0

_AT_A_TIME: Final = 64
"""Commits that are told what became of them before others have their turn."""

_WORTH_HALVING: Final = 128
"""From how many commits on working out what follows takes longer than a round of the database."""

_NO_EPOCH: Final = 0
"""An epoch that no lease has."""

Outcome = Literal["applied", "rejected", "lost", "refused"]
"""What became of a write.

``applied``: it is durable. ``rejected``: the execution isn't where the write expected it, or its name is taken.
``lost``: the process's lease is gone, and what was written is for the next owner to find. ``refused``: the database
takes this write in no case.
"""

_log = logging.getLogger(__name__)


class Commit(msgspec.Struct, frozen=True, gc=False):
    """A write that waits, and who is told what became of it."""

    write: Write
    settle: Callable[[Outcome], None]


class Written(msgspec.Struct, gc=False):
    """Commits that had one outcome, under one epoch; those before `next` have been told."""

    commits: Sequence[Commit]
    outcome: Outcome
    epoch: int
    next: int = 0


class CommitLoop:
    """Writes queued commits, at most `batch` in a round, and tells each what became of it, round by round in order.

    Payloads of more than `inline_bytes` in a history are kept once for the execution.

    An execution has at most one commit here. While the database writes one round, what follows from the round before
    is worked out, so that neither waits for the other.
    """

    def __init__(
        self,
        storage: Storage,
        lease: ProcessLease,
        observer: Observer,
        batch: int,
        inline_bytes: int = 65_536,
    ) -> None:
        self._storage = storage
        self._lease = lease
        self._observer = observer
        self._batch = batch
        self._inline_bytes = inline_bytes
        self._queue: list[Commit] = []
        self._writing = 0
        self._written: deque[Written] = deque()
        self._untold = 0
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def queued(self) -> int:
        """Commits that wait or are being written."""
        return len(self._queue) + self._writing

    def put(self, commit: Commit) -> None:
        """Queue a commit for the next round."""
        if not self._queue:
            self._idle.clear()
            self._wake.set()
        if (events := commit.write.events) is not None and len(events.data) > self._inline_bytes:
            commit = msgspec.structs.replace(commit, write=detached(commit.write, self._inline_bytes))
        self._queue.append(commit)

    def abandon(self) -> None:
        """Settle everything that waits as lost."""
        queue, self._queue = self._queue, []
        self._note(queue, "lost", _NO_EPOCH)
        self._tell(self._untold)

    async def flush(self) -> None:
        """Wait until nothing is queued, and everything is told."""
        await self._idle.wait()

    async def run(self) -> None:
        """Write rounds for ever."""
        while True:
            await self._next()
            await self._lease.wait()
            await self._write_next()

    async def _write_next(self) -> None:
        """Write a round. Nothing of it is kept while the next one is waited for."""
        batch, self._queue = self._queue[: self._batch], self._queue[self._batch :]
        if batch:
            self._writing = len(batch)
            self._tell_meanwhile()
            await self._write(batch, uncertain=False)
            self._writing = 0

    async def _next(self) -> None:
        """Return once a commit waits; what was written is told until one does.

        Of a big round half is told first: what follows from it is then written while the other half is told. So it
        stays where the database is quicker than what follows: rounds cost less per commit when they are big.
        """
        while not self._queue or self._untold > max(len(self._queue), _WORTH_HALVING):
            if self._untold:
                half = (self._untold - len(self._queue) + 1) // 2
                self._tell(self._untold if self._untold < _WORTH_HALVING else min(half, _AT_A_TIME))
                await asyncio.sleep(0)
            else:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()

    def _tell_meanwhile(self) -> None:
        """Tell of what was written, step by step, while the database writes."""
        if self._untold:
            asyncio.get_running_loop().call_soon(self._tell_some)

    def _tell_some(self) -> None:
        self._tell(_AT_A_TIME)
        self._tell_meanwhile()

    def _tell(self, count: int) -> None:
        """Settle the oldest of what was written. Once the lease is lost, that is for the next owner to find."""
        while count > 0 and self._written:
            oldest = self._written[0]
            commits = oldest.commits[oldest.next : oldest.next + count]
            oldest.next += len(commits)
            if oldest.next == len(oldest.commits):
                self._written.popleft()
            self._untold -= len(commits)
            count -= len(commits)
            _settle(commits, oldest.outcome if oldest.epoch == self._lease.epoch else "lost")

    async def _write(self, batch: Sequence[Commit], *, uncertain: bool) -> None:
        """Write a round, however long the database stays away, and settle each commit."""
        writes = [commit.write for commit in batch]
        delay = _FIRST_RETRY_SECONDS
        epoch = await self._lease.wait()
        while True:
            try:
                applied = await self._attempt(epoch, writes, uncertain=uncertain)
                break
            except LeaseLapsed:
                if not await self._renewed(epoch):
                    return self._note(batch, "lost", epoch)
            except StorageUnavailable as error:
                uncertain = uncertain or isinstance(error, OutcomeUnknown)
                _log.warning("A commit of %d executions will be tried again: %s", len(batch), error)
                await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311 - not a secret
                delay = min(delay * 2, _LAST_RETRY_SECONDS)
            except Exception as error:  # noqa: BLE001 - whatever is wrong is wrong with one of the writes
                return await self._write_apart(batch, error, uncertain=uncertain)
        if len(applied) == len(batch):
            return self._note(batch, "applied", epoch)
        self._note([commit for commit in batch if commit.write.execution_id in applied], "applied", epoch)
        rejected = [commit for commit in batch if commit.write.execution_id not in applied]
        return self._note(rejected, "rejected", epoch)

    def _note(self, batch: Sequence[Commit], outcome: Outcome, epoch: int) -> None:
        if batch:
            self._written.append(Written(batch, outcome, epoch))
            self._untold += len(batch)

    async def _attempt(self, epoch: int, writes: Sequence[Write], *, uncertain: bool) -> frozenset[UUID]:
        started = time.perf_counter()
        applied = await self._storage.commit(epoch, writes)
        self._observer.commit_round(len(writes), time.perf_counter() - started)
        if uncertain and len(applied) < len(writes):
            applied |= await self._applied_before(epoch, [w for w in writes if w.execution_id not in applied])
        return applied

    async def _applied_before(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Find the writes that an earlier attempt, whose answer was lost, applied: the executions are where they lead.

        The lease is held, so nobody else has moved them.
        """
        positions = await self._storage.positions([write.execution_id for write in writes])
        return frozenset(w.execution_id for w in writes if positions.get(w.execution_id) == _destination(epoch, w))

    async def _renewed(self, epoch: int) -> bool:
        """Renew a lease that lapsed; nobody may have taken it away yet. False if somebody did."""
        while self._lease.epoch == epoch:
            try:
                return await self._lease.renew()
            except StorageUnavailable:
                await asyncio.sleep(_FIRST_RETRY_SECONDS)
        return False

    async def _write_apart(self, batch: Sequence[Commit], error: Exception, *, uncertain: bool) -> None:
        """Write one by one what can't be written together, so that one bad execution harms no other."""
        if len(batch) == 1:
            _log.error("The execution %s can't be committed.", batch[0].write.execution_id, exc_info=error)
            return self._note(batch, "refused", self._lease.epoch or _NO_EPOCH)
        for commit in batch:
            await self._write([commit], uncertain=uncertain)
        return None


def _destination(epoch: int, write: Write) -> Position:
    return Position(write.sequence, epoch) if write.ending is None else Position(0, None)


def _settle(commits: Sequence[Commit], outcome: Outcome) -> None:
    for commit in commits:
        try:
            commit.settle(outcome)
        except Exception:  # noqa: BLE001 - the others have to be told
            _log.exception("What follows a commit of the execution %s failed.", commit.write.execution_id)
