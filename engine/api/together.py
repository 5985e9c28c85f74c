"""The health of several engine processes as one: sums, and the worst of what can't be summed."""

from collections.abc import Sequence

from engine.runtime import DatabaseHealth, EngineHealth, LeaseHealth, OutboxHealth, SchedulerHealth
from engine.runtime.records import LeaderHealth


def together(healths: Sequence[EngineHealth]) -> EngineHealth:
    """One health of one or more."""
    return EngineHealth(
        ready=all(health.ready for health in healths),
        accepting=all(health.accepting for health in healths),
        database=_database([health.database for health in healths]),
        scheduler=_scheduler([health.scheduler for health in healths]),
        lease=_lease([health.lease for health in healths]),
        leader=_leader([health.leader for health in healths]),
        outbox=_outbox([health.outbox for health in healths if health.outbox is not None]),
    )


def _database(parts: Sequence[DatabaseHealth]) -> DatabaseHealth:
    errors = [part.error for part in parts if part.error]
    latencies = [part.latency_seconds for part in parts if part.latency_seconds is not None]
    return DatabaseHealth(
        up=all(part.up for part in parts),
        latency_seconds=max(latencies, default=None),
        pool_size=sum(part.pool_size for part in parts),
        pool_idle=sum(part.pool_idle for part in parts),
        error=errors[0] if errors else None,
    )


def _scheduler(parts: Sequence[SchedulerHealth]) -> SchedulerHealth:
    return SchedulerHealth(
        pending_timers=sum(part.pending_timers for part in parts),
        running_tasks=sum(part.running_tasks for part in parts),
        queued_tasks=sum(part.queued_tasks for part in parts),
        active_executions=sum(part.active_executions for part in parts),
        queued_commits=sum(part.queued_commits for part in parts),
        last_run=min((part.last_run for part in parts if part.last_run is not None), default=None),
    )


def _lease(parts: Sequence[LeaseHealth]) -> LeaseHealth:
    """Each has an epoch of its own, so that together they have none."""
    held = all(part.held for part in parts)
    return LeaseHealth(epoch=None, held=held, expires_in_seconds=min(part.expires_in_seconds for part in parts))


def _leader(parts: Sequence[LeaderHealth]) -> LeaderHealth:
    """The one that leads; else whoever knows of the latest term."""
    return max(parts, key=lambda part: (part.leading, part.term or 0))


def _outbox(parts: Sequence[OutboxHealth]) -> OutboxHealth | None:
    """The one that publishes, if it is among them."""
    return max(parts, key=lambda part: part.publishing, default=None)
