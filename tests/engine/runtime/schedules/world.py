"""An engine in a world whose clock the test moves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from engine.runtime import Engine, EngineOptions, SilentObserver
from engine.runtime.clock import DatabaseClock
from engine.runtime.observer import ScheduleOutcome
from engine.runtime.schedules.configuration import Invocation, ScheduleConfiguration
from engine.storage.memory import MemoryStorage
from tests.engine.runtime.support import ORGANIZATION, Tasks, until

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
MINUTE = 60
HOUR = 3600


class Log(SilentObserver):
    """Remembers what became of schedules' times."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, ScheduleOutcome]] = []

    def schedule_settled(self, arn: str, outcome: ScheduleOutcome, late_seconds: float) -> None:
        """Remember it."""
        assert late_seconds >= 0
        self.outcomes.append((arn.rpartition("/")[2], outcome))


class World:
    """A clock that begins at noon, a storage that goes by it, and engines on that."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.step = timedelta(0)
        self.storage = MemoryStorage(now=self.now)
        self.tasks = Tasks()
        self.log = Log()

    def now(self) -> datetime:
        """Give the database's time, which may have been set."""
        return NOON + timedelta(seconds=self.seconds) + self.step

    async def begin(self, **options: object) -> Engine:
        """Start an engine."""
        chosen = {"lease_seconds": 1e8, "poll_seconds": 0.002} | options
        clock = DatabaseClock(lambda: self.seconds)
        engine = Engine(self.storage, self.tasks, EngineOptions(**chosen), self.log, clock=clock)  # type: ignore[arg-type]
        await engine.start()
        return engine

    @asynccontextmanager
    async def engine(self, **options: object) -> AsyncIterator[Engine]:
        """Run an engine."""
        engine = await self.begin(**options)
        try:
            yield engine
        finally:
            await engine.stop(0)

    async def advance(self, seconds: float, step: float | None = None) -> None:
        """Let time pass, in steps, and the engine deal with all that is due after each."""
        until = self.seconds + seconds
        while self.seconds < until:
            self.seconds = min(until, self.seconds + (step or seconds))
            await self.settled()

    async def settled(self) -> None:
        """Wait until nothing is due."""

        async def nothing_due() -> bool:
            now = self.now()
            return not await self.storage.due_schedules(now, 1) and not await self.storage.due_firings(now, 1)

        await until(nothing_due)


def chosen(expression: str, arn: str, **fields: object) -> ScheduleConfiguration:
    """Give a configuration; fields of the target have a name with ``target_`` before it."""
    target = {name.removeprefix("target_"): value for name, value in fields.items() if name.startswith("target_")}
    others = {name: value for name, value in fields.items() if not name.startswith("target_")}
    invocation = Invocation(arn=arn, **target)  # type: ignore[arg-type]
    return ScheduleConfiguration(expression=expression, target=invocation, **others)  # type: ignore[arg-type]


async def starts(engine: Engine, name: str = "nightly") -> list[str]:
    """Give the times of a schedule, hours and minutes, for which executions were started, in order."""
    page = await engine.list_executions(ORGANIZATION, limit=1000)
    names = [record.name for record in page.items if record.name.startswith(f"{name}-")]
    return sorted(f"{name[-7:-5]}:{name[-5:-3]}" for name in names)
