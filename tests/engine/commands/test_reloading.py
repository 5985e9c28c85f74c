import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.commands.reloading import Snapshot, keep_loaded, look
from engine.tasks.components import Component, ComponentError, load_components

HANDLERS = """
from engine.tasks import handler

@handler("answer")
def answer():
    return {answer}
"""
SECOND_NS = 1_000_000_000 * 1_750_000_000
DEFINITION = '{{"StartAt": "S", "States": {{"S": {{"Type": "Task", "Resource": "handler:{name}", "End": true}}}}}}'


class Watched:
    """A component folder that is watched, and what was told of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: asyncio.Queue[int | str] = asyncio.Queue()
        self.refuses = False
        self._writing = threading.Lock()
        self._written = 0

    def write(self, answer: object, name: str = "answer") -> None:
        """Write both files at once, as nobody looks meanwhile, and all within a second."""
        self._written += 1
        with self._writing:
            for file, text in (
                ("handlers.py", HANDLERS.format(answer=answer)),
                ("work.asl.json", DEFINITION.format(name=name)),
            ):
                (self.folder / file).write_text(text)
                os.utime(self.folder / file, ns=(0, SECOND_NS + self._written))

    def look(self, folder: Path) -> Snapshot:
        with self._writing:
            return look(folder)

    async def changed(self, old: Component, new: Component) -> None:
        if self.refuses:
            raise ComponentError("not now")
        await self.told.put(10 * old.handlers[0]() + new.handlers[0]())

    def failed(self, problems: str) -> None:
        self.told.put_nowait(problems)

    async def next(self) -> int | str:
        return await asyncio.wait_for(self.told.get(), 60)


@pytest.fixture
async def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    made = Watched(tmp_path)
    monkeypatch.setattr("engine.commands.reloading.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("engine.commands.reloading.look", made.look)
    made.write(1)
    seen = look(tmp_path)
    (component,) = load_components([tmp_path])
    watching = asyncio.ensure_future(keep_loaded(component, seen, made.changed, made.failed))
    yield made
    watching.cancel()


async def test_changes_of_the_same_size_within_a_second_are_seen(watched: Watched) -> None:
    watched.write(2)
    assert await watched.next() == 12
    watched.write(3)
    assert await watched.next() == 23


async def test_what_cannot_be_loaded_leaves_the_old_one(watched: Watched) -> None:
    watched.write("(")
    assert "SyntaxError" in str(await watched.next())
    watched.write(4, name="other")
    assert "handler:other, which no component defines" in str(await watched.next())
    watched.write(5)
    assert await watched.next() == 15


async def test_what_is_refused_leaves_the_old_one(watched: Watched) -> None:
    watched.refuses = True
    watched.write(6)
    assert await watched.next() == "not now"
    watched.refuses = False
    watched.write(7)
    assert await watched.next() == 17
