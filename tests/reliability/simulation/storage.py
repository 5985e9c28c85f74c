"""What one simulated process has of the shared database: a line that is slow, breaks and comes back."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from engine.storage import OutcomeUnknown, StorageUnavailable
from engine.storage.memory import MemoryStorage

_TOLD_APART: Final = frozenset({"commit", "claim", "claim_set_aside", "take_activity_task"})
_AT_ONCE: Final = frozenset({"open", "close", "listen"})


class Faults(msgspec.Struct, frozen=True):
    """How bad the world is: probabilities per statement, and times in seconds.

    Attributes:
        refused: the connection is gone before the statement is sent.
        answer_lost: it is gone after the statement was carried out.
        delay: the longest time on the way, each way.
        notice_lost: a notification isn't heard.
        notice_delay: the longest time that one takes.
    """

    refused: float = 0.0
    answer_lost: float = 0.0
    delay: float = 0.002
    notice_lost: float = 0.0
    notice_delay: float = 0.002


class Line:
    """A process's way to the database.

    Attributes:
        dead: the process was killed; nothing it asks for arrives any more.
        held_until: the time until which nothing goes through, in either direction, and nothing breaks.
    """

    def __init__(self, random: Random, faults: Faults) -> None:
        self.random = random
        self.faults = faults
        self.dead = False
        self.held_until = 0.0

    async def carry(self, name: str, statement: Callable[[], Awaitable[object]]) -> object:
        """Carry a statement out, unless something breaks."""
        await self._travel()
        if self.random.random() < self.faults.refused:
            raise StorageUnavailable(f"{name}: the line broke")
        answer = await statement()
        await self._travel()
        if self.random.random() < self.faults.answer_lost:
            raise (OutcomeUnknown if name in _TOLD_APART else StorageUnavailable)(f"{name}: the answer was lost")
        return answer

    def notice(self, tell: Callable[[], object]) -> None:
        """Let the process hear something, some time, or never."""
        if not self.dead and self.random.random() >= self.faults.notice_lost:
            loop = asyncio.get_running_loop()
            delay = max(self.random.random() * self.faults.notice_delay, self.held_until - loop.time())
            loop.call_later(delay, lambda: self.dead or tell())

    async def _travel(self) -> None:
        loop = asyncio.get_running_loop()
        delay = max(0.0, (self.random.random() * 2 - 1) * self.faults.delay, self.held_until - loop.time())
        await asyncio.sleep(delay)
        if self.dead:
            await loop.create_future()


class SimulatedStorage(MemoryStorage):
    """The tables of `shared`, reached over `line`."""

    def __init__(self, shared: MemoryStorage, line: Line) -> None:
        super().__init__()
        self._tables = shared._tables
        self._line = line

    async def listen(self, notify: Callable[[int], None], activity: Callable[[UUID], None] | None = None) -> None:
        """Hear what the line lets through."""
        heard = None if activity is None else functools.partial(self._hear, activity)
        await super().listen(functools.partial(self._hear, notify), heard)

    def _hear(self, tell: Callable[[Any], None], what: object) -> None:
        self._line.notice(functools.partial(tell, what))


def _over_the_line(name: str, method: Callable[..., Awaitable[object]]) -> Callable[..., Awaitable[object]]:
    @functools.wraps(method)
    async def carried(self: SimulatedStorage, *args: object, **kwargs: object) -> object:
        return await self._line.carry(name, functools.partial(method, self, *args, **kwargs))

    return carried


for _name, _method in inspect.getmembers(MemoryStorage, inspect.iscoroutinefunction):
    if _name not in _AT_ONCE and not _name.startswith("_"):
        setattr(SimulatedStorage, _name, _over_the_line(_name, _method))
