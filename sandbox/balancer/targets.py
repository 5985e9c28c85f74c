"""Target groups at work: which target gets the next request, health checks, draining. All on the balancer's loop."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp

from sandbox.balancer.health import check_forever
from sandbox.balancer.moto_elbv2 import CHECKING, NOT_IN_USE, Health, TargetGroup

_CONNECT_SECONDS = 10.0
_UNSENT_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Target:
    """One registered target: its connections, the requests in flight, and its health."""

    def __init__(self, address: str, port: int, idle_timeout: float) -> None:
        self.address = address
        self.port = port
        self.in_flight = 0
        self.health: Health = CHECKING
        self.draining_until: float | None = None
        self.checker: asyncio.Task[None] | None = None
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=idle_timeout),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=idle_timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_UNSENT_HEADERS,
        )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Count a request in flight."""
        self.in_flight += 1
        try:
            yield
        finally:
            self.in_flight -= 1

    async def close(self) -> None:
        """Stop checking and close every connection to it."""
        if self.checker is not None:
            self.checker.cancel()
        await self.session.close()


class ActiveTargetGroup:
    """What the balancer does for one target group of the account."""

    def __init__(self, group: TargetGroup) -> None:
        self.group = group
        self._targets: dict[str, Target] = {}
        self._next = 0

    def pick(self) -> Target | None:
        """The next target in turn: a healthy one, or any that was found unhealthy when none is healthy."""
        wanted = self.group.targets
        registered = [target for identity, target in self._targets.items() if identity in wanted]
        able = [target for target in registered if target.health.state == "healthy"]
        able = able or [target for target in registered if target.health.state == "unhealthy"]
        if not able:
            return None
        self._next += 1
        return able[self._next % len(able)]

    async def sync(self, idle_timeout: float | None) -> None:
        """Follow what is registered; `idle_timeout` is None while no listener uses the group."""
        wanted = {identity: int(str(entry["Port"])) for identity, entry in list(self.group.targets.items())}
        for identity, port in wanted.items():
            self._admit(identity, port, idle_timeout or 60.0)
        for identity, target in list(self._targets.items()):
            if identity not in wanted:
                await self._drain(identity, target)
            else:
                self.group.health[identity] = target.health if idle_timeout is not None else NOT_IN_USE
        for identity in [one for one in list(self.group.deregistered_targets) if one not in self._targets]:
            self.group.finish_draining(identity)

    async def close(self) -> None:
        """Drop all targets at once."""
        for target in self._targets.values():
            await target.close()
        self._targets.clear()

    def _admit(self, identity: str, port: int, idle_timeout: float) -> None:
        target = self._targets.get(identity)
        if target is None:
            target = self._targets[identity] = Target(identity, port, idle_timeout)
        elif target.draining_until is not None:
            target.draining_until, target.health = None, CHECKING
        if target.checker is None:
            target.checker = asyncio.create_task(check_forever(self.group, target))

    async def _drain(self, identity: str, target: Target) -> None:
        """Let requests in flight finish for the deregistration delay, then close what is left."""
        if target.draining_until is None:
            delay = float(str(self.group.attributes["deregistration_delay.timeout_seconds"]))
            target.draining_until = time.monotonic() + delay
            if target.checker is not None:
                target.checker.cancel()
                target.checker = None
        if target.in_flight == 0 or time.monotonic() >= target.draining_until:
            del self._targets[identity]
            await target.close()
            self.group.finish_draining(identity)
