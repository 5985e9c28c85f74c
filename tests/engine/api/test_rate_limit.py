"""Rate limits: alone, shared through a real Redis, and without one that should be there."""

import asyncio
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as blocking
import requests
from botocore.exceptions import ClientError
from redis.asyncio import Redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from engine.api import redis_counter
from engine.api.rate_limit import PAUSE_SECONDS, CounterUnavailableError, RateLimiter
from engine.api.redis_counter import RedisCounter
from engine.settings import Password, Secret, secrets
from engine.settings.secrets import UnresolvedSecretError
from sandbox.data import binaries
from tests.engine.api.live import LiveEngine

COMMANDS = ["+multi", "+exec", "+incrby", "+expire"]
"""What the counter's docstring says that its user needs."""


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class FailingCounter:
    """A shared counter that doesn't answer."""

    def __init__(self) -> None:
        self.asked = 0

    async def increment(self, key: str, seconds: float) -> int:
        self.asked += 1
        raise CounterUnavailableError(f"{key} {seconds}")

    async def close(self) -> None:
        self.asked = 0


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that is there answers in time, however busy the machine is."""
    monkeypatch.setattr(redis_counter, "ANSWER_SECONDS", 60.0)


@pytest.fixture(scope="module")
def redis_socket() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder, "socket")
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", folder, "--logfile", "log", "--save", ""]
        with subprocess.Popen([binaries.redis().path, *options]) as server:
            until_it_listens = Retry(ConstantBackoff(0.02), 3000)
            with blocking.Redis(unix_socket_path=str(socket), retry=until_it_listens) as client:
                client.ping()
            yield f"unix://{socket}"
            server.terminate()


async def used(limiter: RateLimiter, organization: str, times: int) -> list[bool]:
    """Whether each of some requests may pass."""
    return [(await limiter.count(organization)).retry_after_seconds == 0 for _ in range(times)]


async def test_alone() -> None:
    clock = Clock()
    limiter = RateLimiter(limit=2, window_seconds=60, shared=None, now=clock)
    assert await used(limiter, "a", 3) == [True, True, False]
    assert await used(limiter, "b", 1) == [True]
    use = await limiter.count("a")
    assert use.headers == {"RateLimit-Limit": "2", "RateLimit-Remaining": "0", "RateLimit-Reset": "20"}
    assert use.retry_after_seconds == 20
    clock.now += 20
    assert await used(limiter, "a", 3) == [True, True, False]


async def test_shared_by_two_instances(redis_socket: str) -> None:
    clock = Clock()
    limiters = [
        RateLimiter(limit=3, window_seconds=3600, shared=RedisCounter(redis_socket), now=clock) for _ in range(2)
    ]
    passed = [await used(limiters[index % 2], "shared", 1) for index in range(5)]
    assert passed == [[True], [True], [True], [False], [False]]
    for limiter in limiters:
        await limiter.close()


async def test_a_count_is_forgotten_after_its_window(redis_socket: str) -> None:
    counter = RedisCounter(redis_socket)
    assert [await counter.increment("once", 3600) for _ in range(2)] == [1, 2]
    async with Redis.from_url(redis_socket) as redis:
        assert 0 < await redis.ttl("once") <= 3601
    await counter.close()


@pytest.mark.fault(
    "Redis is gone",
    "Each process counts requests against the rate limit by itself; executions don't notice.",
)
async def test_without_the_redis_that_should_be_there_it_counts_alone() -> None:
    clock, shared = Clock(), FailingCounter()
    limiter = RateLimiter(limit=1, window_seconds=3600, shared=shared, now=clock)
    assert await used(limiter, "a", 2) == [True, False]
    assert shared.asked == 1
    clock.now += PAUSE_SECONDS
    await limiter.count("a")
    assert shared.asked == 2


async def test_a_redis_that_refuses_connections() -> None:
    counter = RedisCounter("redis://127.0.0.1:9")
    with pytest.raises(CounterUnavailableError):
        await counter.increment("a", 1)
    await counter.close()


async def test_a_password_that_was_rotated_is_read_again(redis_socket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "RE_READ_AFTER_SECONDS", 0.0)
    async with Redis.from_url(redis_socket) as redis:
        await redis.acl_setuser("engine", enabled=True, passwords=["+second"], keys=["*"], commands=COMMANDS)
    password = Password(Secret("first", "secretsmanager:x"), lambda _: "second")
    counter = RedisCounter(redis_socket, username="engine", password=password)
    with pytest.raises(CounterUnavailableError, match="invalid username-password pair"):
        await counter.increment("rotated", 30)
    while await password() != "second":  # noqa: ASYNC110 - it is read beside, and nobody tells
        await asyncio.sleep(0.005)
    assert await counter.increment("rotated", 30) == 1
    await counter.close()


async def test_a_password_that_can_not_be_read_again(redis_socket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "RE_READ_AFTER_SECONDS", 0.0)
    asked: list[str] = []

    def refuse(reference: str) -> str:
        asked.append(reference)
        raise UnresolvedSecretError("it is throttled")

    counter = RedisCounter(redis_socket, username="nobody", password=Password(Secret("a", "secretsmanager:x"), refuse))
    while len(asked) < 2:  # it is read beside
        with pytest.raises(CounterUnavailableError):
            await counter.increment("rotated", 30)
    await counter.close()


def test_the_answer_in_both_protocols() -> None:
    with LiveEngine(RATE_LIMIT_MAX_REQUESTS="2", RATE_LIMIT_WINDOW="8760h") as engine:
        url = f"{engine.api}/api/v1/workflow-definitions"
        first = requests.get(url, timeout=5)
        assert (first.status_code, first.headers["RateLimit-Remaining"]) == (200, "1")
        requests.get(url, timeout=5)
        third = requests.get(url, timeout=5)
        assert third.status_code == 429
        assert 0 < int(third.headers["Retry-After"]) <= 8760 * 3600
        assert third.json()["code"] == "ThrottlingException"
        with pytest.raises(ClientError) as caught:
            engine.client().list_state_machines()
        assert caught.value.response["Error"]["Code"] == "ThrottlingException"
        assert requests.get(f"{engine.api}/health", timeout=5).status_code == 200
