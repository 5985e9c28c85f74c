from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.data.redis import CacheServerError, RedisServer
from sandbox.seam import CacheAccess, CacheUser

NOBODY = CacheUser("default", "off ~* -@all", ())
ENGINE = CacheUser("engine", "on ~rate:* -@all +incrby", ("a password of sixteen",))


@contextmanager
def connected(server: RedisServer, user: str | None = None, password: str | None = None) -> Iterator[redis.Redis]:
    at_once = Retry(NoBackoff(), 0)
    with redis.Redis(server.address, server.port, username=user, password=password, protocol=2, retry=at_once) as made:
        yield made


def test_it_answers_with_the_token_only_and_stops(tmp_path: Path, network: str) -> None:
    server = RedisServer(tmp_path, address=f"{network}.3.200", port=6379, access=CacheAccess("hush hush"))
    server.start()
    with connected(server, password="hush hush") as client:
        client.set("a", "b")
        assert client.get("a") == b"b"
    with connected(server) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("a")
    assert server.running
    server.stop()
    assert not server.running


def test_nothing_is_kept_and_no_password_is_needed_without_one(tmp_path: Path, network: str) -> None:
    server = RedisServer(tmp_path, address=f"{network}.3.201", port=6379, access=CacheAccess())
    for _ in range(2):
        server.start()
        with connected(server) as client:
            assert client.set("a", "b", nx=True)
        server.stop()


def test_a_user_may_do_what_its_access_string_says(tmp_path: Path, network: str) -> None:
    server = RedisServer(tmp_path, address=f"{network}.3.203", port=6379, access=CacheAccess(users=(NOBODY, ENGINE)))
    server.start()
    [password] = ENGINE.passwords
    with connected(server, "engine", password) as client:
        assert client.incr("rate:a") == 1
        with pytest.raises(redis.exceptions.NoPermissionError, match="key"):
            client.incr("other")
        with pytest.raises(redis.exceptions.NoPermissionError, match="get"):
            client.get("rate:a")
    for user, given in ((None, None), (None, password), ("default", password), ("engine", "another")):
        with connected(server, user, given) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    server.stop()


def test_a_password_changes_and_open_connections_stay(tmp_path: Path, network: str) -> None:
    server = RedisServer(tmp_path, address=f"{network}.3.204", port=6379, access=CacheAccess(users=(NOBODY, ENGINE)))
    server.start()
    [old] = ENGINE.passwords
    with connected(server, "engine", old) as client:
        assert client.incr("rate:a") == 1
        server.change(CacheAccess(users=(NOBODY, ENGINE._replace(passwords=("another of sixteen",)))))
        assert client.incr("rate:a") == 2
    with connected(server, "engine", old) as late, pytest.raises(redis.AuthenticationError):
        late.incr("rate:a")
    server.stop()
    server.start()
    with connected(server, "engine", "another of sixteen") as client:
        assert client.incr("rate:a") == 1
    server.stop()


def test_from_a_token_to_users_and_back(tmp_path: Path, network: str) -> None:
    server = RedisServer(tmp_path, address=f"{network}.3.205", port=6379, access=CacheAccess("hush hush"))
    server.start()
    server.change(CacheAccess(users=(NOBODY, ENGINE)))
    with connected(server, password="hush hush") as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    server.change(CacheAccess("hush hush"))
    with connected(server, "engine", ENGINE.passwords[0]) as gone, pytest.raises(redis.AuthenticationError):
        gone.incr("rate:a")
    with connected(server, password="hush hush") as client:
        assert client.ping()
    server.stop()


def test_a_taken_port_is_told(tmp_path: Path, network: str) -> None:
    first, second = (
        RedisServer(tmp_path / name, address=f"{network}.3.202", port=6379, access=CacheAccess()) for name in "ab"
    )
    first.start()
    with pytest.raises(CacheServerError, match=f"{network}.3.202:6379 can't be listened on"):
        second.start()
    first.stop()
