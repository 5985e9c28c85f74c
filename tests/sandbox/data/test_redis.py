from pathlib import Path

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.data.redis import CacheServerError, RedisServer


def test_it_answers_with_the_password_only_and_stops(tmp_path: Path, network: str) -> None:
    server = RedisServer(tmp_path, address=f"{network}.3.200", port=6379, password="hush hush")
    server.start()
    with redis.Redis(server.address, 6379, password="hush hush") as client:
        client.set("a", "b")
        assert client.get("a") == b"b"
    stranger = redis.Redis(server.address, 6379, retry=Retry(NoBackoff(), 0))
    with stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("a")
    assert server.running
    server.stop()
    assert not server.running


def test_nothing_is_kept_and_no_password_is_needed_without_one(tmp_path: Path, network: str) -> None:
    server = RedisServer(tmp_path, address=f"{network}.3.201", port=6379, password=None)
    for _ in range(2):
        server.start()
        with redis.Redis(server.address, 6379) as client:
            assert client.set("a", "b", nx=True)
        server.stop()


def test_a_taken_port_is_told(tmp_path: Path, network: str) -> None:
    first, second = (
        RedisServer(tmp_path / name, address=f"{network}.3.202", port=6379, password=None) for name in "ab"
    )
    first.start()
    with pytest.raises(CacheServerError, match=f"{network}.3.202:6379 can't be listened on"):
        second.start()
    first.stop()
