"""When the supervisor starts a process again, and when it gives up."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.processes import deaths, supervisor
from engine.processes.place import Place
from engine.processes.supervisor import Supervisor


class Fate:
    """A process that serves or doesn't, and ends with an exit code, at once unless it waits to be asked."""

    def __init__(self, *, serves: bool, code: int, waits: bool = False) -> None:
        self._serves = serves
        self._code = code
        self._asked = asyncio.Event()
        if not waits:
            self._asked.set()

    async def serves(self) -> bool:
        return self._serves

    async def end(self) -> int:
        await self._asked.wait()
        return self._code

    def stop(self) -> None:
        self._asked.set()


@pytest.fixture
def fated(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], Fate]], list[int]]:
    """Has processes started as a function of their number says, and gives the numbers as they are started."""

    def become(fate: Callable[[int], Fate]) -> list[int]:
        started: list[int] = []

        class Child:
            @staticmethod
            async def start(place: Place) -> Fate:
                started.append(place.number)
                return fate(place.number)

        monkeypatch.setattr(supervisor, "Child", Child)
        monkeypatch.setattr(deaths, "LONGEST_SECONDS", 0.0)
        return started

    return become


def a_supervisor(folder: Path) -> Supervisor:
    return Supervisor(Place(number=0, count=3, folder=str(folder), config=None, listening={}, supervisor=-1), [])


Fated = Callable[[Callable[[int], Fate]], list[int]]


async def test_one_that_never_served_ends_it_with_its_exit_code(fated: Fated, tmp_path: Path) -> None:
    started = fated(lambda _: Fate(serves=False, code=3))
    assert await a_supervisor(tmp_path).run() == 3
    assert started == [1]


async def test_too_many_deaths_stop_those_that_live(fated: Fated, tmp_path: Path) -> None:
    started = fated(lambda number: Fate(serves=True, code=1 if number == 2 else 0, waits=number != 2))
    assert await a_supervisor(tmp_path).run() == 1
    assert sorted(started) == [1, *[2] * (deaths.MOST + 1), 3]


async def test_one_that_can_not_be_started_counts_as_one_that_died(
    fated: Fated, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(number: int) -> Fate:
        if number == 3:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return Fate(serves=True, code=0, waits=True)

    started = fated(full)
    assert await a_supervisor(tmp_path).run() == 1
    assert sorted(started) == [1, 2, *[3] * (deaths.MOST + 1)]
    assert capsys.readouterr().out.count("a process could not be started") == deaths.MOST + 1


async def test_the_first_one_can_not_be_started(fated: Fated, tmp_path: Path) -> None:
    def full(_: int) -> Fate:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    started = fated(full)
    assert await a_supervisor(tmp_path).run() == 1
    assert started == [1]


@pytest.mark.parametrize(
    ("code", "expected"), [(0, 0), (-signal.SIGTERM, 0), (-signal.SIGINT, 0), (1, 1), (-signal.SIGKILL, 1)]
)
async def test_sigterm(code: int, expected: int, fated: Fated, tmp_path: Path) -> None:
    started = fated(lambda _: Fate(serves=True, code=code, waits=True))
    running = asyncio.create_task(a_supervisor(tmp_path).run())
    while len(started) < 3:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == expected
    assert sorted(started) == [1, 2, 3]
