"""Which topics there are, which of them an event goes to, and what differs in a cluster."""

from __future__ import annotations

import pytest

from engine.contract import Topic
from engine.events.kafka.administration import Found
from engine.events.kafka.survey import Survey, survey
from engine.events.kafka.topics import CONFIGURATION, published_topics, topic_of, wanted_topics

ORDERS = Topic("workflow-orders", 6, "")
ARN = "arn:aws:states:us-east-1:000000000000"


def test_the_topics_of_the_requirements() -> None:
    partitions = {topic.name: topic.partitions for topic in wanted_topics(["orders", "orders"])}
    assert partitions == {
        "business-events": 12,
        "system-events": 12,
        "workflow-events": 12,
        "onboarding-command": 6,
        "ekyc-callback": 6,
        "aml-callback": 6,
        "onboarding-event": 3,
        "onboarding-dlq": 3,
        "workflow-orders": 6,
    }
    assert CONFIGURATION == {"cleanup.policy": "delete", "retention.ms": "604800000"}
    assert published_topics(["orders"]) == ("workflow-events", "workflow-orders")


@pytest.mark.parametrize(
    ("arn", "topic"),
    [
        (f"{ARN}:execution:orders:o-1", "workflow-orders"),
        (f"{ARN}:execution:orders/Lines:018f3c5e", "workflow-orders"),
        (f"{ARN}:execution:returns:orders", "workflow-events"),
    ],
)
def test_an_event_goes_to_the_topic_of_its_state_machine(arn: str, topic: str) -> None:
    assert topic_of(arn, frozenset({"orders"})) == topic


def test_nothing_differs() -> None:
    seen = survey([ORDERS], {ORDERS.name: Found(6, 3, CONFIGURATION)}, 3)
    assert seen == Survey(missing=(), short=(), there=(ORDERS,), differences=())


def test_what_a_cluster_does_not_tell_does_not_differ() -> None:
    assert survey([ORDERS], {ORDERS.name: Found(6, 3, {})}, 3).differences == ()


def test_missing_and_too_narrow_topics_are_to_be_made() -> None:
    other = Topic("workflow-returns", 6, "")
    seen = survey([ORDERS, other], {ORDERS.name: Found(4, 3, CONFIGURATION)}, 3)
    assert (seen.missing, seen.short, seen.there) == ((other,), (ORDERS,), ())


def test_all_else_is_said() -> None:
    has = Found(8, 2, {"cleanup.policy": "compact", "retention.ms": "1000"})
    assert survey([ORDERS], {ORDERS.name: has}, 3).differences == (
        "workflow-orders: cleanup.policy is compact, not delete; left as it is",
        "workflow-orders: retention.ms is 1000, not 604800000; left as it is",
        "workflow-orders: partitions is 8, not 6; left as it is",
        "workflow-orders: replication factor is 2, not 3; left as it is",
    )
