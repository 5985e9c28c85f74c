"""The one process that does what only one should do: schedules and sweeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import msgspec

from engine.runtime.errands import every
from engine.runtime.ownership.lease import ProcessLease
from engine.runtime.records import LeaderHealth
from engine.storage import TermEnded
from engine.storage.leadership import Leading
from engine.storage.protocols.leadership import Leadership

Job = Callable[[], Awaitable[None]]

_log = logging.getLogger(__name__)


class _Errand(msgspec.Struct, frozen=True):
    seconds: float
    job: Job
    name: str


class Leader:
    """Runs for leader, and does the jobs while it leads.

    A leader leads as long as its process's lease holds. The others look every third of that time, so that one of them
    leads at most four thirds of a lease's time after the leader's death, and at once after it resigned. A job that a
    process goes on with after it was deposed, because it was stopped in its midst, must do no harm: whatever mustn't
    be done twice is written on the condition that the leader's `term` lasts.
    """

    def __init__(self, storage: Leadership, lease: ProcessLease, lease_seconds: float) -> None:
        self._storage = storage
        self._lease = lease
        self._seconds = lease_seconds / 3
        self._errands: list[_Errand] = []
        self._leading: Leading | None = None
        self._wake = asyncio.Event()
        self._jobs: list[asyncio.Task[None]] = []
        self._jobs_term: int | None = None

    @property
    def is_leader(self) -> bool:
        """Whether this process leads, as far as it can know: its lease hasn't lapsed since it was elected."""
        leading = self._leading
        return leading is not None and leading.epoch == self._lease.epoch and self._lease.expires_in > 0

    @property
    def term(self) -> int:
        """The term that this process leads in. Raises TermEnded when it doesn't lead."""
        if self._leading is None or not self.is_leader:
            raise TermEnded("This process doesn't lead any more.")
        return self._leading.term

    def every(self, seconds: float, job: Job, name: str) -> None:
        """Do a job when this process begins to lead, and `seconds` after it was done; to be said before `run`."""
        self._errands.append(_Errand(seconds, job, name))

    def notify(self) -> None:
        """Hear that nobody may be leading."""
        if not self.is_leader:
            self._wake.set()

    async def run(self) -> None:
        """Run for leader for ever, and do the jobs while this process leads."""
        try:
            await every(self._seconds, self._wake, self._look)
        finally:
            await self._end_jobs()

    async def resign(self) -> None:
        """Let another process lead, if this one does. Raises StorageUnavailable."""
        leading, self._leading = self._leading, None
        if leading is not None and leading.epoch == self._lease.epoch:
            await self._storage.resign(leading.term)

    def health(self) -> LeaderHealth:
        """Tell who leads, as this process last heard."""
        leading = self._leading
        return LeaderHealth(
            leading=self.is_leader,
            term=None if leading is None else leading.term,
            name=None if leading is None else leading.name,
        )

    async def _look(self) -> None:
        epoch = await self._lease.wait()
        self._leading = await self._storage.elect(epoch)
        term = self._leading.term if self._leading is not None and self._leading.epoch == epoch else None
        if term == self._jobs_term:
            return
        await self._end_jobs()
        if term is not None:
            _log.info("This process leads, in term %d.", term)
            self._begin_jobs(term)

    def _begin_jobs(self, term: int) -> None:
        self._jobs_term = term
        self._jobs = [
            asyncio.create_task(every(errand.seconds, asyncio.Event(), self._as_leader(errand.job)), name=errand.name)
            for errand in self._errands
        ]

    async def _end_jobs(self) -> None:
        if self._jobs_term is not None:
            _log.info("This process doesn't lead any more.")
        self._jobs_term, jobs, self._jobs = None, self._jobs, []
        for job in jobs:
            job.cancel()
        if jobs:
            await asyncio.wait(jobs)

    def _as_leader(self, job: Job) -> Job:
        async def work() -> None:
            if self.is_leader:
                await job()

        return work
