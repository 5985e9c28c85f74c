"""What the users of the stack's cache may do, by a real Redis: the engine counts requests, and nobody does more."""

import socket
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError
from redis.retry import Retry

from engine.api import redis_counter
from engine.api.rate_limit import CounterUnavailableError, RateLimiter
from engine.api.redis_counter import RedisCounter
from engine.settings import Password, Secret
from sandbox.data.redis import RedisServer
from sandbox.seam import CacheAccess, CacheUser
from tests.infra.stacks import deployed

ADDRESS = "127.0.0.1"


@pytest.fixture(scope="module")
def users() -> tuple[CacheUser, ...]:
    """Those of a stack, as the program asks for them."""
    return tuple(
        CacheUser(made.inputs["userName"], made.inputs["accessString"], tuple(made.inputs.get("passwords", ())))
        for made in deployed("production")[0].of("elasticache/user:User")
    )


@pytest.fixture(scope="module")
def server(users: tuple[CacheUser, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with socket.create_server((ADDRESS, 0)) as free:
        port = free.getsockname()[1]
    made = RedisServer(tmp_path_factory.mktemp("redis"), address=ADDRESS, port=port, access=CacheAccess(users=users))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def password(users: tuple[CacheUser, ...]) -> str:
    [found] = next(user.passwords for user in users if user.name == "workflow")
    return found


def client(server: RedisServer, user: str | None, password: str | None) -> redis.Redis:
    at_once = Retry(NoBackoff(), 0)
    return redis.Redis(server.address, server.port, username=user, password=password, protocol=2, retry=at_once)


async def test_the_engines_rate_limit_counts_through_its_user(
    server: RedisServer, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_counter, "ANSWER_SECONDS", 60.0)
    counters = [
        RedisCounter(
            f"redis://{server.address}:{server.port}", username="workflow", password=Password(Secret(password))
        )
        for _ in range(2)
    ]
    limiters = [
        RateLimiter(limit=10, window_seconds=3600, shared=counter, now=lambda: 1_000_000.0) for counter in counters
    ]
    assert [(await limiter.count("acme")).used for limiter in (*limiters, *limiters)] == [1, 2, 3, 4]
    with pytest.raises(CounterUnavailableError, match=r"(?i)no permissions to access"):
        await counters[0].increment("another application's", 1)
    for limiter in limiters:
        await limiter.close()


@pytest.mark.parametrize(
    "command", ["GET workflow:rate:a", "DEL workflow:rate:a", "KEYS *", "FLUSHALL", "CONFIG GET *", "ACL LIST", "PING"]
)
def test_its_user_may_do_nothing_else(server: RedisServer, password: str, command: str) -> None:
    with (
        client(server, "workflow", password) as engine,
        pytest.raises(NoPermissionError, match=command.split(maxsplit=1)[0].lower()),
    ):
        engine.execute_command(*command.split())


@pytest.mark.parametrize("command", ["PING", "GET workflow:rate:a", "INCRBY workflow:rate:a 1", "ACL WHOAMI", "INFO"])
@pytest.mark.parametrize("login", [(None, None), ("default", ""), ("default", "guessed"), ("workflow", "guessed")])
def test_the_default_user_and_strangers_may_do_nothing(
    server: RedisServer, login: tuple[str | None, str | None], command: str
) -> None:
    with client(server, *login) as stranger, pytest.raises(AuthenticationError):
        stranger.execute_command(*command.split())
