"""The topics that `engine topics` makes, by `contract.toml`, and which of them an event goes to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from engine.contract import WORKFLOW, Topic, contract

WORKFLOW_EVENTS: Final = "workflow-events"

CONFIGURATION: Final = {"cleanup.policy": "delete", "retention.ms": str(7 * 24 * 60 * 60 * 1000)}
"""How each topic keeps its records: for seven days, then they are deleted."""

_MACHINE_OF_ARN: Final = 6
"""Which part of an execution's ARN names its state machine."""


def wanted_topics(workflows: Sequence[str]) -> tuple[Topic, ...]:
    """Give the topics of a cluster where these state machines have topics of their own."""
    return tuple(topic for entry in contract().topic for topic in _named(entry, workflows))


def published_topics(workflows: Sequence[str]) -> tuple[str, ...]:
    """Name the topics that the engine itself writes to."""
    return tuple(topic.name for topic in wanted_topics(workflows) if topic.published)


def common_names() -> frozenset[str]:
    """Name the topics of every cluster."""
    return frozenset(topic.name for topic in wanted_topics([]))


def workflow_topic(workflow: str) -> str:
    """Name the topic of a state machine that has one of its own."""
    return f"workflow-{workflow}"


def topic_of(execution_arn: str, workflows: frozenset[str]) -> str:
    """Name the topic of an execution's events; a child of a map run belongs to its state machine."""
    machine = execution_arn.split(":")[_MACHINE_OF_ARN].partition("/")[0]
    return workflow_topic(machine) if machine in workflows else WORKFLOW_EVENTS


def _named(entry: Topic, workflows: Sequence[str]) -> Iterator[Topic]:
    if WORKFLOW not in entry.name:
        yield entry
        return
    for workflow in dict.fromkeys(workflows):
        yield msgspec.structs.replace(entry, name=entry.name.replace(WORKFLOW, workflow))
