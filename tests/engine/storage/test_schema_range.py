"""Which engines work on which schemas: an older engine on a newer one that serves it, and no other way."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

import engine.storage.migrations
from engine.storage import MigrationFailed, SchemaMismatch, open_storage
from engine.storage.migrations import Credentials, migrate
from engine.storage.schema import REVISION, Schema, require_known_schema
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, Databases

NEWER = "9998"


class Database:
    """A migrated database whose word about its schema can be changed."""

    def __init__(self, url: str, databases: Databases | None) -> None:
        self.url = url
        self._databases = databases
        migrate(url, report=lambda _: None)

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement."""
        if self._databases is not None:
            return self._databases.execute(self.url, statement)
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection, connection:
            return connection.execute(statement).fetchall()

    def become(self, revision: str, oldest_engine: str | None) -> None:
        """Say that the schema is another."""
        self.execute(f"update alembic_version set version_num = '{revision}'")
        self.execute("delete from schema_support")
        if oldest_engine is not None:
            self.execute(f"insert into schema_support values ('{oldest_engine}')")

    def state(self) -> Sequence[object]:
        """Give what the database says."""
        return [*self.execute("select version_num from alembic_version"), *self.execute("select * from schema_support")]

    async def open(self) -> None:
        """Open it as an engine does."""
        storage = open_storage(self.url)
        await storage.open()
        await storage.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database with this engine's schema."""
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path}/engine.db", None)
    databases: Databases = request.getfixturevalue("databases")
    return Database(databases.empty(), databases)


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(engine.storage.migrations.__file__).parent))
    return ScriptDirectory.from_config(config)


def test_every_revision_says_which_engines_it_serves() -> None:
    for script in _scripts().walk_revisions():
        assert "0001" <= script.module.oldest_engine <= script.revision


def test_a_migration_writes_down_what_its_latest_revision_says(database: Database) -> None:
    latest = _scripts().get_revision(REVISION).module.oldest_engine
    assert database.state() == [(REVISION,), (latest,)]
    database.execute("drop table schema_support")
    migrate(database.url, report=lambda _: None)
    assert database.state() == [(REVISION,), (latest,)]


@pytest.mark.parametrize("oldest_engine", ["0001", REVISION])
async def test_an_older_engine_works_on_a_schema_that_serves_it(database: Database, oldest_engine: str) -> None:
    database.become(NEWER, oldest_engine)
    await database.open()


@pytest.mark.parametrize("oldest_engine", [None, NEWER])
async def test_an_older_engine_is_refused_by_a_schema_that_does_not(
    database: Database, oldest_engine: str | None
) -> None:
    database.become(NEWER, oldest_engine)
    with pytest.raises(SchemaMismatch, match=f"has schema {NEWER}, which works with engines from {NEWER} on, and this"):
        await database.open()


async def test_an_older_schema_is_refused(database: Database) -> None:
    database.become("0001", "0001")
    with pytest.raises(SchemaMismatch, match=f"has schema 0001 and this engine needs {REVISION}: run `engine migrate`"):
        await database.open()


async def test_a_database_that_says_nothing_serves_its_own_engines(database: Database) -> None:
    database.execute("drop table schema_support")
    await database.open()


def test_a_schema_of_two_lines_is_refused() -> None:
    with pytest.raises(SchemaMismatch, match=f"has schema 0001, {NEWER} and this engine needs"):
        require_known_schema(Schema([NEWER, "0001"], "0001"), "x")


def test_migrating_a_newer_schema_that_serves_this_engine_changes_nothing(database: Database) -> None:
    database.become(NEWER, REVISION)
    before, told = database.state(), list[str]()
    assert migrate(database.url, report=told.append) == []
    assert database.state() == before
    [sentence] = told
    assert f"it has schema {NEWER}, newer than this engine's {REVISION}, which works with this engine" in sentence


def test_migrating_a_newer_schema_that_does_not_serve_this_engine_fails(database: Database) -> None:
    database.become(NEWER, NEWER)
    with pytest.raises(MigrationFailed, match="start a newer engine"):
        migrate(database.url, report=lambda _: None)
    assert database.state() == [(NEWER,), (NEWER,)]


async def test_the_engines_role_may_read_what_the_schema_says(databases: Databases) -> None:
    url, password = databases.empty(), "of-the-reader"
    administrator = Credentials(ADMIN, ADMIN_PASSWORD)
    migrate(url, admin=administrator, engine=Credentials("schema_reader", password), report=lambda _: None)
    databases.execute(url, f"update alembic_version set version_num = '{NEWER}'")
    databases.execute(url, f"update schema_support set oldest_engine = '{REVISION}'")
    storage = open_storage(f"postgresql://schema_reader:{password}@{url.rpartition('@')[2]}")
    await storage.open()
    await storage.close()
