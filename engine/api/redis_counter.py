"""Counts that the instances of the engine share through Redis."""

import math

from redis.asyncio import Redis
from redis.exceptions import RedisError

from engine.api.rate_limit import CounterUnavailableError

ANSWER_SECONDS = 0.25


class RedisCounter:
    """A `Counter` on Redis that gives up quickly, so that a request never waits long for it."""

    def __init__(self, url: str, password: str | None) -> None:
        self._redis = Redis.from_url(
            url,
            password=password,
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=None,
        )

    async def increment(self, key: str, seconds: float) -> int:
        """Count one more under `key`, which is forgotten after `seconds`. Raises `CounterUnavailableError`."""
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, math.ceil(seconds) + 1)
                count, _ = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise CounterUnavailableError(str(error)) from error
        return int(count)

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()
