"""How brokers are reached, and who the engine is to them: what every client of aiokafka is made with."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, TypedDict

import msgspec

from engine.settings.secrets import Secret
from engine.tls import verifying

if TYPE_CHECKING:
    from aiokafka.abc import AbstractTokenProvider

REQUEST_SECONDS: Final = 5.0
"""How long brokers may take for one answer."""

_RETRY_SECONDS: Final = 0.5


class Login(msgspec.Struct, frozen=True):
    """A user of plain or scram-sha-256 or -512."""

    mechanism: str
    username: str
    password: Secret


class AwsLogin(msgspec.Struct, frozen=True):
    """The process's own AWS credentials, for Amazon MSK in a region ("IAM access control")."""

    region: str


class Connection(msgspec.Struct, frozen=True):
    """Brokers to ask first (host:port), whether they speak TLS, and whom they are told the engine is.

    `root_certificate` is a file of authorities; without it those that the system trusts may vouch for brokers.
    """

    servers: Sequence[str]
    tls: bool = False
    root_certificate: str | None = None
    login: Login | AwsLogin | None = None

    def __str__(self) -> str:
        """The brokers as they are written in settings."""
        return ",".join(self.servers)


class ClientOptions(TypedDict, total=False):
    """Arguments of aiokafka's clients; its names."""

    bootstrap_servers: list[str]
    client_id: str
    request_timeout_ms: int
    retry_backoff_ms: int
    security_protocol: str
    ssl_context: ssl.SSLContext
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str
    sasl_oauth_token_provider: AbstractTokenProvider


def client_options(connection: Connection) -> ClientOptions:
    """Give what clients are made with. Raises OSError and ssl.SSLError when the certificates can't be read."""
    options = ClientOptions(
        bootstrap_servers=list(connection.servers),
        client_id="workflow-engine",
        request_timeout_ms=int(REQUEST_SECONDS * 1000),
        retry_backoff_ms=int(_RETRY_SECONDS * 1000),
        security_protocol=f"{'SASL_' if connection.login else ''}{'SSL' if connection.tls else 'PLAINTEXT'}",
    )
    if connection.tls:
        options["ssl_context"] = verifying(connection.root_certificate)
    match connection.login:
        case AwsLogin(region):
            from engine.events.kafka.iam import IamTokens  # noqa: PLC0415 - imports botocore, which is slow

            options |= ClientOptions(sasl_mechanism="OAUTHBEARER", sasl_oauth_token_provider=IamTokens(region))
        case Login(mechanism, username, password):
            options |= ClientOptions(
                sasl_mechanism=mechanism.upper(), sasl_plain_username=username, sasl_plain_password=password.value
            )
    return options
