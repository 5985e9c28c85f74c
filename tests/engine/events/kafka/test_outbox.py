"""From the outbox to a consumer: nothing is lost and all is in order, whoever is killed."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from aiokafka import ConsumerRecord

from engine.events.event import Detail, Envelope
from engine.events.kafka.connection import Connection
from engine.events.kafka.sink import KafkaSink
from engine.events.kafka.topics import WORKFLOW_EVENTS
from engine.runtime import Engine, EngineOptions, StateMachineRecord
from engine.storage import Storage, open_storage
from engine.storage.memory import MemoryStorage
from engine.storage.migrations import migrate
from tests.engine.events.kafka.conftest import consume, ids, make_topics, records_until_now
from tests.engine.runtime.support import ORGANIZATION, Tasks, begin, create, make_engine, sequence, until
from tests.support.kafka import Broker
from tests.support.killed import killed

WORKER = "tests.engine.events.kafka.worker"


async def run_some(engine: Engine, machine: StateMachineRecord, count: int) -> set[str]:
    """Run executions to their end; gives the ids of their events."""
    started = await asyncio.gather(*(begin(engine, machine) for _ in range(count)))
    for each in started:
        await engine.wait_for_execution(ORGANIZATION, each.arn, 30)
    return {f"{each.id}:0:{status}" for each in started for status in ("RUNNING", "SUCCEEDED")}


async def drained(storage: Storage) -> None:
    """Return when the outbox is empty."""

    async def is_empty() -> bool:
        return (await storage.backlog()).pending == 0

    async with asyncio.timeout(300):
        await until(is_empty)


def assert_in_order(records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
    """Whoever leaves out ids that they know sees the events of each execution in order."""
    seen: dict[bytes | None, dict[str, None]] = defaultdict(dict)
    for record in records:
        body = msgspec.json.decode(record.value or b"", type=Envelope)
        seen[record.key][msgspec.json.decode(body.detail, type=Detail).status] = None
    assert all(list(statuses) == ["RUNNING", "SUCCEEDED"] for statuses in seen.values())


@pytest.mark.fault(
    "kill -9 of the broker of Kafka that events go to",
    "Executions go on; the outbox grows, and is published in order when the broker is back.",
)
async def test_while_the_broker_is_dead_the_outbox_grows_and_then_drains(
    broker: Broker, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.events.kafka.sink.DELIVERY_SECONDS", 1.0)
    await make_topics(connection)
    storage, sink = MemoryStorage(outbox=True), KafkaSink(connection, "workflow.states", ())
    engine = Engine(storage, Tasks(), EngineOptions(poll_seconds=0.02, instance="test"), sink=sink)
    await engine.start()
    machine = await create(engine, sequence("count"))
    expected = await run_some(engine, machine, 20)
    await drained(storage)
    broker.kill()
    expected |= await run_some(engine, machine, 20)
    assert (await storage.backlog()).pending == 40
    await asyncio.to_thread(broker.start)
    await drained(storage)
    await engine.stop(0)
    await sink.close()
    records = await consume(connection, WORKFLOW_EVENTS, len(expected))
    assert set(ids(records)) == expected
    assert_in_order(records)


async def test_killed_publishers_lose_nothing_and_copies_have_the_same_id(
    connection: Connection, tmp_path: Path
) -> None:
    await make_topics(connection)
    url = f"sqlite:///{tmp_path}/engine.db"
    migrate(url, report=lambda _: None)
    engine = make_engine(open_storage(url, outbox=True))
    await engine.start()
    expected = await run_some(engine, await create(engine, sequence("count")), 150)
    await engine.stop(0)
    storage = open_storage(url, outbox=True)
    await storage.open()
    for _ in range(2):
        pending = (await storage.backlog()).pending

        async def has_begun(before: int = pending) -> bool:
            return (await storage.backlog()).pending < before - random.randrange(60)

        async with killed(WORKER, url, connection):
            await until(has_begun)
    async with killed(WORKER, url, connection):
        await drained(storage)
    await storage.close()
    records = await records_until_now(connection, WORKFLOW_EVENTS)
    assert set(ids(records)) == expected
    assert_in_order(records)
