"""How events are published, and their brokers."""

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit

from infra.contract import WORKFLOW_TOPICS, EngineValue
from infra.problems import Problem
from infra.rules.rule import Rule, problem

_MOST_ZONES = 3
"""Zones that the brokers of one cluster can be in ("Amazon MSK key features and concepts")."""


_MOST_WORKFLOW_TOPICS = 30
"""Topics of workflows that a role can name one by one in its policies: some 200 of 10,240 characters each."""


def _brokers(kafka: bool, environment: str, zones: int) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    if kafka and environment == "local":
        yield problem("kafka", kafka, "must be false in local, where no broker runs")
    if kafka and zones > _MOST_ZONES:
        yield problem("availabilityZones", zones, f"must be at most {_MOST_ZONES} with kafka")


def _storage(storage: int, most: int) -> Iterator[Problem]:
    if most < storage:
        yield problem("kafkaMaxStorage", most, f"must be at least kafkaStorage {storage}")


def _publisher(publisher: str, bus: str, url: str, kafka: bool) -> Iterator[Problem]:  # noqa: FBT001 as above
    if publisher == "kafka" and not kafka:
        yield problem("kafka", kafka, "must be true where eventsPublisher is kafka")
    for key, value, needed_by in (("eventBus", bus, "eventbridge"), ("eventsWebhookUrl", url, "webhook")):
        if value and publisher != needed_by:
            yield problem(key, value, f"must be empty while eventsPublisher is {publisher}, not {needed_by}")
        elif publisher == needed_by and not value:
            yield problem(key, '""', f"must be set where eventsPublisher is {publisher}")


def _webhook(url: str, environment: str, ports: Collection[int]) -> Iterator[Problem]:
    if not url:
        return
    try:
        pieces = urlsplit(url)
        port = pieces.port or (443 if pieces.scheme == "https" else 80)
    except ValueError:
        yield problem("eventsWebhookUrl", url, "must name a port from 1 to 65535, if any")
        return
    if pieces.scheme != "https" and environment != "local":
        yield problem("eventsWebhookUrl", url, "must begin with https://; only local may go without TLS")
    elif port not in ports:
        yield problem("taskEgressPorts", sorted(ports), f"must contain {port}, the port of eventsWebhookUrl")


def _topics(kafka: bool, overrides: Mapping[str, EngineValue]) -> Iterator[Problem]:  # noqa: FBT001 as above
    named = len([name for name in str(overrides.get(WORKFLOW_TOPICS, "")).split(",") if name.strip()])
    if kafka and named > _MOST_WORKFLOW_TOPICS:
        wanted = f"must be at most {_MOST_WORKFLOW_TOPICS}, which fit into the policy of the tasks' role"
        yield Problem(f"workflow:engineSettings.{WORKFLOW_TOPICS}", f"names {named} workflows", wanted)


RULES = (
    Rule(("eventsPublisher", "eventBus", "eventsWebhookUrl", "kafka"), _publisher),
    Rule(("eventsWebhookUrl", "environment", "taskEgressPorts"), _webhook),
    Rule(("kafka", "environment", "availabilityZones"), _brokers),
    Rule(("kafka", "engineSettings"), _topics),
    Rule(("kafkaStorage", "kafkaMaxStorage"), _storage),
)
