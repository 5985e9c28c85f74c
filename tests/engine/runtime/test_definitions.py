"""State machines that are kept, and how often the storage is asked for them."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from engine.runtime import definitions
from engine.storage.memory import MemoryStorage
from engine.storage.records import Machine
from tests.engine.runtime.conftest import Launch
from tests.engine.runtime.support import ORGANIZATION, begin, create, finished, sequence


class Asked(MemoryStorage):
    """Counts how often it is asked for a state machine, and answers when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def find_machine(self, organization: str, name: str) -> Machine | None:
        """Answer late."""
        self.asked += 1
        await self.gate.wait()
        return await super().find_machine(organization, name)


async def test_one_start_asks_for_the_current_revision_and_others_do_not_wait(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, now = Asked(), [100.0]
    monkeypatch.setattr(definitions, "time", SimpleNamespace(monotonic=lambda: now[0]))
    engine = await launch(storage)
    machine = await create(engine, sequence("count"))
    storage.asked = 0
    storage.gate.clear()
    now[0] += 60
    asking = asyncio.create_task(begin(engine, machine))
    await asyncio.sleep(0)
    others = await asyncio.gather(*(begin(engine, machine) for _ in range(20)))
    assert storage.asked == 1
    storage.gate.set()
    for execution in (*others, await asking):
        assert (await finished(engine, execution)).organization == ORGANIZATION
