"""Asks a cluster of Kafka for its topics, and makes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import InvalidPartitionsError, KafkaError, TopicAlreadyExistsError, for_code

from engine.contract import Topic
from engine.events.kafka.connection import Connection, client_options
from engine.events.kafka.topics import CONFIGURATION
from engine.events.kafka.words import LastWords

_LOOK_SECONDS: Final = 0.1

ANSWER_SECONDS: Final = 10.0
"""How long a cluster may take for all that is asked of it at a time."""


class ClusterError(Exception):
    """A cluster doesn't answer, or not as it should; a sentence without secrets."""


class Found(msgspec.Struct, frozen=True):
    """A topic as the cluster has it; `configuration` holds the keys that were asked for and that it told."""

    partitions: int
    replication: int
    configuration: dict[str, str]


class _Partition(msgspec.Struct):
    replicas: list[int]


class _Topic(msgspec.Struct):
    error_code: int
    topic: str
    partitions: list[_Partition]


class _Failure(msgspec.Struct):
    topic: str
    error_code: int
    error_message: str | None = None


class _Entry(msgspec.Struct):
    config_names: str
    config_value: str | None


class _Resource(msgspec.Struct):
    error_code: int
    resource_name: str
    config_entries: list[_Entry]


class Cluster:
    """A cluster that was reached. Its methods raise KafkaError, OSError and TimeoutError."""

    def __init__(self, client: AIOKafkaAdminClient) -> None:
        self._client = client

    async def brokers(self) -> int:
        """Count the brokers that are up."""
        return len((await self._client.describe_cluster())["brokers"])

    async def names(self) -> frozenset[str]:
        """Give the names of all topics that the engine may see.

        All are asked for: a cluster that makes topics by itself would make those that are named.
        """
        return frozenset(await self._topics())

    async def find(self, names: Iterable[str]) -> dict[str, Found]:
        """Give those of some topics that there are."""
        there = await self._topics()
        known = [name for name in names if name in there]
        configurations = await self._configurations(known) if known else {}
        return {
            name: Found(
                partitions=len(there[name]),
                replication=min((len(partition.replicas) for partition in there[name]), default=0),
                configuration=configurations.get(name, {}),
            )
            for name in known
        }

    async def create(self, topics: Sequence[Topic], replication: int) -> dict[str, str]:
        """Make topics, and give what is wrong with those that couldn't be made; one that is there by now is fine."""
        new = [
            NewTopic(topic.name, topic.partitions, replication, topic_configs=dict(CONFIGURATION)) for topic in topics
        ]
        answer = (await self._client.create_topics(new)).to_object()
        failures = [
            failure
            for failure in msgspec.convert(answer["topic_errors"], list[_Failure])
            if failure.error_code not in (0, TopicAlreadyExistsError.errno)
        ]
        return {each.topic: each.error_message or for_code(each.error_code).__name__ for each in failures}

    async def expand(self, topic: Topic) -> str | None:
        """Give a topic all its partitions; what is wrong if it couldn't be. One that got them by now is fine."""
        try:
            await self._client.create_partitions({topic.name: NewPartitions(topic.partitions)})
        except InvalidPartitionsError:
            return None
        except KafkaError as error:
            return str(error)
        return None

    async def until_seen(self, topics: Sequence[Topic]) -> None:
        """Return when brokers know topics with all their partitions, moments after the controller has made these."""
        while not await self._sees(topics):  # noqa: ASYNC110 - nothing tells when
            await asyncio.sleep(_LOOK_SECONDS)

    async def _sees(self, topics: Sequence[Topic]) -> bool:
        there = await self._topics()
        return all(len(there.get(topic.name, ())) >= topic.partitions for topic in topics)

    async def _topics(self) -> dict[str, list[_Partition]]:
        topics = msgspec.convert(await self._client.describe_topics(), list[_Topic])
        return {topic.topic: topic.partitions for topic in topics if not topic.error_code}

    async def _configurations(self, names: Sequence[str]) -> dict[str, dict[str, str]]:
        keys = dict.fromkeys(CONFIGURATION, "")
        asked = [ConfigResource(ConfigResourceType.TOPIC, name, configs=keys) for name in names]
        return {
            resource.resource_name: {entry.config_names: entry.config_value or "" for entry in resource.config_entries}
            for answer in await self._client.describe_configs(asked)
            for resource in msgspec.convert(answer.to_object()["resources"], list[_Resource])
            if not resource.error_code
        }


@asynccontextmanager
async def connected(connection: Connection, seconds: float = ANSWER_SECONDS) -> AsyncIterator[Cluster]:
    """Reach a cluster for so long at most. Raises ClusterError, also for what goes wrong inside."""
    words = LastWords()
    words.listen()
    client = None
    try:
        async with asyncio.timeout(seconds):
            client = AIOKafkaAdminClient(**client_options(connection))
            await client.start()
            yield Cluster(client)
    except TimeoutError as error:
        raise ClusterError(
            f"Kafka at {connection} didn't answer within {seconds:.0f} s: {words.why(error)}."
        ) from error
    except (KafkaError, OSError) as error:
        raise ClusterError(f"Kafka at {connection} can't be used: {words.why(error)}.") from error
    finally:
        if client is not None:
            await client.close()
        words.leave()
