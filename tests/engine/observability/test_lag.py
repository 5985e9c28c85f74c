"""The line that says what waits: when it is written, and what it calls lag."""

import asyncio
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from engine.observability.lag import MESSAGE, LagGauge, log_lag
from engine.runtime import DatabaseHealth, EngineHealth, LeaseHealth, OutboxHealth, SchedulerHealth
from infra.aws.log_metrics import LAG_LINE, LOG_METRICS


class Engine:
    """An engine whose queue is as the test says, and whose time passes in sleeps."""

    def __init__(self, queue: list[int], *, late: float = 0.0, outbox: OutboxHealth | None = None) -> None:
        self.now = 1000.0
        self._queue: Iterator[int] = iter(queue)
        self._late = late
        self._outbox = outbox

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + self._late

    async def health(self) -> EngineHealth:
        queued = next(self._queue, None)
        if queued is None:
            raise asyncio.CancelledError
        scheduler = SchedulerHealth(
            pending_timers=0, running_tasks=4, queued_tasks=queued, active_executions=9, queued_commits=2, last_run=None
        )
        return EngineHealth(
            ready=True,
            accepting=True,
            database=DatabaseHealth(up=True, latency_seconds=0.0, pool_size=1, pool_idle=1),
            scheduler=scheduler,
            lease=LeaseHealth(epoch=1, held=True, expires_in_seconds=9),
            outbox=self._outbox,
        )


async def lines(engine: Engine) -> list[dict[str, object]]:
    with capture_logs() as logs, pytest.raises(asyncio.CancelledError):
        await log_lag(engine.health, engine.sleep, engine.clock)
    return [dict(line) for line in logs if line["event"] == MESSAGE]


async def test_a_line_a_minute() -> None:
    written = await lines(Engine([0] * 25))
    assert len(written) == 2
    assert written[0] | {"log_level": "info"} == {
        "event": MESSAGE,
        "log_level": "info",
        "source": "engine.observability.lag",
        "lagSeconds": 0.0,
        "backlog": 2,
        "runningTasks": 4,
        "activeExecutions": 9,
    }


async def test_lag_is_how_long_the_queue_has_not_been_empty() -> None:
    [written] = await lines(Engine([0, 0, *[7] * 10]))
    assert (written["lagSeconds"], written["backlog"]) == (50.0, 9)


async def test_lag_of_a_queue_that_was_empty_between() -> None:
    [written] = await lines(Engine([3, 3, 0, 3, 0, 0, 0, 3, 3, 3, 0, 0]))
    assert written["lagSeconds"] == 15.0


async def test_the_publisher_says_what_waits_in_the_outbox() -> None:
    [written] = await lines(Engine([0] * 12, outbox=OutboxHealth(publishing=True, pending=7, lag_seconds=3.25)))
    assert (written["outboxLagSeconds"], written["outboxPending"]) == (3.25, 7)
    [other] = await lines(Engine([0] * 12, outbox=OutboxHealth(publishing=False)))
    assert "outboxLagSeconds" not in other


async def test_a_process_that_comes_to_nothing_lags() -> None:
    [written, *_] = await lines(Engine([0] * 12, late=8.0))
    assert written["lagSeconds"] == 8.0


def test_a_gauge_starts_again_but_remembers_since_when_something_waits() -> None:
    gauge = LagGauge(0.0)
    gauge.sample(5.0, 1, 0.0)
    assert gauge.take() == 5.0
    gauge.sample(10.0, 1, 0.0)
    assert gauge.take() == 10.0
    assert gauge.take() == 0.0


def test_the_deployment_reads_what_the_engine_writes() -> None:
    fields = {metric.value for metric in LOG_METRICS if LAG_LINE in metric.pattern}
    assert MESSAGE == LAG_LINE
    assert fields == {"$.lagSeconds", "$.backlog"}
