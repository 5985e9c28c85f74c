"""The broker, topics of a test's own, and what they hold."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.admin import AIOKafkaAdminClient

from engine.events.kafka.administration import connected
from engine.events.kafka.connection import Connection
from engine.events.kafka.topics import published_topics, wanted_topics
from tests.support.kafka import Broker
from tools.kafka_server import ensure
from tools.progress import SetupError

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="session")
def session_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all tests that want one; a machine without Java has none, which CI must have."""
    try:
        jars = ensure(ROOT)
    except SetupError as error:
        if os.environ.get("CI"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))
    with Broker(jars, tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
async def broker(session_broker: Broker) -> AsyncIterator[Broker]:
    """The broker, running, and without topics again after the test."""
    yield session_broker
    session_broker.ensure_running()
    client = AIOKafkaAdminClient(bootstrap_servers=session_broker.plain)
    await client.start()
    while left := [name for name in await client.list_topics() if not name.startswith("__")]:
        await client.delete_topics(left)
    await client.close()


@pytest.fixture
def connection(broker: Broker) -> Connection:
    """How the broker is reached without TLS."""
    return Connection([broker.plain])


async def make_topics(connection: Connection, *workflows: str) -> None:
    """Make the topics that the engine writes to, with one copy of each partition."""
    names = published_topics(workflows)
    topics = [topic for topic in wanted_topics(workflows) if topic.name in names]
    async with connected(connection, 60) as cluster:
        assert await cluster.create(topics, 1) == {}
        await cluster.until_seen(topics)


Records = list[ConsumerRecord[bytes, bytes]]


@asynccontextmanager
async def consumer_of(connection: Connection, topic: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer that has never read the topic; it reads what it is given within four minutes."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=list(connection.servers), auto_offset_reset="earliest", enable_auto_commit=False
    )
    await consumer.start()
    try:
        async with asyncio.timeout(240):
            yield consumer
    finally:
        await consumer.stop()


async def consume(connection: Connection, topic: str, count: int) -> Records:
    """Read the first records of a topic; those of a partition are in order."""
    async with consumer_of(connection, topic) as consumer:
        return [await consumer.getone() for _ in range(count)]


async def records_until_now(connection: Connection, topic: str) -> Records:
    """Read all records that a topic has."""
    async with consumer_of(connection, topic) as consumer:
        ends = await consumer.end_offsets(consumer.assignment())
        return [await consumer.getone() for _ in range(sum(ends.values()))]


def ids(records: Sequence[ConsumerRecord[bytes, bytes]]) -> list[str]:
    """The deduplication ids in the records' headers."""
    return [dict(record.headers)["deduplication-id"].decode() for record in records]
