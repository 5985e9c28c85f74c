"""The connection that commits breaks at every point where the commit loop waits for it, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import asyncpg
import pytest

from engine.storage import open_storage
from engine.storage.postgresql import committer
from engine.storage.postgresql.connections import PostgresOptions, connect
from tests.engine.runtime.support import begin, create, finished, make_engine, sequence, types

Moment = Literal["before", "after"]


class Breaking:
    """Breaks at the awaited call that has the number, before it reaches the server or before its answer comes back."""

    def __init__(self, number: int, moment: Moment) -> None:
        self.calls = 0
        self._number = number
        self._moment = moment

    def wrap(self, part: object) -> object:
        """Give a connection, or a statement of it, whose calls are counted."""
        return _Counted(part, self)

    async def call(self, function: Callable[..., object], *values: object) -> object:
        """Make a call, or not, or keep its answer."""
        self.calls += 1
        breaks = self.calls == self._number
        if breaks and self._moment == "before":
            raise asyncpg.ConnectionDoesNotExistError("broken before the call")
        answer = await function(*values)  # type: ignore[misc]
        if breaks:
            raise asyncpg.ConnectionDoesNotExistError("broken before the answer")
        return self.wrap(answer) if hasattr(answer, "fetchrow") else answer


class _Counted:
    def __init__(self, part: object, breaking: Breaking) -> None:
        self._part = part
        self._breaking = breaking

    def __getattr__(self, name: str) -> object:
        found = getattr(self._part, name)
        if name not in ("prepare", "fetch", "fetchrow", "execute"):
            return found

        async def call(*values: object) -> object:
            return await self._breaking.call(found, *values)

        return call


async def _run(url: str, breaking: Breaking, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run an execution of three tasks over a connection that breaks once."""

    async def connect_counted(options: PostgresOptions, settings: Mapping[str, str] | None = None) -> object:
        return breaking.wrap(await connect(options, settings))

    with monkeypatch.context() as patch:
        patch.setattr(committer, "connect", connect_counted)
        engine = make_engine(open_storage(url, pool_size=2))
        await engine.start()
        try:
            machine = await create(engine, sequence("count", "count", "count"))
            execution = await begin(engine, machine, name)
            over = await finished(engine, execution)
            assert (over.status, over.output) == ("SUCCEEDED", '{"n":3}')
            counted = await types(engine, execution)
            assert (counted["TaskScheduled"], counted["TaskSucceeded"], counted["ExecutionSucceeded"]) == (3, 3, 1)
        finally:
            await engine.stop(0)


@pytest.mark.fault(
    "the connection breaks at every await point of a commit, before the call and before its answer",
    "The round is written again; what had been applied isn't applied twice.",
)
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_every_await_point(url: str, moment: Moment, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Breaking(0, moment)
    await _run(url, whole, "whole", monkeypatch)
    assert whole.calls >= 5
    for number in range(1, whole.calls + 1):
        breaking = Breaking(number, moment)
        await _run(url, breaking, f"{moment}-{number}", monkeypatch)
        assert breaking.calls > number
