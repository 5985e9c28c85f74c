"""What a cluster has of the topics that it should have. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from engine.contract import Topic
from engine.events.kafka.administration import Found
from engine.events.kafka.topics import CONFIGURATION


class Survey(msgspec.Struct, frozen=True):
    """The topics that are missing, those with too few partitions, the others, and sentences on what else differs."""

    missing: tuple[Topic, ...]
    short: tuple[Topic, ...]
    there: tuple[Topic, ...]
    differences: tuple[str, ...]


def survey(wanted: Sequence[Topic], found: Mapping[str, Found], replication: int) -> Survey:
    """Compare topics with those of a cluster."""
    known = [topic for topic in wanted if topic.name in found]
    short = [topic for topic in known if found[topic.name].partitions < topic.partitions]
    return Survey(
        missing=tuple(topic for topic in wanted if topic.name not in found),
        short=tuple(short),
        there=tuple(topic for topic in known if topic not in short),
        differences=tuple(line for topic in known for line in _differences(topic, found[topic.name], replication)),
    )


def _differences(topic: Topic, found: Found, replication: int) -> list[str]:
    """Say what of a topic nobody changes: more partitions than wanted, other copies, another configuration."""
    pairs = [(key, found.configuration.get(key, value), value) for key, value in CONFIGURATION.items()]
    if found.partitions > topic.partitions:
        pairs.append(("partitions", str(found.partitions), str(topic.partitions)))
    pairs.append(("replication factor", str(found.replication), str(replication)))
    return [f"{topic.name}: {key} is {has}, not {wants}; left as it is" for key, has, wants in pairs if has != wants]
