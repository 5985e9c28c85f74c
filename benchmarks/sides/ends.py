"""Tells the benchmark of the ends of executions, beside what the engine's own observer does."""

from __future__ import annotations

import asyncio

from engine.observability.metrics import Metrics
from engine.observability.observer import MetricsObserver
from engine.runtime import ExecutionInfo


class Ends(MetricsObserver):
    """The observer of `engine serve`, with futures for executions by their names.

    Attributes:
        count: how many executions have ended.
    """

    def __init__(self, metrics: Metrics) -> None:
        super().__init__(metrics)
        self.count = 0
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._another = asyncio.Event()

    def of(self, name: str) -> asyncio.Future[None]:
        """Give what is done when the execution of this name has ended, and failed unless it has succeeded."""
        self._awaited[name] = asyncio.get_running_loop().create_future()
        return self._awaited[name]

    async def until(self, count: int) -> None:
        """Return when so many executions have ended, since the process began."""
        while self.count < count:
            self._another.clear()
            await self._another.wait()

    def execution_finished(
        self, execution: ExecutionInfo, status: str, error: str | None, duration_seconds: float
    ) -> None:
        """Wake who waits for it."""
        super().execution_finished(execution, status, error, duration_seconds)
        self.count += 1
        self._another.set()
        end = self._awaited.pop(execution.name, None)
        if end is None or end.done():
            return
        if status == "SUCCEEDED":
            end.set_result(None)
        else:
            end.set_exception(RuntimeError(f"the execution {execution.arn} ended as {status}: {error}"))
