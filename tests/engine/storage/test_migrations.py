"""Schemas from nothing to the latest, the engine's role, and schemas that the engine refuses."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import engine.storage.migrations
from engine.storage import InvalidStorageUrl, MigrationFailed, SchemaMismatch, open_storage
from engine.storage.migrations import Credentials, extensions, migrate
from engine.storage.migrations.roles import PRIVILEGES
from engine.storage.schema import REVISION
from sandbox.data.postgres import _ADMINISTRATOR
from tests.engine.storage.rows import end, start, step, stored_machine
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, Databases

ADMINISTRATOR = Credentials(ADMIN, ADMIN_PASSWORD)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new.db"
    databases: Databases = request.getfixturevalue("databases")
    return databases.empty()


def quiet(url: str) -> list[str]:
    """Migrate and say nothing."""
    return migrate(url, report=lambda _: None)


def test_the_engine_knows_the_latest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(engine.storage.migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


async def test_an_empty_database_is_migrated_once(url: str) -> None:
    told: list[str] = []
    assert await asyncio.to_thread(migrate, url, report=told.append) == [REVISION]
    assert [sentence for sentence in told if "revision" in sentence] == [told[0]]
    assert REVISION in told[0]
    assert await asyncio.to_thread(quiet, url) == []
    storage = open_storage(url)
    await storage.open()
    await storage.close()


def test_of_several_at_once_one_migrates(url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(quiet, [url] * 4))
    assert sorted(applied) == [[], [], [], [REVISION]]


async def test_a_database_without_a_schema_is_refused(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite"):
        (tmp_path / "new.db").touch()
    with pytest.raises(SchemaMismatch, match="has no schema yet: run `engine migrate`"):
        await open_storage(url).open()


async def test_an_unknown_schema_is_refused(databases: Databases) -> None:
    url = databases.empty()
    await asyncio.to_thread(quiet, url)
    databases.execute(url, "update alembic_version set version_num = %s", "9999")
    with pytest.raises(SchemaMismatch, match=f"has schema 9999 and this engine knows {REVISION} alone"):
        await open_storage(url).open()


def test_a_migration_waits_for_another_no_longer_than_it_may(databases: Databases) -> None:
    url = databases.empty()
    with psycopg.connect(url) as other:
        other.execute("select pg_advisory_lock(%s)", [engine.storage.migrations.runner._LOCK])
        with pytest.raises(MigrationFailed, match=r"held it for 0\.2 s"):
            migrate(url, lock_seconds=0.2)


def test_extensions_are_made_where_the_server_has_them_and_the_role_may(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, told = databases.empty(), list[str]()
    monkeypatch.setattr(extensions, "EXTENSIONS", ("vector", "absent", "plpgsql"))
    absent = "Skipped the extensions that this server doesn't have: absent."
    migrate(url, report=told.append)
    assert told[1:] == ['Skipped the extension vector: permission denied to create extension "vector".', absent]
    password = (databases.server.data_directory / "administrator.password").read_text()
    told.clear()
    migrate(url, engine=Credentials(_ADMINISTRATOR, password), report=told.append)
    assert told == ["Made the extension vector.", absent]
    told.clear()
    migrate(url, report=told.append)
    assert told == [absent]
    installed = databases.execute(url, "select extname from pg_extension order by extname")
    assert installed == [("plpgsql",), ("vector",)]


def test_bad_targets_are_named() -> None:
    with pytest.raises(InvalidStorageUrl, match="doesn't exist"):
        migrate("sqlite:////nowhere/engine.db")
    with pytest.raises(MigrationFailed, match=r"The database x at 127\.0\.0\.1:1 can't be reached"):
        migrate("postgresql://nobody:hidden@127.0.0.1:1/x")


async def test_the_engines_role_can_do_its_work_and_nothing_else(databases: Databases) -> None:
    url, role, told = databases.empty(), Credentials('engine"s role', "p'a\\ss %w@:/ü"), list[str]()
    for _ in range(2):
        await asyncio.to_thread(migrate, url, admin=ADMINISTRATOR, engine=role, report=told.append)
    assert [sentence for sentence in told if "role" in sentence] == ['Created the role "engine"s role".']
    assert not any(str(role.password) in sentence for sentence in told)

    async def password(*, refresh: bool = False) -> str:
        assert not refresh
        return str(role.password)

    host, name = url.rpartition("@")[2].split("/")
    storage = open_storage(f"postgresql://engine%22s%20role@{host}/{name}", password=password)
    await storage.open()
    machine, lease = await stored_machine(storage), await storage.register_process("a", 60)
    first = start(machine)
    for write in (first, step(first.execution_id, 2, 3), end(first.execution_id, 3, 5)):
        assert await storage.commit(lease.epoch, [write]) == {first.execution_id}
    await storage.claim(lease.epoch, 10)
    await storage.remove_lapsed()
    await storage.close()
    with psycopg.connect(url, user=role.user, password=role.password) as connection:
        for forbidden in (
            "delete from history",
            "update history set event_id = 0",
            "create table x ()",
            "truncate timers",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(forbidden.encode())


def test_the_role_has_rights_on_every_table(databases: Databases) -> None:
    url = databases.empty()
    quiet(url)
    tables = databases.execute(url, "select tablename from pg_tables where schemaname = 'public'")
    assert {str(name) for (name,) in tables} == set(PRIVILEGES)


def test_the_password_never_reaches_the_servers_log(databases: Databases) -> None:
    url = databases.empty()
    databases.execute(url, f"alter database {url.rpartition('/')[2]} set client_min_messages = 'debug1'")
    migrate(url, admin=ADMINISTRATOR, engine=Credentials("logged", "dont-log-me"), report=lambda _: None)
    databases.server.stop()
    databases.server.start()
    assert "dont-log-me" not in databases.server.log_file.read_text()
    stored = databases.execute(url, "select rolname from pg_roles where rolname = 'logged'")
    assert stored == [("logged",)]
