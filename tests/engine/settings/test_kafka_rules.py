"""Settings of Kafka: their aliases, and what is said of those that don't go together."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.commands.kafka import kafka_connection
from engine.commands.sinks import open_sink
from engine.events.kafka.connection import AwsLogin, Connection, Login
from engine.events.kafka.sink import KafkaSink
from engine.settings import SettingsError, load_settings
from engine.settings.secrets import Secret

BROKERS = {"KAFKA_BOOTSTRAP_SERVERS": "b1:9092, b2:9092"}
SASL = {**BROKERS, "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}


def problems_of(environment: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(environment)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("environment", "connection"),
    [
        (BROKERS, Connection(("b1:9092", "b2:9092"))),
        ({"KAFKA_BROKERS": "b1:9092", "KAFKA_SECURITY_PROTOCOL": "SSL"}, Connection(("b1:9092",), tls=True)),
        (
            {**SASL, "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512", "KAFKA_USER": "u", "KAFKA_PASSWORD": "p"},
            Connection(("b1:9092", "b2:9092"), tls=True, login=Login("scram-sha-512", "u", Secret("p"))),
        ),
        (
            {**SASL, "KAFKA_SASL_MECHANISM": "AWS_MSK_IAM", "AWS_REGION": "eu-west-1"},
            Connection(("b1:9092", "b2:9092"), tls=True, login=AwsLogin("eu-west-1")),
        ),
    ],
)
def test_how_brokers_are_reached(environment: dict[str, str], connection: Connection) -> None:
    assert kafka_connection(load_settings(environment)) == connection


async def test_the_publisher_is_kafkas() -> None:
    assert isinstance(open_sink(load_settings({**BROKERS, "EVENTS_PUBLISHER": "kafka"})), KafkaSink)


def test_a_publisher_without_brokers() -> None:
    assert problems_of({"EVENTS_PUBLISHER": "kafka"}) == [
        "KAFKA_BOOTSTRAP_SERVERS must be set when EVENTS_PUBLISHER is kafka"
    ]


def test_nothing_is_said_of_what_nothing_uses() -> None:
    load_settings({"KAFKA_SECURITY_PROTOCOL": "sasl_ssl", "KAFKA_WORKFLOW_TOPICS": "not a topic"})


def test_all_problems_at_once(tmp_path: Path) -> None:
    missing = str(tmp_path / "authority.pem")
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": "b1, b2:9092",
        "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext",
        "KAFKA_SASL_MECHANISM": "plain",
        "KAFKA_SSL_ROOT_CERTIFICATE": missing,
        "KAFKA_WORKFLOW_TOPICS": "orders,events,new orders",
    }
    names = "names of state machines of the characters A-Z a-z 0-9 . _ - alone, and none of them events"
    assert [line.partition(" (set by")[0] for line in problems_of(environment)] == [
        "KAFKA_BOOTSTRAP_SERVERS is 'b1'; it must be host:port, separated by commas",
        f"KAFKA_SSL_ROOT_CERTIFICATE is '{missing}'; it must be a file of certificates in PEM",
        "KAFKA_SASL_USERNAME must be set when KAFKA_SASL_MECHANISM is plain",
        "KAFKA_SASL_PASSWORD must be set when KAFKA_SASL_MECHANISM is plain",
        f"KAFKA_WORKFLOW_TOPICS is 'events'; it must be {names}",
        f"KAFKA_WORKFLOW_TOPICS is 'new orders'; it must be {names}",
    ]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        (SASL, "KAFKA_SASL_MECHANISM must be plain, scram-sha-256, scram-sha-512 or aws_msk_iam"),
        ({**BROKERS, "KAFKA_SASL_MECHANISM": "plain"}, "KAFKA_SECURITY_PROTOCOL is 'plaintext'; it must be sasl_ssl"),
        (
            {**SASL, "KAFKA_SECURITY_PROTOCOL": "sasl_plaintext", "KAFKA_SASL_MECHANISM": "aws_msk_iam"},
            "KAFKA_SECURITY_PROTOCOL is 'sasl_plaintext'; it must be sasl_ssl, for KAFKA_SASL_MECHANISM is aws_msk_iam",
        ),
        ({**BROKERS, "KAFKA_SASL_MECHANISM": "kerberos"}, "KAFKA_SASL_MECHANISM is 'kerberos'; it must be one of"),
        ({"KAFKA_BROKERS": "b1:90920"}, "KAFKA_BOOTSTRAP_SERVERS is 'b1:90920'; it must be host:port"),
        ({**BROKERS, "KAFKA_REPLICATION_FACTOR": "0"}, "KAFKA_REPLICATION_FACTOR is '0'; it must be a whole number"),
    ],
)
def test_one_problem(environment: dict[str, str], said: str) -> None:
    [problem] = problems_of(environment)
    assert problem.startswith(said)


def test_tls_where_it_is_not_local() -> None:
    deployed = {
        "ENVIRONMENT": "dev",
        "WORKFLOW_DB_HOST": "db:5432",
        "WORKFLOW_DB_PASSWORD": "password",
        "JWT_SECRET": "a secret of thirty-two characters",
    }
    [problem] = problems_of(deployed | BROKERS)
    assert problem == ("KAFKA_SECURITY_PROTOCOL is 'plaintext'; it must be ssl or sasl_ssl while ENVIRONMENT is dev")
