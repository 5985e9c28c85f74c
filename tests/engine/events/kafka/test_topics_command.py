"""`engine topics` against a real cluster of one broker, and what the engine says at its start."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from engine.cli import main
from engine.commands.kafka import require_topics
from engine.events import SinkError
from engine.events.kafka.administration import Found, connected
from engine.events.kafka.connection import Connection
from engine.events.kafka.topics import CONFIGURATION, wanted_topics
from engine.settings import load_settings
from tests.engine.events.kafka.conftest import make_topics

Run = Callable[..., tuple[int, list[str], list[str]]]

UNREACHABLE = "127.0.0.1:1"


@pytest.fixture
def run(connection: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command in an environment; gives its exit code, and the lines of its output and of its errors."""

    def command(*arguments: str, **environment: str) -> tuple[int, list[str], list[str]]:
        for name, value in {"KAFKA_BROKERS": str(connection), "KAFKA_REPLICATION_FACTOR": "1", **environment}.items():
            monkeypatch.setenv(name, value)
        code = main(["topics", *arguments])
        said = capsys.readouterr()
        return code, said.out.splitlines(), said.err.splitlines()

    return command


async def found(connection: Connection, *workflows: str) -> dict[str, Found]:
    """Give the topics of the cluster."""
    async with connected(connection) as cluster:
        return await cluster.find(topic.name for topic in wanted_topics(workflows))


def make(connection: Connection, *topics: NewTopic) -> None:
    """Make topics as somebody else did."""

    async def create() -> None:
        client = AIOKafkaAdminClient(bootstrap_servers=list(connection.servers))
        await client.start()
        await client.create_topics(list(topics))
        while not {topic.name for topic in topics} <= set(await client.list_topics()):
            continue
        await client.close()

    asyncio.run(create())


def test_makes_what_is_missing_and_then_nothing(connection: Connection, run: Run) -> None:
    code, lines, errors = run("--check", KAFKA_WORKFLOW_TOPICS="orders")
    assert (code, lines) == (1, [])
    assert errors == [f"engine: {topic.name} is missing" for topic in wanted_topics(["orders"])]
    code, lines, errors = run()
    assert (code, errors) == (0, [])
    assert "workflow-orders: made, 6 partitions, replication factor 1" in lines
    assert asyncio.run(found(connection, "orders")) == {
        topic.name: Found(topic.partitions, 1, CONFIGURATION) for topic in wanted_topics(["orders"])
    }
    for again in (run(), run("--check")):
        assert again == (0, [f"{topic.name}: there" for topic in wanted_topics(["orders"])], [])


def test_adds_partitions_and_says_what_else_differs(connection: Connection, run: Run) -> None:
    wide = NewTopic("onboarding-event", 4, 1, topic_configs={"retention.ms": "1000"})
    make(connection, NewTopic("ekyc-callback", 2, 1), wide)
    code, _, errors = run("--check")
    assert code == 1
    assert "engine: ekyc-callback has fewer than 6 partitions" in errors
    code, lines, errors = run()
    assert (code, errors) == (0, [])
    assert "ekyc-callback: has 6 partitions now" in lines
    assert "onboarding-event: retention.ms is 1000, not 604800000; left as it is" in lines
    assert "onboarding-event: partitions is 4, not 3; left as it is" in lines
    topics = asyncio.run(found(connection))
    assert topics["ekyc-callback"].partitions == 6
    assert topics["onboarding-event"] == Found(4, 1, {**CONFIGURATION, "retention.ms": "1000"})


def test_fewer_brokers_than_copies(connection: Connection, run: Run) -> None:
    code, lines, errors = run(KAFKA_REPLICATION_FACTOR="3")
    assert (code, lines) == (1, [])
    assert errors == [
        "engine: KAFKA_REPLICATION_FACTOR is '3'; it must be at most 1, the number of brokers; nothing was made"
    ]
    assert asyncio.run(found(connection)) == {}


def test_all_that_the_cluster_refuses_is_said_at_once(connection: Connection, run: Run) -> None:
    """Kafka takes no two names that differ in a full stop and an underscore alone."""
    make(connection, NewTopic("workflow-a_b", 1, 1), NewTopic("workflow-c_d", 1, 1))
    code, lines, errors = run(KAFKA_WORKFLOW_TOPICS="a.b,c.d")
    assert code == 1
    assert [line.split(":")[1].strip() for line in errors] == [
        "workflow-a.b couldn't be made",
        "workflow-c.d couldn't be made",
    ]
    assert "workflow-events: made, 12 partitions, replication factor 1" in lines


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"KAFKA_BROKERS": ""}, "engine: KAFKA_BOOTSTRAP_SERVERS must be set: it names the cluster"),
        ({"KAFKA_BROKERS": UNREACHABLE}, f"engine: Kafka at {UNREACHABLE} can't be used: Unable connect to"),
        ({"KAFKA_BROKERS": "b 1"}, "engine: KAFKA_BOOTSTRAP_SERVERS is 'b 1'; it must be host:port"),
    ],
)
def test_what_the_command_needs(environment: dict[str, str], said: str, run: Run) -> None:
    code, lines, [error] = run(**environment)
    assert (code, lines) == (1, [])
    assert error.startswith(said)


async def test_the_engine_says_at_its_start_which_topics_are_missing(connection: Connection) -> None:
    settings = load_settings(
        {"EVENTS_PUBLISHER": "kafka", "KAFKA_BROKERS": str(connection), "KAFKA_WORKFLOW_TOPICS": "orders"}
    )
    lacks = r"lacks the topics workflow-events, workflow-orders, .* `engine topics` makes them"
    with pytest.raises(SinkError, match=lacks):
        await require_topics(settings)
    await make_topics(connection)
    with pytest.raises(SinkError, match="lacks the topics workflow-orders,"):
        await require_topics(settings)
    await make_topics(connection, "orders")
    await require_topics(settings)


def test_serve_ends_where_a_topic_is_missing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"EVENTS_PUBLISHER": "kafka", "KAFKA_BROKERS": str(connection), "WORKFLOW_DB_FILE": ":memory:"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert main(["serve"]) == 1
    assert f"engine: Kafka at {connection} lacks the topics workflow-events" in capsys.readouterr().err


async def test_the_engine_starts_without_brokers() -> None:
    """A warning is all: what there is to publish waits in the outbox."""
    settings = load_settings({"EVENTS_PUBLISHER": "kafka", "KAFKA_BROKERS": UNREACHABLE})
    with structlog.testing.capture_logs() as logs:
        await require_topics(settings)
    [warning] = logs
    assert warning["log_level"] == "warning"
    assert f"Kafka at {UNREACHABLE} can't be used" in warning["error"]
