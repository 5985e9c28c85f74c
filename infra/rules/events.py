"""The brokers of events."""

from collections.abc import Iterator

from infra.problems import Problem
from infra.rules.rule import Rule, problem

_MOST_ZONES = 3
"""Zones that the brokers of one cluster can be in ("Amazon MSK key features and concepts")."""


def _brokers(kafka: bool, environment: str, zones: int) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    if kafka and environment == "local":
        yield problem("kafka", kafka, "must be false in local, where no broker runs")
    if kafka and zones > _MOST_ZONES:
        yield problem("availabilityZones", zones, f"must be at most {_MOST_ZONES} with kafka")


def _storage(storage: int, most: int) -> Iterator[Problem]:
    if most < storage:
        yield problem("kafkaMaxStorage", most, f"must be at least kafkaStorage {storage}")


RULES = (
    Rule(("kafka", "environment", "availabilityZones"), _brokers),
    Rule(("kafkaStorage", "kafkaMaxStorage"), _storage),
)
