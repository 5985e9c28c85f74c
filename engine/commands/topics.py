"""`engine topics`."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping

from engine.cli import fail
from engine.commands.kafka import kafka_connection
from engine.events.kafka.administration import Cluster, ClusterError, connected
from engine.events.kafka.survey import Survey, survey
from engine.events.kafka.topics import wanted_topics
from engine.settings import Problem, Settings, SettingsError, load_settings

SECONDS = 60.0


def run(options: argparse.Namespace) -> int:
    """Make the topics that are missing and the partitions that are; with --check only say which. Exit 1 if some are."""
    try:
        settings = load_settings(file=options.config)
        if not settings.kafka_bootstrap_servers:
            return fail("KAFKA_BOOTSTRAP_SERVERS must be set: it names the cluster that the topics are made in")
        problems = asyncio.run(_check(settings) if options.check else _make(settings))
    except (SettingsError, ClusterError) as error:
        return fail(str(error))
    return fail("\n".join(problems)) if problems else 0


async def _check(settings: Settings) -> list[str]:
    """Give what is missing, a sentence each."""
    async with connected(kafka_connection(settings), SECONDS) as cluster:
        seen = await _look(cluster, settings)
    _say(*(f"{topic.name}: there" for topic in seen.there), *seen.differences)
    return [
        *(f"{topic.name} is missing" for topic in seen.missing),
        *(f"{topic.name} has fewer than {topic.partitions} partitions" for topic in seen.short),
    ]


async def _make(settings: Settings) -> list[str]:
    """Make what is missing and say so; give what couldn't be made, a sentence each."""
    replication = settings.kafka_replication_factor
    async with connected(kafka_connection(settings), SECONDS) as cluster:
        seen = await _look(cluster, settings)
        if seen.missing and (brokers := await cluster.brokers()) < replication:
            allowed = f"at most {brokers}, the number of brokers; nothing was made"
            return [str(Problem("KAFKA_REPLICATION_FACTOR", str(replication), allowed))]
        refused = await cluster.create(seen.missing, replication) if seen.missing else {}
        narrow = {topic.name: error for topic in seen.short if (error := await cluster.expand(topic))}
        failed = {*refused, *narrow}
        await cluster.until_seen([topic for topic in (*seen.missing, *seen.short) if topic.name not in failed])
    _say(*_done(seen, refused, narrow, replication), *seen.differences)
    return [
        *(f"{name} couldn't be made: {error}" for name, error in refused.items()),
        *(f"{name} couldn't be given more partitions: {error}" for name, error in narrow.items()),
    ]


async def _look(cluster: Cluster, settings: Settings) -> Survey:
    wanted = wanted_topics(settings.kafka_workflow_topics)
    found = await cluster.find(topic.name for topic in wanted)
    return survey(wanted, found, settings.kafka_replication_factor)


def _done(seen: Survey, refused: Mapping[str, str], narrow: Mapping[str, str], replication: int) -> Iterator[str]:
    for topic in seen.there:
        yield f"{topic.name}: there"
    for topic in seen.missing:
        if topic.name not in refused:
            yield f"{topic.name}: made, {topic.partitions} partitions, replication factor {replication}"
    for topic in seen.short:
        if topic.name not in narrow:
            yield f"{topic.name}: has {topic.partitions} partitions now"


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
