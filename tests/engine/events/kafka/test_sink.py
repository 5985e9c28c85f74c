"""What a consumer gets from the sink, over the wire of a real broker."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from typing import Final

import msgspec
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from engine.events import Delivery, Event
from engine.events.event import Envelope
from engine.events.kafka.administration import connected
from engine.events.kafka.connection import Connection, Login
from engine.events.kafka.sink import KafkaSink
from engine.events.kafka.topics import WORKFLOW_EVENTS
from engine.settings.secrets import Secret
from tests.engine.events.conftest import event_of, read
from tests.engine.events.kafka.conftest import consume, ids, make_topics, records_until_now
from tests.support.kafka import PASSWORD, USER, Broker

SOURCE: Final = "workflow.states"

OpenSink = Callable[..., KafkaSink]


@pytest.fixture
async def open_sink(connection: Connection) -> AsyncIterator[OpenSink]:
    """Opens sinks, and closes them at the end of the test."""
    opened: list[KafkaSink] = []

    def open_one(through: Connection = connection, *workflows: str) -> KafkaSink:
        opened.append(KafkaSink(through, SOURCE, workflows))
        return opened[-1]

    yield open_one
    for sink in opened:
        await sink.close()


def step_of(execution: int, step: int) -> Event:
    """Give one of several events of an execution."""
    return msgspec.structs.replace(event_of(execution), deduplication_id=f"e{execution}:{step}:SUCCEEDED")


async def test_a_record_is_the_event_under_its_execution(connection: Connection, open_sink: OpenSink) -> None:
    await make_topics(connection)
    event = event_of(1)
    delivery = await open_sink().publish([event])
    assert delivery == Delivery(frozenset({event.deduplication_id}))
    [record] = await consume(connection, WORKFLOW_EVENTS, 1)
    assert record.key == event.execution_arn.encode()
    assert record.timestamp == int(event.time.timestamp() * 1000)
    headers = {"deduplication-id": event.deduplication_id.encode(), "content-type": b"application/json"}
    assert dict(record.headers) == headers
    body = msgspec.json.decode(record.value or b"", type=Envelope)
    assert (body.id, body.source, body.resources) == (event.deduplication_id, SOURCE, (event.execution_arn,))
    assert read(bytes(body.detail)).deduplication_id == event.deduplication_id


async def test_a_state_machine_can_have_a_topic_of_its_own(connection: Connection, open_sink: OpenSink) -> None:
    await make_topics(connection, "orders")
    assert (await open_sink(connection, "orders").publish([event_of(1)])).problem is None
    assert ids(await consume(connection, "workflow-orders", 1)) == ["e1:0:SUCCEEDED"]


async def test_events_of_an_execution_stay_in_order(connection: Connection, open_sink: OpenSink) -> None:
    await make_topics(connection)
    sink = open_sink()
    for step in range(5):
        events = [step_of(execution, step) for execution in range(100)]
        assert len((await sink.publish(events)).accepted) == 100
    records = await consume(connection, WORKFLOW_EVENTS, 500)
    assert len({record.partition for record in records}) == 12
    for execution in range(100):
        key = event_of(execution).execution_arn.encode()
        assert ids([record for record in records if record.key == key]) == [
            f"e{execution}:{step}:SUCCEEDED" for step in range(5)
        ]


async def test_two_leaders_that_publish_an_event_give_it_the_same_id(
    connection: Connection, open_sink: OpenSink
) -> None:
    await make_topics(connection)
    for sink in (open_sink(), open_sink()):
        assert (await sink.publish([event_of(1)])).accepted
    first, again = await consume(connection, WORKFLOW_EVENTS, 2)
    assert ids([first, again]) == ["e1:0:SUCCEEDED"] * 2
    assert (first.partition, first.value) == (again.partition, again.value)


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-512"])
async def test_by_tls_with_a_user(mechanism: str, broker: Broker, connection: Connection, open_sink: OpenSink) -> None:
    await make_topics(connection)
    trusted = str(broker.authority.certificate)
    login = Login(mechanism, USER, Secret(PASSWORD))
    sink = open_sink(Connection([broker.encrypted], tls=True, root_certificate=trusted, login=login))
    assert (await sink.publish([event_of(1)])).problem is None
    assert ids(await consume(connection, WORKFLOW_EVENTS, 1)) == ["e1:0:SUCCEEDED"]


async def test_what_brokers_say_of_a_wrong_password_is_told_without_it(broker: Broker, open_sink: OpenSink) -> None:
    trusted = str(broker.authority.certificate)
    login = Login("scram-sha-512", USER, Secret("wrong-passw0rd"))
    sink = open_sink(Connection([broker.encrypted], tls=True, root_certificate=trusted, login=login))
    delivery = await sink.publish([event_of(1)])
    assert delivery.accepted == frozenset()
    assert f"Kafka at {broker.encrypted} doesn't take events: " in (delivery.problem or "")
    assert "invalid credentials with SASL mechanism SCRAM-SHA-512" in (delivery.problem or "")
    assert "wrong-passw0rd" not in f"{delivery.problem}{login}"


async def test_a_broker_that_nobody_vouches_for_is_told_nothing(broker: Broker, open_sink: OpenSink) -> None:
    sink = open_sink(Connection([broker.encrypted], tls=True, login=Login("plain", USER, Secret(PASSWORD))))
    delivery = await sink.publish([event_of(1)])
    assert "certificate verify failed" in (delivery.problem or "")


async def test_an_event_without_a_topic_is_not_accepted(connection: Connection, open_sink: OpenSink) -> None:
    async with connected(connection) as cluster:
        assert WORKFLOW_EVENTS not in await cluster.names()
    sink = open_sink()
    delivery = await sink.publish([event_of(1)])
    assert delivery.accepted == frozenset()
    assert WORKFLOW_EVENTS in (delivery.problem or "")
    await make_topics(connection)
    assert (await sink.publish([event_of(1)])).accepted


async def test_after_a_refused_record_others_of_its_partition_are_taken(
    connection: Connection, open_sink: OpenSink
) -> None:
    """The broker takes records of 2,000 bytes at most; what it refuses leaves a gap in the producer's numbers."""
    client = AIOKafkaAdminClient(bootstrap_servers=list(connection.servers))
    await client.start()
    await client.create_topics([NewTopic(WORKFLOW_EVENTS, 1, 1, topic_configs={"max.message.bytes": "2000"})])
    await client.close()
    sink = open_sink()
    noise = msgspec.json.encode(random.Random(1).randbytes(4_000).hex()).decode()
    refused = await sink.publish([event_of(1, noise)])
    assert refused.accepted == frozenset()
    assert refused.problem
    assert (await sink.publish([event_of(1)])).accepted
    assert ids(await consume(connection, WORKFLOW_EVENTS, 1)) == ["e1:0:SUCCEEDED"]


async def test_what_was_given_to_a_broker_that_died_is_there_once(
    broker: Broker, connection: Connection, open_sink: OpenSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outbox brings an event again and again; the producer had it all the time. Nobody waits to be closed."""
    await make_topics(connection)
    sink, closed = open_sink(), open_sink()
    assert (await sink.publish([step_of(1, 0)])).accepted
    assert (await closed.publish([step_of(2, 0)])).accepted
    broker.kill()
    monkeypatch.setattr("engine.events.kafka.sink.DELIVERY_SECONDS", 1.0)
    for _ in range(3):
        delivery = await sink.publish([step_of(1, 1)])
        assert delivery.accepted == frozenset()
        assert "no answer within 1 s" in (delivery.problem or "")
    assert not (await closed.publish([step_of(2, 1)])).accepted
    async with asyncio.timeout(120):
        await closed.close()
    await asyncio.to_thread(broker.start)
    monkeypatch.undo()
    async with asyncio.timeout(240):
        while not (await sink.publish([step_of(1, 1)])).accepted:
            continue
    assert (await sink.publish([step_of(1, 2)])).accepted
    records = await records_until_now(connection, WORKFLOW_EVENTS)
    kept = [record for record in records if record.key == event_of(1).execution_arn.encode()]
    assert ids(kept) == ["e1:0:SUCCEEDED", "e1:1:SUCCEEDED", "e1:2:SUCCEEDED"]
