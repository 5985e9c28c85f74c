import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.data.data_plane import LocalDataPlane
from sandbox.data.postgres import DatabaseServerError
from sandbox.seam import CacheAccess, CacheUser
from tests.sandbox.stack import REGION, wait_for

PASSWORD = "correct horse"


@pytest.fixture
def plane(tmp_path: Path, other_network: str) -> Iterator[LocalDataPlane]:
    made = LocalDataPlane(tmp_path, network=other_network)
    made.start()
    yield made
    made.stop()


def _create(plane: LocalDataPlane, identifier: str = "orders") -> str:
    endpoint = plane.database_created(
        REGION,
        identifier,
        engine_version="16.4",
        port=5432,
        username="master",
        password=PASSWORD,
        database="orders",
        parameters={},
    )
    return f"host={endpoint.address} port={endpoint.port} user=master password='{PASSWORD}' dbname=orders"


def test_a_database_lives_changes_and_goes(plane: LocalDataPlane, tmp_path: Path) -> None:
    dsn = _create(plane)
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept (id int)")
    plane.database_changed(REGION, "orders", password="another", parameters={"work_mem": "8MB"})
    with psycopg.connect(dsn.replace(PASSWORD, "another")) as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("8MB",)
    plane.database_deleted(REGION, "orders")
    assert list((tmp_path / "databases" / REGION).iterdir()) == []
    plane.database_deleted(REGION, "orders")


def test_data_is_kept_when_only_the_sandbox_ends(plane: LocalDataPlane, network: str, tmp_path: Path) -> None:
    with psycopg.connect(_create(plane)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
    plane.stop()
    later = LocalDataPlane(tmp_path, network=network)
    with psycopg.connect(_create(later)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (7,)
    later.stop()


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGKILL])
def test_a_database_that_dies_is_started_again(plane: LocalDataPlane, tmp_path: Path, number: signal.Signals) -> None:
    dsn = _create(plane)
    pid_file = tmp_path / "databases" / REGION / "orders" / "postmaster.pid"
    first = int(pid_file.read_text().split()[0])
    with psycopg.connect(dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS answer")
        connection.commit()
        os.kill(first, number)
        wait_for(lambda: _pid(pid_file) not in (None, first))
        wait_for(lambda: _answers(dsn))
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with psycopg.connect(dsn) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (7,)


def _pid(file: Path) -> int | None:
    """The postmaster's pid; None while there is none, or its file is being written."""
    words = file.read_text().split() if file.exists() else []
    return int(words[0]) if words else None


def test_a_cache_that_dies_is_started_again(plane: LocalDataPlane, tmp_path: Path) -> None:
    endpoint = plane.cache_created(REGION, "cache", port=6379, access=CacheAccess(), transit_encryption=False)
    first = _only_pid(tmp_path)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: _only_pid(tmp_path) not in (0, first))
    with redis.Redis(endpoint.address, endpoint.port) as client:
        assert client.ping()


def _only_pid(directory: Path) -> int:
    """The pid of the one child that the directory's pid files name; 0 where there is none."""
    found = [int(file.stem) for file in (directory / "run").glob("*.pid")]
    return found[0] if len(found) == 1 else 0


def _answers(dsn: str) -> bool:
    try:
        psycopg.connect(dsn).close()
    except psycopg.OperationalError:
        return False
    return True


def test_addresses_are_told_apart_and_freed(plane: LocalDataPlane) -> None:
    arns = [f"arn:aws:elasticloadbalancing:{REGION}:1:loadbalancer/app/{name}/1" for name in "abc"]
    addresses = [plane.load_balancer_created(REGION, arn, internal=False) for arn in arns]
    assert [address.rpartition(".")[2] for address in addresses] == ["1", "2", "3"]
    plane.load_balancer_deleted(REGION, arns[1])
    assert plane.load_balancer_created(REGION, arns[1], internal=False) == addresses[1]


def test_addresses_of_load_balancers_do_not_depend_on_the_order_of_creation(plane: LocalDataPlane) -> None:
    public, internal = (f"arn:aws:elasticloadbalancing:{REGION}:1:loadbalancer/app/{name}/1" for name in "pi")
    found = []
    for order in ((public, internal), (internal, public)):
        addresses = {arn: plane.load_balancer_created(REGION, arn, internal=arn == internal) for arn in order}
        found.append([addresses[arn].split(".", 2)[2] for arn in (public, internal)])
        for arn in order:
            plane.load_balancer_deleted(REGION, arn)
    assert found == [["0.1", "4.1"]] * 2


def test_a_cache_lives_and_goes(plane: LocalDataPlane) -> None:
    endpoint = plane.cache_created(REGION, "cache", port=6379, access=CacheAccess("token"), transit_encryption=False)
    with redis.Redis(endpoint.address, endpoint.port, password="token") as client:
        assert client.ping()
    plane.cache_deleted(REGION, "cache")
    late = redis.Redis(endpoint.address, endpoint.port, retry=Retry(NoBackoff(), 0))
    with late, pytest.raises(redis.ConnectionError, match="refused"):
        late.ping()


def test_a_cache_lets_others_in(plane: LocalDataPlane) -> None:
    engine = CacheUser("engine", "on ~* -@all +get", ("first",))
    access = CacheAccess(users=(CacheUser("default", "off -@all", ()), engine))
    endpoint = plane.cache_created(REGION, "cache", port=6379, access=access, transit_encryption=True)
    changed = access._replace(users=(access.users[0], engine._replace(passwords=("first", "second"))))
    plane.cache_changed(REGION, "cache", changed)
    for password in ("first", "second"):
        with redis.Redis(endpoint.address, endpoint.port, username="engine", password=password) as client:
            assert client.get("a") is None
    plane.cache_changed(REGION, "none", changed)


def test_a_database_that_cannot_start_is_told_and_forgotten(plane: LocalDataPlane, tmp_path: Path) -> None:
    data = tmp_path / "databases" / REGION / "orders"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseServerError, match="PostgreSQL 9"):
        _create(plane)
    assert _create(plane, "others").startswith("host=")
