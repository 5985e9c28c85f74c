"""A publisher that is killed at any moment loses no event, and what is published twice has the same id."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from pathlib import Path

import pytest

from engine.storage import open_storage
from tests.engine.runtime.outbox.sinks import lines_of
from tests.engine.runtime.support import begin, create, make_engine, sequence, until
from tests.support.killed import killed

WORKER = "tests.engine.runtime.outbox.worker"
EXECUTIONS = 150


@pytest.mark.fault(
    "kill -9 of the process that publishes events",
    "The next leader goes on in order: no event is lost; those that come twice have the same id.",
)
async def test_nothing_is_lost_and_copies_have_the_same_id(postgres_url: str, tmp_path: Path) -> None:
    path, expected = tmp_path / "published", set()
    storage = open_storage(postgres_url, pool_size=3, outbox=True)
    engine = make_engine(storage)
    await engine.start()
    machine = await create(engine, sequence("count"))
    for started in await asyncio.gather(*(begin(engine, machine) for _ in range(EXECUTIONS))):
        await engine.wait_for_execution("default", started.arn, 30)
        expected |= {(started.arn, f"{started.id}:0:{status}") for status in ("RUNNING", "SUCCEEDED")}
    await engine.stop(0)
    await storage.open()
    for _ in range(3):
        seen = len(lines_of(path))
        async with killed(WORKER, postgres_url, path):

            async def has_begun(before: int = seen) -> bool:
                return len(lines_of(path)) > before + random.randrange(60)

            await until(has_begun)

    async def is_empty() -> bool:
        return (await storage.backlog()).pending == 0

    async with killed(WORKER, postgres_url, path):
        await until(is_empty)
    await storage.close()
    published = lines_of(path)
    assert set(published) == expected
    first_seen = defaultdict(list)
    for arn, key in dict.fromkeys(published):
        first_seen[arn].append(key.rpartition(":")[2])
    assert all(statuses == ["RUNNING", "SUCCEEDED"] for statuses in first_seen.values())
