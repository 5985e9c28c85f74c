"""Events to Kafka, each to the topic of its execution's state machine.

A record counts as accepted when all replicas in sync have it. Its key is the execution's ARN, so that events of one
execution stay in one partition, in their order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from engine.events.event import Event, envelope
from engine.events.kafka.connection import REQUEST_SECONDS, Connection, client_options
from engine.events.kafka.login import StoredLogin
from engine.events.kafka.topics import topic_of
from engine.events.kafka.words import LastWords
from engine.events.sink import Delivery

DEDUPLICATION_HEADER: Final = "deduplication-id"
CONTENT_TYPE_HEADER: Final = ("content-type", b"application/json")

RETRIES: Final = 5
DELIVERY_SECONDS: Final = REQUEST_SECONDS * (1 + RETRIES)
"""How long events are tried before the outbox is told that they aren't there."""

LINGER_MILLISECONDS: Final = 5
BATCH_BYTES: Final = 64 * 1024
_CLOSE_SECONDS: Final = 2.0
_MOST_KEPT: Final = 2_000

_BROKERS_FAULT: Final = (KafkaTimeoutError, TopicAuthorizationFailedError, UnknownTopicOrPartitionError)
"""Errors after which a producer is as good as before."""


class KafkaSink:
    """See `Sink`. `workflows` are the state machines that have topics of their own.

    The producer is idempotent and goes on trying what it was given; an event that the outbox brings again meanwhile is
    waited for once more rather than sent twice.
    """

    def __init__(self, connection: Connection, source: str, workflows: Collection[str]) -> None:
        self._login = StoredLogin(connection)
        self._source = source
        self._workflows = frozenset(workflows)
        self._producer: AIOKafkaProducer | None = None
        self._sent: dict[str, asyncio.Future[object]] = {}
        self._retired: dict[asyncio.Task[None], AIOKafkaProducer] = {}
        self._words = LastWords()

    async def publish(self, events: Sequence[Event]) -> Delivery:
        """See `Sink.publish`."""
        problem = None
        self._words.forget()
        self._forget_answers(events)
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                problem = await self._send_all(await self._connected(), events)
                answers = [self._sent[each.deduplication_id] for each in events if each.deduplication_id in self._sent]
                if answers:
                    await asyncio.wait(answers)
        except TimeoutError:
            problem = f"no answer within {DELIVERY_SECONDS:.0f} s ({self._words.why()})"
        except (KafkaError, OSError) as error:
            problem = self._words.why(error)
        accepted, refused = self._outcome(events)
        problem = problem or refused
        if problem is not None:
            await self._log_in_anew()
        return Delivery(accepted, problem and f"Kafka at {self._login.connection} doesn't take events: {problem}.")

    async def close(self) -> None:
        """See `Sink.close`. What brokers haven't taken by then is in the outbox still."""
        if self._producer is not None:
            self._retire(self._producer)
        if self._retired:
            _, left = await asyncio.wait(self._retired, timeout=_CLOSE_SECONDS)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        self._words.leave()

    async def _connected(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._words.listen()
            producer = AIOKafkaProducer(
                **client_options(self._login.connection),
                enable_idempotence=True,
                acks="all",
                compression_type="gzip",
                linger_ms=LINGER_MILLISECONDS,
                max_batch_size=BATCH_BYTES,
            )
            try:
                await producer.start()
            except BaseException:
                await producer.stop()
                raise
            self._producer = producer
        return self._producer

    async def _send_all(self, producer: AIOKafkaProducer, events: Sequence[Event]) -> str | None:
        """Hand over the events that weren't yet, and give what is wrong if something is."""
        problem = None
        for event in events:
            if event.deduplication_id in self._sent:
                continue
            try:
                self._sent[event.deduplication_id] = await self._send(producer, event)
            except KafkaError as error:
                problem = self._words.why(error)
                if not isinstance(error, _BROKERS_FAULT):
                    self._retire(producer)
                    break
        return problem

    async def _send(self, producer: AIOKafkaProducer, event: Event) -> asyncio.Future[object]:
        future: asyncio.Future[object] = await producer.send(
            topic_of(event.execution_arn, self._workflows),
            value=envelope(event, self._source),
            key=event.execution_arn.encode(),
            timestamp_ms=int(event.time.timestamp() * 1000),
            headers=[(DEDUPLICATION_HEADER, event.deduplication_id.encode()), CONTENT_TYPE_HEADER],
        )
        return future

    def _outcome(self, events: Sequence[Event]) -> tuple[frozenset[str], str | None]:
        """Give the ids of the events that brokers have, and what they said of one that they refused."""
        accepted: set[str] = set()
        problem = None
        for event in events:
            future = self._sent.get(event.deduplication_id)
            if future is None or not future.done():
                continue
            del self._sent[event.deduplication_id]
            if error := future.exception():
                problem = self._words.why(error)
            else:
                accepted.add(event.deduplication_id)
        if problem is not None and self._producer is not None:
            # What was refused leaves a gap in the numbers of its partition's records, and brokers take none after it.
            self._retire(self._producer)
        return frozenset(accepted), problem

    def _retire(self, producer: AIOKafkaProducer) -> None:
        """Make a new producer for the next events; the old one ends when all that it has is answered."""
        self._producer = None
        task = asyncio.create_task(_stop(producer))
        self._retired[task] = producer
        task.add_done_callback(self._retired.pop)

    async def _log_in_anew(self) -> None:
        """Let producers log in with the password that is stored now, in case brokers refused the one before."""
        if await self._login.read_again():
            live = [self._producer] if self._producer is not None else []
            for producer in [*live, *self._retired.values()]:
                self._login.tell(producer)

    def _forget_answers(self, events: Sequence[Event]) -> None:
        """Forget answers that nobody asks for any more, since another process leads and has published these events."""
        if len(self._sent) > _MOST_KEPT:
            asked = {event.deduplication_id for event in events}
            self._sent = {name: sent for name, sent in self._sent.items() if name in asked or not sent.done()}


async def _stop(producer: AIOKafkaProducer) -> None:
    try:
        await producer.stop()
    except asyncio.CancelledError:
        await producer.client.close()
        raise
