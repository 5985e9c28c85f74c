"""Events to a web server, one POST each, signed as the Standard Webhooks specification says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import aiohttp

from engine.events.event import Event, envelope
from engine.events.signing import signed_headers, signing_key
from engine.events.sink import Delivery

_SECONDS: Final = 10.0
_AT_ONCE: Final = 16
_OK: Final = range(200, 300)


class WebhookSink:
    """See `Sink`. A server accepts an event by answering with a status of 200 to 299; redirects aren't followed.

    `clock` gives the seconds since 1970 that are signed.
    """

    def __init__(self, url: str, secret: str, source: str, clock: Callable[[], float] = time.time) -> None:
        self._url = url
        self._key = signing_key(secret)
        self._source = source
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    async def publish(self, events: Sequence[Event]) -> Delivery:
        """See `Sink.publish`."""
        room = asyncio.Semaphore(_AT_ONCE)

        async def post(event: Event) -> str | None:
            async with room:
                return await self._post(event)

        problems = await asyncio.gather(*(post(event) for event in events))
        told = list(zip(events, problems, strict=True))
        accepted = frozenset(event.deduplication_id for event, problem in told if problem is None)
        return Delivery(accepted, next((problem for problem in problems if problem is not None), None))

    async def close(self) -> None:
        """See `Sink.close`."""
        if self._session is not None:
            await self._session.close()

    async def _post(self, event: Event) -> str | None:
        """Give what is wrong, if anything is."""
        body = envelope(event, self._source)
        signed = signed_headers(self._key, event.deduplication_id, int(self._clock()), body)
        headers = {"Content-Type": "application/json", **signed}
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))
        try:
            async with self._session.post(self._url, data=body, headers=headers, allow_redirects=False) as answer:
                return None if answer.status in _OK else f"The webhook answered with the status {answer.status}."
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"The webhook doesn't answer: {type(error).__name__}."
