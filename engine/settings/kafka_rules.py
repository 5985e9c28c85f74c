"""Rules about the settings of Kafka."""

import re
from collections.abc import Iterator
from pathlib import Path

from engine.events.kafka.topics import common_names, workflow_topic
from engine.settings.model import Settings
from engine.settings.problems import Problem
from engine.settings.values import read_address

WORKFLOW_PATTERN = r"[A-Za-z0-9._-]{1,80}"


def kafka_rules(settings: Settings) -> Iterator[Problem]:
    """Problems of values that are each fine by themselves; none of settings that nothing uses."""
    if not settings.kafka_bootstrap_servers:
        if settings.events_publisher == "kafka":
            yield Problem("KAFKA_BOOTSTRAP_SERVERS", None, "set when EVENTS_PUBLISHER is kafka")
        return
    yield from _addresses(settings)
    yield from _transport(settings)
    yield from _identity(settings)
    for name in settings.kafka_workflow_topics:
        if not re.fullmatch(WORKFLOW_PATTERN, name) or workflow_topic(name) in common_names():
            allowed = "names of state machines of the characters A-Z a-z 0-9 . _ - alone, and none of them events"
            yield Problem("KAFKA_WORKFLOW_TOPICS", name, allowed)


def _addresses(settings: Settings) -> Iterator[Problem]:
    for text in settings.kafka_bootstrap_servers:
        try:
            address = read_address(text)
        except ValueError:
            address = None
        if address is None or address.host is None or address.port is None:
            yield Problem("KAFKA_BOOTSTRAP_SERVERS", text, "host:port, separated by commas")


def _transport(settings: Settings) -> Iterator[Problem]:
    protocol, file = settings.kafka_security_protocol, settings.kafka_ssl_root_certificate
    if settings.environment != "local" and not protocol.endswith("ssl"):
        because = f"while ENVIRONMENT is {settings.environment}"
        yield Problem("KAFKA_SECURITY_PROTOCOL", protocol, f"ssl or sasl_ssl {because}")
    if file is not None and not Path(file).is_file():
        yield Problem("KAFKA_SSL_ROOT_CERTIFICATE", file, "a file of certificates in PEM")


def _identity(settings: Settings) -> Iterator[Problem]:
    protocol, mechanism = settings.kafka_security_protocol, settings.kafka_sasl_mechanism
    if not protocol.startswith("sasl"):
        if mechanism is not None:
            allowed = f"sasl_ssl or sasl_plaintext, for KAFKA_SASL_MECHANISM is {mechanism}"
            yield Problem("KAFKA_SECURITY_PROTOCOL", protocol, allowed)
        return
    if mechanism is None:
        allowed = "plain, scram-sha-256, scram-sha-512 or aws_msk_iam"
        yield Problem("KAFKA_SASL_MECHANISM", None, f"{allowed}, for KAFKA_SECURITY_PROTOCOL is {protocol}")
    elif mechanism == "aws_msk_iam":
        if protocol != "sasl_ssl":
            yield Problem("KAFKA_SECURITY_PROTOCOL", protocol, "sasl_ssl, for KAFKA_SASL_MECHANISM is aws_msk_iam")
    else:
        if not settings.kafka_sasl_username:
            yield Problem("KAFKA_SASL_USERNAME", None, f"set when KAFKA_SASL_MECHANISM is {mechanism}")
        if settings.kafka_sasl_password is None:
            yield Problem("KAFKA_SASL_PASSWORD", None, f"set when KAFKA_SASL_MECHANISM is {mechanism}")
