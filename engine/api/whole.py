"""What all processes behind the API's address say together: their health, and their metrics."""

import asyncio
import time
from collections.abc import Mapping

import msgspec
from aiohttp import web

from engine.api.keys import Drain
from engine.api.together import together
from engine.observability.gathering import gathered
from engine.observability.metrics import Metrics
from engine.processes.exchange import Exchange
from engine.runtime import Engine, EngineHealth

STARTED_AT = time.monotonic()


class State(msgspec.Struct, frozen=True):
    """What a process, or all of them, know of themselves; `silent` are those that are there and don't answer."""

    health: EngineHealth
    stopping: bool
    last_commit_seconds: float
    uptime_seconds: float
    silent: tuple[int, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether requests should be sent here."""
        return self.health.ready and not self.stopping and not self.silent


class Whole:
    """This process and, where there is an exchange, those that it reaches by it."""

    def __init__(self, engine: Engine, metrics: Metrics, drain: Drain, exchange: Exchange | None = None) -> None:
        self._engine = engine
        self._metrics = metrics
        self._drain = drain
        self._exchange = exchange

    async def start(self) -> None:
        """Answer the others."""
        if self._exchange is not None:
            await self._exchange.start({"life": self._life, "state": self._encoded, "metrics": self._own_metrics})

    async def close(self) -> None:
        """Answer them no more."""
        if self._exchange is not None:
            await self._exchange.close()

    async def silent(self) -> tuple[int, ...]:
        """Numbers of the processes that are there and don't answer."""
        return () if self._exchange is None else _silent(await self._exchange.ask("life"))

    async def state(self) -> State:
        """All of them together: sums, and the worst of what can't be summed."""
        if self._exchange is None:
            return await self._own()
        own, answers = await asyncio.gather(self._own(), self._exchange.ask("state"))
        states = [own, *(msgspec.json.decode(answer, type=State) for answer in answers.values() if answer)]
        return State(
            together([state.health for state in states]),
            any(state.stopping for state in states),
            max(state.last_commit_seconds for state in states),
            max(state.uptime_seconds for state in states),
            _silent(answers),
        )

    async def metrics(self) -> bytes:
        """Their metrics in Prometheus's text format, each process's by a label where there are several."""
        if self._exchange is None:
            return await self._own_metrics()
        own, answers = await asyncio.gather(self._own_metrics(), self._exchange.ask("metrics"))
        answers[self._exchange.number] = own
        return gathered({number: answer for number, answer in sorted(answers.items()) if answer})

    async def _life(self) -> bytes:
        return b"it lives"

    async def _encoded(self) -> bytes:
        return msgspec.json.encode(await self._own())

    async def _own(self) -> State:
        health = await self._engine.health()
        uptime = time.monotonic() - STARTED_AT
        return State(health, self._drain.started.is_set(), self._metrics.last_commit_seconds, uptime)

    async def _own_metrics(self) -> bytes:
        self._metrics.health(await self._engine.health())
        return self._metrics.render()


def _silent(answers: Mapping[int, bytes | None]) -> tuple[int, ...]:
    return tuple(number for number, answer in answers.items() if answer is None)


WHOLE = web.AppKey("whole", Whole)
