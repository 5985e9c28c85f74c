"""Health: whether the process lives, whether it should get requests, and what it knows of its parts."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from aiohttp import web

import engine
from engine.api.keys import DRAIN
from engine.api.rest.requests import json_response
from engine.api.whole import WHOLE, State
from engine.runtime import EngineHealth, OutboxHealth

UNAVAILABLE = 503
LIVE_PATHS = ("/health", "/health/live", "/actuator/health/liveness")
READY_PATHS = ("/health/ready", "/ready", "/actuator/health/readiness")
PROBE_PATHS = frozenset({*LIVE_PATHS, *READY_PATHS})
NO_STORE = {"Cache-Control": "no-store"}


class Part(msgspec.Struct):
    """One component: `status` is healthy or unhealthy."""

    status: str
    details: dict[str, object]


class Detailed(msgspec.Struct):
    """The whole of it."""

    status: str
    components: dict[str, Part]
    version: str
    uptime: str


async def live(request: web.Request) -> web.Response:
    """200 while every process answers at all: a failure means that they should be restarted."""
    if silent := await request.app[WHOLE].silent():
        return json_response({"status": "unhealthy", "reason": _silent_words(silent)}, UNAVAILABLE, NO_STORE)
    return json_response({"status": "healthy"}, headers=NO_STORE)


async def ready(request: web.Request) -> web.Response:
    """200 when requests should be sent here; 503 while the process stops or the database is down."""
    reason = await _not_ready(request)
    if reason:
        return json_response({"status": "unhealthy", "reason": reason}, UNAVAILABLE, NO_STORE)
    return json_response({"status": "healthy"}, headers=NO_STORE)


async def detailed(request: web.Request) -> web.Response:
    """Every component with its figures; 503 as `ready`."""
    state = await request.app[WHOLE].state()
    health = state.health
    report = Detailed(
        _word(healthy=state.healthy),
        {
            "database": _database(health),
            "eventProcessing": _events(state),
            "scheduler": _scheduler(health),
            "leader": _leader(health),
            **({} if health.outbox is None else {"outbox": _outbox(health.outbox)}),
        },
        engine.__version__,
        uptime_words(timedelta(seconds=state.uptime_seconds)),
    )
    return json_response(report, 200 if state.healthy else UNAVAILABLE, NO_STORE)


def uptime_words(uptime: timedelta) -> str:
    """`5d 12h 30m`; seconds only in the first minute."""
    minutes, seconds = divmod(int(uptime.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{amount}{unit}" for amount, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if amount]
    return " ".join(parts) or f"{seconds}s"


async def _not_ready(request: web.Request) -> str | None:
    if request.app[DRAIN].started.is_set():
        return "the process is stopping"
    state = await request.app[WHOLE].state()
    if not state.health.database.up:
        return "the database does not answer"
    if state.silent:
        return _silent_words(state.silent)
    if state.stopping:
        return "a process is stopping"
    return None if state.health.ready else "the engine has no lease yet"


def _silent_words(silent: Sequence[int]) -> str:
    """Say which processes don't answer."""
    numbers = ", ".join(map(str, silent))
    return f"process {numbers} does not answer" if len(silent) == 1 else f"processes {numbers} do not answer"


def _database(health: EngineHealth) -> Part:
    database = health.database
    used = database.pool_size - database.pool_idle
    details: dict[str, object] = {
        "connectionPool": f"{used}/{database.pool_size}",
        "latency": None if database.latency_seconds is None else _milliseconds(database.latency_seconds),
    }
    if database.error:
        details["error"] = database.error
    return Part(_word(healthy=database.up), details)


def _events(state: State) -> Part:
    """The commit loop processes events: executions are its subscriptions, its latest round is the delay."""
    details: dict[str, object] = {
        "subscriptionCount": state.health.scheduler.active_executions,
        "processingDelay": _milliseconds(state.last_commit_seconds),
        "queuedCommits": state.health.scheduler.queued_commits,
    }
    return Part(_word(healthy=state.health.lease.held), details)


def _scheduler(health: EngineHealth) -> Part:
    scheduler = health.scheduler
    details: dict[str, object] = {
        "pendingTasks": scheduler.pending_timers + scheduler.queued_tasks,
        "lastExecutionTime": _time(scheduler.last_run),
        "runningTasks": scheduler.running_tasks,
    }
    return Part(_word(healthy=health.accepting), details)


def _leader(health: EngineHealth) -> Part:
    """Who does what one process does for all: while nobody does, schedules are late."""
    leader = health.leader
    details: dict[str, object] = {"name": leader.name, "term": leader.term, "isLeader": leader.leading}
    return Part(_word(healthy=leader.name is not None), details)


def _outbox(outbox: OutboxHealth) -> Part:
    """What waits to be published, as the leader knows it: while the sink is away events are late, and none is lost."""
    details: dict[str, object] = {
        "isPublisher": outbox.publishing,
        "pending": outbox.pending,
        "lagSeconds": None if outbox.lag_seconds is None else round(outbox.lag_seconds, 3),
    }
    if outbox.problem:
        details["error"] = outbox.problem
    return Part(_word(healthy=outbox.problem is None), details)


def _word(*, healthy: bool) -> str:
    return "healthy" if healthy else "unhealthy"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f}ms"


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def add_probe_routes(app: web.Application) -> None:
    """What load balancers and Kubernetes ask, on any port."""
    for path in READY_PATHS:
        app.router.add_get(path, ready)
    for path in LIVE_PATHS:
        app.router.add_get(path, live)


def add_detailed_routes(app: web.Application) -> None:
    """What people and dashboards ask, on the management port."""
    for path in ("/health/detailed", "/actuator/health"):
        app.router.add_get(path, detailed)
