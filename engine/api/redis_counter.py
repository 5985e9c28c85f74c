"""Counts that the instances of the engine share through Redis."""

import asyncio
import math

import structlog
from redis.asyncio import Redis
from redis.credentials import CredentialProvider
from redis.exceptions import AuthenticationError, RedisError

from engine.api.rate_limit import CounterUnavailableError
from engine.settings import Password
from engine.settings.secrets import UnresolvedSecretError

ANSWER_SECONDS = 0.25

log = structlog.get_logger(source=__name__)


class RedisCounter:
    """A `Counter` on Redis that gives up quickly, so that a request never waits long for it.

    Its user needs no more than MULTI, EXEC, INCRBY and EXPIRE. A password that Redis refuses is read again meanwhile:
    the next attempt has the one that is stored now.
    """

    def __init__(self, url: str, *, username: str | None = None, password: Password | None = None) -> None:
        self._password = password
        self._reading: asyncio.Task[None] | None = None
        self._redis = Redis.from_url(
            url,
            credential_provider=_Login(username, password) if password else None,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=None,
            protocol=2,  # A user without further rights may say AUTH before anything else, and not HELLO.
            driver_info=None,
        )

    async def increment(self, key: str, seconds: float) -> int:
        """Count one more under `key`, which is forgotten after `seconds`. Raises `CounterUnavailableError`."""
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.incrby(key, 1)
                pipeline.expire(key, math.ceil(seconds) + 1)
                count, _ = await pipeline.execute()
        except (RedisError, OSError) as error:
            # The client wraps what went wrong while it connected.
            if AuthenticationError in (type(error), type(error.__cause__)):
                self._read_again()
            raise CounterUnavailableError(str(error)) from error
        return int(count)

    async def close(self) -> None:
        """Close the connections."""
        if self._reading is not None:
            self._reading.cancel()
        await self._redis.aclose()

    def _read_again(self) -> None:
        if self._password is not None and (self._reading is None or self._reading.done()):
            self._reading = asyncio.create_task(_refresh(self._password))


class _Login(CredentialProvider):
    """Gives every new connection the password as it is known then."""

    def __init__(self, username: str | None, password: Password) -> None:
        self._username = username
        self._password = password

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        password = await self._password()
        return (self._username, password) if self._username else (password,)


async def _refresh(password: Password) -> None:
    try:
        await password(refresh=True)
    except UnresolvedSecretError as error:
        log.warning("the password of redis can't be read again", error=str(error))
