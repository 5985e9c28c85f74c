"""What is wrong with a world that has come to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from datetime import timedelta
from typing import Final
from uuid import UUID

from engine.runtime.lifecycle.stopping import STOPPED
from tests.reliability.oracle import Oracle, Verdict
from tests.reliability.simulation.world import BEGINNING, OPTIONS, ORGANIZATION, World

_CLOCKS_APART: Final = timedelta(minutes=10)
"""The database's clock is set here."""


def told_to_stop(world: World, execution_id: UUID) -> bool:
    """Whether an execution has a message that stops it."""
    messages = world.tables.messages.values()
    return any(each.execution_id == execution_id and each.data.startswith(STOPPED) for each in messages)


def is_busy(world: World) -> bool:
    """Whether anything isn't over yet."""
    tables = world.tables
    return (
        bool(tables.active)
        or any(run.status == "RUNNING" for run in tables.map_runs.values())
        or any(erasure.finished_at is None for erasure in tables.erasures.values())
    )


async def judge(world: World) -> Verdict:
    """Look at everything that is left."""
    tables = world.tables
    oracle = Oracle(world.storage, tables.token_key or b"", OPTIONS, _CLOCKS_APART)
    verdict = await oracle.judge(ORGANIZATION, world.effects)
    verdict.problems += world.problems
    left: dict[str, Sized] = {
        "active_executions": tables.active,
        "timers": tables.timers,
        "messages": tables.messages,
        "activity_tasks": tables.activity_tasks,
        "paused": tables.paused,
        "set_aside": tables.set_aside,
        "firings": tables.firings,
    }
    verdict.problems += [f"{len(rows)} rows are left in {name}" for name, rows in left.items() if rows]
    verdict.problems += _schedules(world)
    return verdict


def trace(world: World) -> int:
    """Give the same number for the same course of events."""
    tables = world.tables
    return hash((len(world.effects), tables.epochs, tables.message_ids, *_moments(world)))


def _schedules(world: World) -> Iterator[str]:
    """Complain of a schedule's time that didn't start exactly one execution."""
    for schedule in world.tables.schedules.values():
        started = [e for e in world.tables.executions.values() if e.name.startswith(f"{schedule.name}-")]
        if len(started) != 1:
            yield f"the schedule {schedule.name} started {len(started)} executions"


def _moments(world: World) -> Iterator[float]:
    for execution in world.tables.executions.values():
        if execution.stopped_at is not None:
            yield (execution.stopped_at - BEGINNING).total_seconds()
