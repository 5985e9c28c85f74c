"""One log line a minute with what waits in this process: deployments make metrics of it, and alarms of those."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from engine.runtime import EngineHealth, OutboxHealth, SchedulerHealth

MESSAGE = "scheduler lag"
"""What the line says; the metric filters of `infra/aws/log_metrics.py` look for it."""

SAMPLE_SECONDS = 5.0
LINE_SECONDS = 60.0

log = structlog.get_logger(source=__name__)


class LagGauge:
    """The most seconds that something has waited since the last line, from samples of the scheduler.

    Tasks start in the order they were asked for, so the oldest that waits can't have waited longer than since the
    queue was last seen empty. A sample that comes late shows that the process had time for nothing at all.
    """

    def __init__(self, now: float) -> None:
        self._empty_at = now
        self._longest = 0.0

    def sample(self, now: float, queued_tasks: int, late: float) -> None:
        """Take a sample, which came so many seconds after it was due."""
        if not queued_tasks:
            self._empty_at = now
        self._longest = max(self._longest, now - self._empty_at, late)

    def take(self) -> float:
        """The lag since it was last taken."""
        longest, self._longest = self._longest, 0.0
        return longest


async def log_lag(
    health: Callable[[], Awaitable[EngineHealth]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Sample the scheduler for ever and log what was found once a minute."""
    gauge, written = LagGauge(clock()), clock()
    while True:
        due = clock() + SAMPLE_SECONDS
        await sleep(SAMPLE_SECONDS)
        now = clock()
        found = await health()
        scheduler = found.scheduler
        gauge.sample(now, scheduler.queued_tasks, now - due)
        if now - written >= LINE_SECONDS:
            written = now
            _write(scheduler, gauge.take(), found.outbox)


def _write(scheduler: SchedulerHealth, lag: float, outbox: OutboxHealth | None) -> None:
    log.info(
        MESSAGE,
        lagSeconds=round(lag, 3),
        backlog=scheduler.queued_tasks + scheduler.queued_commits,
        runningTasks=scheduler.running_tasks,
        activeExecutions=scheduler.active_executions,
        **_of_outbox(outbox),
    )


def _of_outbox(outbox: OutboxHealth | None) -> dict[str, float]:
    """Give what only the process that publishes knows."""
    if outbox is None or outbox.lag_seconds is None or outbox.pending is None:
        return {}
    return {"outboxLagSeconds": round(outbox.lag_seconds, 3), "outboxPending": outbox.pending}
