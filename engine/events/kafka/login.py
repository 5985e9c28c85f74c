"""The login that brokers are told: the password that is stored now, once they refuse the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from msgspec.structs import replace

from engine.events.kafka.connection import Connection, Login
from engine.settings.secrets import Password, Resolver, Secret, UnresolvedSecretError, read_reference

if TYPE_CHECKING:
    from aiokafka import AIOKafkaProducer

log = structlog.get_logger(source=__name__)


class StoredLogin:
    """How brokers are reached now: `connection`, with the password as it was last read.

    One that was given as a `secretsmanager:` reference can be read again by `resolve`. Tokens of AWS are made for each
    connection and need nothing of this.
    """

    def __init__(self, connection: Connection, resolve: Resolver = read_reference) -> None:
        self.connection = connection
        login = connection.login
        self._password = Password(login.password, resolve) if isinstance(login, Login) else None

    async def read_again(self) -> bool:
        """Read the password that is stored now; whether it is another one. One that can't be read changes nothing."""
        login = self.connection.login
        if self._password is None or not isinstance(login, Login):
            return False
        try:
            value = await self._password(refresh=True)
        except UnresolvedSecretError as error:
            log.warning("the password of Kafka's user can't be read again; the one before counts", error=str(error))
            return False
        if value == login.password.value:
            return False
        renewed = replace(login, password=Secret(value, login.password.reference))
        self.connection = replace(self.connection, login=renewed)
        return True

    def tell(self, producer: AIOKafkaProducer) -> None:
        """Let a producer log in with it whenever it connects from now on.

        aiokafka takes a password once, and a new producer in place of this one would send what may have arrived already
        under numbers of its own, by which brokers take it for new.
        """
        if isinstance(self.connection.login, Login):
            producer.client._sasl_plain_password = self.connection.login.password.value  # noqa: SLF001 see above
