import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sandbox.data import binaries
from sandbox.data.postgres import DatabaseServerError, PostgresServer


def _server(directory: Path, network: str, host: int = 200) -> PostgresServer:
    return PostgresServer(
        directory,
        address=f"{network}.2.{host}",
        port=5432,
        username="master",
        password="p@ss/'word",
        database="orders",
        parameters={"rds.force_ssl": "1", "log_min_duration_statement": "1234", "shared_buffers": "{Memory/4}"},
    )


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("postgres") / "data"


@pytest.fixture(scope="module")
def server(directory: Path, network: str) -> Iterator[PostgresServer]:
    with _server(directory, network) as running:
        yield running


def _ask(server: PostgresServer, query: str) -> object:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(query.encode()).fetchone()
        return row[0] if row else None


def test_version_is_15_or_newer(server: PostgresServer) -> None:
    assert int(str(_ask(server, "SHOW server_version_num"))) >= 150000


def test_the_master_user_owns_its_database_and_is_no_superuser(server: PostgresServer) -> None:
    assert _ask(server, "SELECT current_database() || ' ' || current_user") == "orders master"
    assert _ask(server, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE public.t (id int)")
        connection.execute("CREATE ROLE least LOGIN PASSWORD 'x'")
        connection.execute("GRANT SELECT ON t TO least")
        connection.rollback()


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(server.dsn.replace("word", "world"))


def test_commits_are_durable_and_passwords_hashed(server: PostgresServer) -> None:
    assert _ask(server, "SHOW fsync") == "on"
    assert _ask(server, "SHOW password_encryption") == "scram-sha-256"


def test_parameters_are_set_or_reported(server: PostgresServer) -> None:
    assert _ask(server, "SHOW log_min_duration_statement") == "1234ms"
    assert set(server.ignored_parameters) == {"rds.force_ssl", "shared_buffers"}


def test_extensions_are_known(server: PostgresServer) -> None:
    assert "plpgsql" in server.extensions()


def test_it_never_runs_as_root(server: PostgresServer) -> None:
    user = binaries.run_as()
    expected = os.geteuid() if user is None else user.user
    pid = int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])
    assert expected != 0
    assert Path(f"/proc/{pid}").stat().st_uid == expected
    assert (server.data_directory / "PG_VERSION").stat().st_uid == expected


def test_data_survives_a_restart_and_the_password_changes(tmp_path: Path, network: str) -> None:
    server = _server(tmp_path / "data", network, 201)
    with server, psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    again = _server(tmp_path / "data", network, 201)
    again.password = "two"
    with again:
        assert _ask(again, "SELECT answer FROM kept") == 42
        again.change(password="three")
        assert _ask(again, "SELECT 1") == 1
        again.change(parameters={"work_mem": "8MB"})
        assert _ask(again, "SHOW work_mem") == "8MB"
    again.delete()
    assert list(tmp_path.iterdir()) == []


def test_a_taken_port_is_told(server: PostgresServer, tmp_path: Path, network: str) -> None:
    second = _server(tmp_path / "data", network)
    with pytest.raises(DatabaseServerError, match=f"{network}.2.200:5432 can't be listened on .*in use"):
        second.start()
    assert not second.running
    assert server.running


def test_data_of_another_version_is_refused(tmp_path: Path, network: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseServerError, match="was made by PostgreSQL 9"):
        _server(tmp_path / "data", network, 203).start()


def test_a_server_that_cannot_be_prepared_is_told_and_stopped(tmp_path: Path, network: str) -> None:
    server = _server(tmp_path / "data", network, 204)
    with server:
        pass
    (tmp_path / "data" / "administrator.password").write_text("another")
    with pytest.raises(DatabaseServerError, match=r"refuses its administrator: .* authentication failed"):
        server.start()
    assert not server.running


def test_a_closed_parent_directory_is_no_obstacle(tmp_path: Path, network: str) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = PostgresServer(
        closed / "data", address=f"{network}.2.202", port=5432, username="master", password="x", database="postgres"
    )
    with server:
        assert _ask(server, "SELECT 1") == 1
