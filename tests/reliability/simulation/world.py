"""A world in one event loop: engines on one database that crash, stall and lose connections, all from one seed."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeVar
from zlib import crc32

from engine.runtime import Engine, EngineOptions
from engine.runtime.clock import DatabaseClock
from engine.runtime.errors import Overloaded, TaskTimedOut, Unavailable
from engine.storage import StorageError
from engine.storage.memory import MemoryStorage
from engine.storage.memory.tables import Tables
from engine.tasks.requests import TaskError, TaskRequest
from tests.reliability.oracle import Effect
from tests.reliability.simulation.loop import VirtualLoop
from tests.reliability.simulation.storage import Faults, Line, SimulatedStorage

ORGANIZATION: Final = "default"
BEGINNING: Final = datetime(2030, 1, 1, tzinfo=UTC)
OPTIONS: Final = EngineOptions(
    lease_seconds=3.0,
    poll_seconds=2.0,
    timer_horizon_seconds=3.0,
    start_timeout_seconds=5.0,
    handler_wait_seconds=3_600.0,
)
HANDLERS: Final = frozenset({"step", "flaky", "slow", "count", "ask", "risky"})
_AGAIN_SECONDS: Final = 0.3
_PATIENCE_SECONDS: Final = 10.0

Answer = TypeVar("Answer")


class Process:
    """An engine as a supervisor runs it: started again after every crash."""

    def __init__(self, world: World, name: str) -> None:
        self.name = name
        self._world = world
        self.line = Line(world.random, world.faults)
        self.engine: Engine | None = None
        self.handlers = HANDLERS

    async def start(self) -> None:
        """Start, again and again until the database lets it."""
        while True:
            self.line = Line(self._world.random, self._world.faults)
            engine = self._world.make_engine(self)
            try:
                await engine.start()
            except StorageError:
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                self.engine = engine
                return

    async def kill(self) -> None:
        """End as by kill -9."""
        self.line.dead = True
        engine, self.engine = self.engine, None
        if engine is not None:
            tasks = [*engine._background, *([engine._committing] if engine._committing else [])]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            engine._executor.abandon()
            engine._commits.abandon()

    async def stop(self) -> None:
        """End as by SIGTERM."""
        engine, self.engine = self.engine, None
        if engine is not None:
            await engine.stop(self._world.random.random() * 2)
            self.line.dead = True


class Tasks:
    """The handlers of one process; what they do is known to the whole world."""

    def __init__(self, world: World, process: Process) -> None:
        self._world = world
        self._name = process.name
        self._line = process.line
        self._handlers = process.handlers

    async def run(self, request: TaskRequest) -> object:
        """Run a handler."""
        random = self._world.random
        handler = request.resource.removeprefix("handler:")
        if handler not in self._handlers:
            self._world.problems.append(f"{self._name} was given a task for the handler {handler}, which it hasn't")
        await asyncio.sleep(random.random() * random.choice((0.0, 0.1, 1.0)))
        if self._line.dead:
            await asyncio.get_running_loop().create_future()
        self._world.effects.append(Effect(request.idempotency_key, self._name))
        given = request.input if isinstance(request.input, dict) else {}
        made = {"n": given.get("n", 0), "by": f"{request.idempotency_key}.{request.attempt}"}
        match handler:
            case "flaky" if request.attempt == 1 and crc32(request.idempotency_key.encode()) % 2:
                raise TaskError("Flaky.Handler", "the first attempt")
            case "slow":
                await asyncio.sleep(random.random() * 4)
            case "ask":
                self._world.spawn(self._world.answer(str(given["token"])))
            case "risky" if crc32(request.idempotency_key.encode()) % 3 == 0:
                raise TaskError("Risky.Handler", "every third item fails, and maybe not when it is redriven")
            case "count":
                return {**made, "n": 1}
        return {**given, **made}


class World:
    """Everything that there is.

    Attributes:
        random: where every chance comes from.
        effects: the side effects of all handlers, in order.
        shift: how far the database's clock was set.
        problems: what went wrong, a sentence each.
        stops: the executions that somebody wants to be stopped right now, by ARN, and how many do.
        stopped_at: when such a wish was dealt with last.
    """

    def __init__(self, loop: VirtualLoop, random: Random, faults: Faults, engines: int) -> None:
        self.random = random
        self.faults = faults
        self.effects: list[Effect] = []
        self._loop = loop
        self.storage = MemoryStorage(self.now)
        self.processes = [Process(self, f"engine-{number}") for number in range(engines)]
        self.shift = timedelta()
        self.problems: list[str] = []
        self.stops: Counter[str] = Counter()
        self.stopped_at: dict[str, float] = {}
        self._clients: set[asyncio.Task[None]] = set()

    @property
    def tables(self) -> Tables:
        """What the database has."""
        return self.storage._tables

    def now(self) -> datetime:
        """Give the database's time."""
        return BEGINNING + self.shift + timedelta(seconds=self._loop.time())

    def make_engine(self, process: Process) -> Engine:
        """Make an engine for a process: of any version, the first one alone always has all handlers."""
        lacks = self.random.choice((None, None, None, "count", "step")) if process is not self.processes[0] else None
        process.handlers = HANDLERS - {lacks}
        storage = SimulatedStorage(self.storage, process.line)
        pace = self.random.choice((1.0, 1.0, 0.9, 1.1))
        clock = DatabaseClock(lambda: self._loop.time() * pace)
        handlers = process.handlers
        return Engine(storage, Tasks(self, process), OPTIONS, clock=clock, handlers=lambda: handlers)

    def spawn(self, client: Coroutine[object, object, None]) -> None:
        """Let a client live."""
        task = asyncio.create_task(client)
        self._clients.add(task)
        task.add_done_callback(self._clients.discard)

    async def clients_end(self) -> None:
        """Wait until all clients have what they wanted."""
        while self._clients:
            await asyncio.gather(*self._clients)

    async def ask(self, question: Callable[[Engine], Awaitable[Answer]]) -> Answer:
        """Ask any engine, as often as it takes."""
        while True:
            engine = self.random.choice(self.processes).engine
            if engine is not None:
                with contextlib.suppress(Unavailable, Overloaded, TimeoutError):
                    async with asyncio.timeout(_PATIENCE_SECONDS):
                        return await question(engine)
            await asyncio.sleep(_AGAIN_SECONDS)

    async def answer(self, token: str) -> None:
        """Answer a task by its token, once."""
        await asyncio.sleep(self.random.random())
        with contextlib.suppress(TaskTimedOut):  # an answer that was lost on its way back may be the reason
            await self.ask(lambda engine: engine.callbacks.succeed(ORGANIZATION, token, '{"n": 3}'))
