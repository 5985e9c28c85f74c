"""Logins that end while events are published: a password that was changed, and tokens that run out."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Final

import boto3
import msgspec
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from engine.events import Event
from engine.events.kafka import iam
from engine.events.kafka.connection import AwsLogin, Connection, Login
from engine.events.kafka.login import StoredLogin
from engine.events.kafka.sink import KafkaSink
from engine.events.kafka.topics import WORKFLOW_EVENTS
from engine.settings import secrets
from engine.settings.secrets import Secret, UnresolvedSecretError
from tests.engine.events.conftest import event_of
from tests.engine.events.kafka.conftest import ids, make_topics, records_until_now
from tests.support.kafka import Broker
from tests.support.kafka_passwords import set_password

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager.client import SecretsManagerClient

SOURCE: Final = "workflow.states"
TOKEN_SECONDS: Final = 1.5
REGION: Final = "eu-west-1"
OpenSink = Callable[[Login | AwsLogin], KafkaSink]

ROTATED, BEFORE, AFTER = "rotated", "the-password-before", "the-password-after"


def step(number: int) -> Event:
    """Give one of several events of an execution."""
    return msgspec.structs.replace(event_of(1), deduplication_id=f"e1:{number}:SUCCEEDED")


async def until_accepted(sink: KafkaSink, event: Event) -> None:
    """Bring an event again and again, as the outbox does."""
    async with asyncio.timeout(120):
        while not (await sink.publish([event])).accepted:
            continue


async def until_refused(sink: KafkaSink, number: int, said: str) -> int:
    """Publish one event after the other from a number on until one isn't taken for that reason; its number."""
    async with asyncio.timeout(120):
        while True:
            delivery = await sink.publish([step(number)])
            if delivery.accepted:
                number += 1
            elif said in (delivery.problem or ""):
                return number


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManagerClient]:
    """Secrets Manager, whose secrets are read again at once."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.setattr(secrets, "RE_READ_AFTER_SECONDS", 0.0)
    with mock_aws():
        yield boto3.client("secretsmanager", REGION)


@pytest.fixture
async def topics(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """The topics, as a consumer reads them; no sink waits long for brokers."""
    monkeypatch.setattr("engine.events.kafka.sink.DELIVERY_SECONDS", 1.0)
    await make_topics(connection)
    return connection


@pytest.fixture
async def open_sink(broker: Broker) -> AsyncIterator[OpenSink]:
    """Opens sinks where logins end, and closes them at the end of the test."""
    opened: list[KafkaSink] = []

    def open_one(login: Login | AwsLogin) -> KafkaSink:
        opened.append(KafkaSink(Connection([broker.expiring], login=login), SOURCE, []))
        return opened[-1]

    yield open_one
    for sink in opened:
        await sink.close()


async def test_a_password_that_was_changed_is_read_again_and_nothing_is_lost_or_sent_twice(
    broker: Broker, topics: Connection, manager: SecretsManagerClient, open_sink: OpenSink
) -> None:
    await set_password(broker.plain, ROTATED, BEFORE)
    arn = manager.create_secret(Name="kafka", SecretString=BEFORE)["ARN"]
    login = Login("scram-sha-512", ROTATED, Secret(BEFORE, f"secretsmanager:{arn}"))
    running, starting = open_sink(login), open_sink(login)
    await until_accepted(running, step(0))

    await set_password(broker.plain, ROTATED, AFTER)
    refused = await until_refused(running, 1, "invalid credentials with SASL mechanism SCRAM-SHA-512")
    last = await until_refused(starting, refused + 1, "invalid credentials with SASL mechanism SCRAM-SHA-512")
    manager.put_secret_value(SecretId=arn, SecretString=AFTER)
    await until_accepted(running, step(refused))
    await until_accepted(starting, step(last))

    published = [step(number).deduplication_id for number in range(last + 1)]
    assert ids(await records_until_now(topics, WORKFLOW_EVENTS)) == published


async def test_a_token_that_ran_out_is_replaced_and_nothing_is_lost_or_sent_twice(
    topics: Connection, monkeypatch: pytest.MonkeyPatch, open_sink: OpenSink
) -> None:
    """A broker closes a connection that is used after its token's time; what was sent then is sent on the next one."""
    made: list[str] = []

    def token(*_: object) -> str:
        made.append(token_for(TOKEN_SECONDS))
        return made[-1]

    monkeypatch.setattr(iam, "signed_token", token)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    sink = open_sink(AwsLogin(REGION))
    last = 0
    await until_accepted(sink, step(last))
    first = len(made)
    async with asyncio.timeout(120):
        while len(made) < first + 2:
            last += 1
            await until_accepted(sink, step(last))

    with monkeypatch.context() as patch:
        patch.setattr(iam, "signed_token", no_token)
        last = await until_refused(sink, last + 1, "too many of them")
    await until_accepted(sink, step(last))
    published = [step(number).deduplication_id for number in range(last + 1)]
    assert ids(await records_until_now(topics, WORKFLOW_EVENTS)) == published


def no_token(*_: object) -> str:
    """AWS gives the role no credentials at the moment."""
    raise ClientError({"Error": {"Code": "Throttling", "Message": "too many of them"}}, "AssumeRole")


def token_for(seconds: float) -> str:
    """An unsigned token, which the broker's own check for tests takes (Kafka, "Unsecured token creation options")."""
    now = time.time()
    parts = ({"alg": "none"}, {"sub": "engine", "iat": now, "exp": now + seconds})
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    return ".".join([*encoded, ""])


async def test_a_password_that_can_not_be_read_again_stays(capsys: pytest.CaptureFixture[str]) -> None:
    def unread(_: str) -> str:
        raise UnresolvedSecretError("a secret that can be read: it is throttled")

    connection = Connection(["b-1:9092"], login=Login("plain", "engine", Secret(BEFORE, "secretsmanager:arn")))
    stored = StoredLogin(connection, unread)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "RE_READ_AFTER_SECONDS", 0.0)
        assert not await stored.read_again()
    assert stored.connection == connection
    assert "it is throttled" in capsys.readouterr().out


@pytest.mark.parametrize("login", [None, AwsLogin(REGION), Login("plain", "engine", Secret(BEFORE))])
async def test_what_was_not_given_as_a_reference_is_never_read_again(login: Login | AwsLogin | None) -> None:
    def read(_: str) -> str:
        raise AssertionError

    assert not await StoredLogin(Connection(["b-1:9092"], login=login), read).read_again()
