"""Schemas from nothing to the latest, the engine's role, and schemas that the engine refuses."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.command import upgrade
from alembic.config import Config
from alembic.script import ScriptDirectory
from msgspec import structs

import engine.storage.migrations
from engine.storage import InvalidStorageUrl, MigrationFailed, SchemaMismatch, Storage, open_storage
from engine.storage.migrations import Credentials, extensions, migrate
from engine.storage.migrations.roles import PRIVILEGES
from engine.storage.records import (
    Activity,
    ActivityTask,
    Alias,
    Machine,
    Origin,
    PublishedVersion,
    Route,
    Write,
)
from engine.storage.schema import REVISION
from engine.storage.sqlite.values import from_time
from sandbox.data.postgres import _ADMINISTRATOR
from tests.engine.storage.rows import NOW, end, failed, later, redrive, start, step, stored_machine, stored_map_run
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, Databases

REVISIONS = ["0001", "0002", "0003", "0004", "0005", "0006", "0007"]
ADMINISTRATOR = Credentials(ADMIN, ADMIN_PASSWORD)


BYTES = {"sqlite": "x'7b7d'", "postgr": "'\\x7b7d'"}
OLD_ROWS = (
    "insert into organizations (name, account) values ('default', '000000000001')",
    """
    insert into state_machines (id, organization, name, kind, version, created_at)
    values ({machine}, 'default', 'orders', 'STANDARD', 1, {time})
    """,
    """
    insert into state_machine_versions (state_machine_id, version, definition, role_arn, description, created_at)
    values ({machine}, 1, '{{}}', '', '', {time})
    """,
    """
    insert into executions (id, state_machine_id, version, name, status, input, started_at)
    values ({execution}, {machine}, 1, 'one', 'RUNNING', '1', {time})
    """,
    "insert into active_executions (execution_id, owner, sequence, snapshot) values ({execution}, 0, 4, {bytes})",
)


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


def _literal(url: str, value: UUID | datetime) -> str:
    if isinstance(value, datetime):
        return str(from_time(value)) if url.startswith("sqlite") else f"'{value.isoformat()}'"
    return f"x'{value.hex}'" if url.startswith("sqlite") else f"'{value}'"


def _execute(databases: Databases, url: str, statement: str) -> None:
    if not url.startswith("sqlite"):
        databases.execute(url, statement)
        return
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(statement)


def test_the_engine_knows_the_latest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(engine.storage.migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


async def test_an_empty_database_is_migrated_once(url: str) -> None:
    told: list[str] = []
    assert await asyncio.to_thread(migrate, url, report=told.append) == REVISIONS
    assert [sentence.split(":")[0] for sentence in told if "revision" in sentence] == [
        f"Applied revision {revision}" for revision in REVISIONS
    ]
    assert await asyncio.to_thread(quiet, url) == []
    storage = open_storage(url)
    await storage.open()
    await storage.close()


def test_of_several_at_once_one_migrates(url: str) -> None:
    with ThreadPoolExecutor(4) as threads:
        applied = list(threads.map(quiet, [url] * 4))
    assert sorted(applied) == [[], [], [], REVISIONS]


async def test_what_an_older_engine_stored_stays_valid(
    url: str, monkeypatch: pytest.MonkeyPatch, databases: Databases
) -> None:
    with monkeypatch.context() as older:
        older.setattr(command, "upgrade", lambda config, _: upgrade(config, "0001"))
        assert await asyncio.to_thread(quiet, url) == ["0001"]
    key, machine = UUID(int=1), UUID(int=2)
    text = [_literal(url, value) for value in (machine, key)]
    for statement in OLD_ROWS:
        _execute(
            databases,
            url,
            statement.format(machine=text[0], execution=text[1], time=_literal(url, NOW), bytes=BYTES[url[:6]]),
        )
    assert await asyncio.to_thread(quiet, url) == REVISIONS[1:]
    storage = open_storage(url)
    await storage.open()
    found, execution = await storage.find_machine("default", "orders"), await storage.get_execution(key)
    assert found is not None
    assert execution is not None
    assert (found.id, found.configuration, found.deleting, found.created_at) == (machine, "{}", False, NOW)
    assert (execution.origin, execution.redrive_count, execution.label) == (Origin(), 0, None)
    again = await storage.get_version(machine, 1)
    assert again == found
    assert not await storage.create_machine(found)
    lease = await storage.register_process("a", 60)
    [claimed] = await storage.claim(lease.epoch, 10)
    assert (claimed.id, claimed.sequence) == (key, 4)
    assert await storage.commit(lease.epoch, [end(key, 5, 9)]) == {key}
    await storage.close()


async def test_a_database_without_a_schema_is_refused(url: str, tmp_path: Path) -> None:
    if url.startswith("sqlite"):
        (tmp_path / "new.db").touch()
    with pytest.raises(SchemaMismatch, match="has no schema yet: run `engine migrate`"):
        await open_storage(url).open()


def test_a_migration_waits_for_another_no_longer_than_it_may(databases: Databases) -> None:
    url = databases.empty()
    with psycopg.connect(url) as other:
        other.execute("select pg_advisory_lock(%s)", [engine.storage.migrations.runner._LOCK])
        with pytest.raises(MigrationFailed, match=r"held it for 0\.2 s"):
            migrate(url, lock_seconds=0.2)


def test_a_migration_holds_nobody_up_while_it_waits_for_a_table(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.empty()
    with monkeypatch.context() as older:
        older.setattr(command, "upgrade", lambda config, _: upgrade(config, "0002"))
        quiet(url)
    monkeypatch.setattr(engine.storage.migrations.runner, "_TABLE_LOCK_MILLISECONDS", 50)
    monkeypatch.setattr(engine.storage.migrations.runner, "_RETRY_SECONDS", 0.01)
    with psycopg.connect(url) as reader, ThreadPoolExecutor(1) as thread:
        reader.execute("select count(*) from history")
        told: list[str] = []
        migrating = thread.submit(migrate, url, report=told.append)
        for number in range(20):
            row = f"insert into history values ('{UUID(int=number)}', 1, 1, '')"
            databases.execute(url, f"set lock_timeout = '5s'; {row}")
        assert not migrating.done()
        reader.rollback()
        assert migrating.result() == REVISIONS[2:]
    assert [line.split(":")[0] for line in told if "revision" in line] == [
        f"Applied revision {r}" for r in REVISIONS[2:]
    ]
    assert databases.execute(url, "select count(*) from history") == [(20,)]


def test_extensions_are_made_where_the_server_has_them_and_the_role_may(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, told = databases.empty(), list[str]()
    monkeypatch.setattr(extensions, "EXTENSIONS", ("vector", "absent", "plpgsql"))
    absent = "Skipped the extensions that this server doesn't have: absent."
    migrate(url, report=told.append)
    assert told[len(REVISIONS) :] == [
        'Skipped the extension vector: permission denied to create extension "vector".',
        absent,
    ]
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
    await _use_everything(storage, machine, lease.epoch)
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


async def _use_everything(storage: Storage, machine: Machine, epoch: int) -> None:
    """Do what needs a right on each of the tables that few executions need."""
    assert len(await storage.token_key()) == 32
    activity = Activity(id=machine.id, organization="default", name="approve", created_at=NOW)
    assert await storage.create_activity(activity)
    parent = start(machine, "parent")
    task = ActivityTask(parent.execution_id, "1", activity.id, "{}")
    asking = structs.replace(parent, activity_tasks_added=(task,))
    for write in (asking, failed(parent.execution_id, 2, 3), redrive(parent.execution_id, 4)):
        assert await storage.commit(epoch, [write]) == {parent.execution_id}
    again = Write(
        execution_id=parent.execution_id,
        sequence=2,
        snapshot=b"",
        activity_tasks_added=(task,),
        payloads=((b"1", b"1"),),
    )
    await storage.commit(epoch, [again])
    assert await storage.read_payloads(parent.execution_id, [b"1"]) == {b"1": b"1"}
    assert await storage.take_activity_task(activity.id, lambda _: b"started") == task
    run = await stored_map_run(storage, machine, parent)
    assert await storage.update_map_run(epoch, run)
    published = PublishedVersion(state_machine_id=machine.id, number=0, version=1, description="", created_at=NOW)
    assert (await storage.publish_version(published)).number == 1
    routes = (Route(1, 100),)
    alias = Alias(
        state_machine_id=machine.id, name="live", description="", routes=routes, created_at=NOW, updated_at=NOW
    )
    assert await storage.put_alias(alias, new=True) == await storage.put_alias(alias, new=False) == "stored"
    await storage.set_tags(activity.id, {"a": "1"})
    await storage.set_tags(activity.id, {"a": "2"})
    assert await storage.delete_activity("default", "approve")
    assert await storage.purge_snapshots(later(99)) == 0
    assert await storage.delete_machine("default", "orders")


def test_the_role_has_rights_on_every_table(databases: Databases) -> None:
    url = databases.empty()
    quiet(url)
    tables = databases.execute(
        url,
        "select relname from pg_class where relkind in ('r', 'p') and not relispartition "
        "and relnamespace = 'public'::regnamespace",
    )
    assert {str(name) for (name,) in tables} == set(PRIVILEGES)


def test_the_password_never_reaches_the_servers_log(databases: Databases) -> None:
    url = databases.empty()
    databases.execute(url, f"alter database {url.rpartition('/')[2]} set client_min_messages = 'debug1'")
    migrate(url, admin=ADMINISTRATOR, engine=Credentials("logged", "dont-log-me"), report=lambda _: None)
    password = (databases.server.data_directory / "administrator.password").read_text()
    with psycopg.connect(url, user=_ADMINISTRATOR, password=password, autocommit=True) as connection:
        connection.execute("checkpoint")  # so that the server has little left to write when it stops
    databases.server.stop()
    databases.server.start()
    assert "dont-log-me" not in databases.server.log_file.read_text()
    stored = databases.execute(url, "select rolname from pg_roles where rolname = 'logged'")
    assert stored == [("logged",)]
