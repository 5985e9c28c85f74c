"""Kafka as the settings name it, and whether it has the topics that the engine publishes to."""

from __future__ import annotations

import structlog

from engine.events import SinkError
from engine.events.kafka.connection import AwsLogin, Connection, Login
from engine.events.kafka.topics import published_topics
from engine.settings import Settings
from engine.settings.secrets import Secret

log = structlog.get_logger(source=__name__)


def kafka_connection(settings: Settings) -> Connection:
    """Give how brokers are reached, of settings that keep the rules of Kafka."""
    return Connection(
        servers=settings.kafka_bootstrap_servers,
        tls=settings.kafka_security_protocol.endswith("ssl"),
        root_certificate=settings.kafka_ssl_root_certificate,
        login=_login(settings),
    )


async def require_topics(settings: Settings) -> None:
    """Find the topics that events go to, where they go to Kafka. Raises SinkError, naming those that are missing.

    A cluster that can't be asked stops nobody: executions go on, and the outbox keeps what there is to publish.
    """
    if settings.events_publisher != "kafka":
        return
    from engine.events.kafka.administration import ClusterError, connected  # noqa: PLC0415 - imports aiokafka

    try:
        async with connected(kafka_connection(settings)) as cluster:
            there = await cluster.names()
    except ClusterError as error:
        log.warning("topics could not be checked; events wait in the outbox", error=str(error))
        return
    missing = [name for name in published_topics(settings.kafka_workflow_topics) if name not in there]
    if missing:
        raise SinkError(
            f"Kafka at {','.join(settings.kafka_bootstrap_servers)} lacks the topics {', '.join(missing)}, "
            "or doesn't show them to this user: `engine topics` makes them."
        )


def _login(settings: Settings) -> Login | AwsLogin | None:
    mechanism = settings.kafka_sasl_mechanism
    if mechanism is None:
        return None
    if mechanism == "aws_msk_iam":
        return AwsLogin(settings.aws_region)
    return Login(mechanism, settings.kafka_sasl_username or "", settings.kafka_sasl_password or Secret(""))
