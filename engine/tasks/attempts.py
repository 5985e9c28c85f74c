"""The retries and the time limit that a handler brings with it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec import UnsetType

from engine.builder import Retry
from engine.language.errors import TIMEOUT, StatesError
from engine.language.retrying import Retrier, handles
from engine.tasks.requests import TaskError

T = TypeVar("T")


class Retries:
    """Counts the retries of one call."""

    def __init__(self, retriers: Sequence[Retrier], seed: str) -> None:
        self._retriers = retriers
        self._seed = seed
        self._made: Counter[int] = Counter()

    def next_delay(self, error: TaskError) -> float | None:
        """Give the seconds until the call is made once more after this error; None when it isn't."""
        failure = StatesError(error.error, error.cause)
        index = next((i for i, retrier in enumerate(self._retriers) if handles(retrier.errors, failure)), None)
        if index is None or self._made[index] >= self._retriers[index].max_attempts:
            return None
        self._made[index] += 1
        return self._retriers[index].delay(self._made[index], f"{self._seed}/{self._made.total()}")


class Attempts:
    """Calls until one attempt succeeds or fails with what isn't retried, or not any more.

    All of them together are one attempt of the Task state, whose own Retry and TimeoutSeconds come on top: they happen
    in the process that runs the task, aren't in the history, and begin anew when another process takes over.
    """

    def __init__(self, retry: Sequence[Retry], timeout: float | None) -> None:
        self._retriers = [_retrier(each) for each in retry]
        self._timeout = timeout

    def retries(self, seed: str) -> Retries:
        """Give the retries of a new call; `seed` decides jitter."""
        return Retries(self._retriers, seed)

    @property
    def is_single(self) -> bool:
        """Whether the call is made once, for however long it takes."""
        return not self._retriers and self._timeout is None

    async def run(self, once: Callable[[], Awaitable[object]], seed: str) -> object:
        """Give the output of the attempt that succeeds; raises the last one's `TaskError`. `seed` decides jitter."""
        retries = self.retries(seed)
        while True:
            try:
                return await self._limited(once)
            except TaskError as error:
                delay = retries.next_delay(error)
                if delay is None:
                    raise
                await asyncio.sleep(delay)

    async def _limited(self, once: Callable[[], Awaitable[object]]) -> object:
        try:
            async with asyncio.timeout(self._timeout) as limit:
                return await once()
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise TaskError(TIMEOUT, f"The handler took longer than its {self._timeout:g} seconds.") from error


def _retrier(retry: Retry) -> Retrier:
    errors = tuple(retry.error_equals)
    default = Retrier(errors=errors)
    return Retrier(
        errors=errors,
        interval_seconds=_given(retry.interval_seconds, default.interval_seconds),
        max_attempts=_given(retry.max_attempts, default.max_attempts),
        backoff_rate=_given(retry.backoff_rate, default.backoff_rate),
        max_delay_seconds=_given(retry.max_delay_seconds, default.max_delay_seconds),
        full_jitter=retry.jitter_strategy == "FULL",
    )


def _given(value: T | UnsetType, default: T) -> T:
    return default if isinstance(value, UnsetType) else value
