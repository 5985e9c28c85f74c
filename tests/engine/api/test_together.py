"""The health of several processes as one."""

from datetime import UTC, datetime

import msgspec

from engine.api.together import together
from engine.runtime import DatabaseHealth, EngineHealth, LeaseHealth, OutboxHealth, SchedulerHealth
from engine.runtime.records import LeaderHealth

EARLIER, LATER = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)
GOOD = EngineHealth(
    ready=True,
    accepting=True,
    database=DatabaseHealth(up=True, latency_seconds=0.1, pool_size=5, pool_idle=4),
    scheduler=SchedulerHealth(
        pending_timers=1, running_tasks=2, queued_tasks=3, active_executions=4, queued_commits=5, last_run=LATER
    ),
    lease=LeaseHealth(epoch=7, held=True, expires_in_seconds=9.0),
    leader=LeaderHealth(leading=True, term=3, name="one"),
    outbox=OutboxHealth(publishing=True, pending=11, lag_seconds=0.5),
)
BAD = EngineHealth(
    ready=False,
    accepting=False,
    database=DatabaseHealth(up=False, latency_seconds=None, pool_size=5, pool_idle=0, error="gone"),
    scheduler=SchedulerHealth(
        pending_timers=10, running_tasks=20, queued_tasks=30, active_executions=40, queued_commits=50, last_run=EARLIER
    ),
    lease=LeaseHealth(epoch=8, held=False, expires_in_seconds=-1.0),
    leader=LeaderHealth(leading=False, term=2, name="another"),
    outbox=OutboxHealth(publishing=False),
)


def test_sums_and_the_worst() -> None:
    for healths in ((GOOD, BAD), (BAD, GOOD)):
        assert together(healths) == EngineHealth(
            ready=False,
            accepting=False,
            database=DatabaseHealth(up=False, latency_seconds=0.1, pool_size=10, pool_idle=4, error="gone"),
            scheduler=SchedulerHealth(
                pending_timers=11,
                running_tasks=22,
                queued_tasks=33,
                active_executions=44,
                queued_commits=55,
                last_run=EARLIER,
            ),
            lease=LeaseHealth(epoch=None, held=False, expires_in_seconds=-1.0),
            leader=LeaderHealth(leading=True, term=3, name="one"),
            outbox=OutboxHealth(publishing=True, pending=11, lag_seconds=0.5),
        )


def test_two_good_ones_without_events() -> None:
    quiet = msgspec.structs.replace(GOOD, outbox=None)
    whole = together([quiet, quiet])
    assert whole.ready
    assert whole.accepting
    assert whole.database.up
    assert whole.outbox is None
