"""Large payloads are stored once, and seen as if they weren't."""

from __future__ import annotations

import json

from engine.runtime import Engine, ExecutionRecord
from engine.storage import Storage
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import ORGANIZATION, Tasks, begin, create, events, finished, sequence

LARGE = json.dumps({"n": 1, "text": "ü" * 3000})


class Echo(Tasks):
    """Tasks that give back what they get."""

    def __init__(self) -> None:
        super().__init__()
        self.gate.set()


async def _over(engine: Engine, text: str) -> ExecutionRecord:
    machine = await create(engine, sequence("gate", "gate", "gate"))
    return await finished(engine, await begin(engine, machine, text=text))


async def _stored(storage: Storage, execution: ExecutionRecord) -> bytes:
    """Give the history as it is stored."""
    found = await storage.find_execution(ORGANIZATION, "orders", execution.name)
    assert found is not None
    commits = await storage.read_history(found.id, after=None, limit=1000, reverse=False)
    return b"".join(commit.data for commit in commits)


async def test_a_history_with_large_payloads_reads_as_ever(open_new: OpenStorage, launch: Launch) -> None:
    storage = open_new()
    engine = await launch(storage, Echo(), inline_payload_bytes=2048)
    execution = await _over(engine, LARGE)
    assert json.loads(execution.output or "") == json.loads(LARGE)
    history = await events(engine, execution)
    inputs = [event.details[name] for event in history for name in ("input", "output") if name in event.details]
    assert len(inputs) > 8
    assert all(json.loads(str(text)) == json.loads(LARGE) for text in inputs)
    stored = await _stored(storage, execution)
    assert len(stored) < 10_000 < len(LARGE) * len(inputs)
    page = await engine.get_history(ORGANIZATION, execution.arn, reverse=True, limit=1)
    assert page.items == (history[-1],)


async def test_small_payloads_stay_in_the_history(open_new: OpenStorage, launch: Launch) -> None:
    storage = open_new()
    engine = await launch(storage, Echo(), inline_payload_bytes=2048)
    execution = await _over(engine, json.dumps({"text": "x" * 1500}))
    assert b"payload:sha256:" not in await _stored(storage, execution)
    text = json.dumps("payload:sha256:" + "0" * 64)  # a payload that looks like a reference is none
    other = await _over(engine, text)
    started = (await events(engine, other))[0]
    assert started.details["input"] == text
