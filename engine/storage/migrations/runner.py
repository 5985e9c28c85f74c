"""Bringing a database's schema up to date."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import Script
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from engine.storage.errors import InvalidStorageUrl, MigrationFailed
from engine.storage.migrations.extensions import make_extensions
from engine.storage.migrations.roles import Role, prepare_role
from engine.storage.migrations.support import read_schema
from engine.storage.postgresql import SslMode
from engine.storage.schema import REVISION, Schema, too_new
from engine.storage.url import MemoryUrl, PostgresUrl, SqliteUrl, parse_url

_LOCK: Final = 0x776F_726B_666C_6F77
"""Key of the advisory lock that migrations hold: "workflow" in ASCII."""

_LOCK_NOT_AVAILABLE: Final = "55P03"

_TABLE_LOCK_MILLISECONDS: Final = 2000
_RETRY_SECONDS: Final = 0.5


class Credentials(msgspec.Struct, frozen=True):
    """A role's name and its password, which may have any characters."""

    user: str
    password: str | None


def migrate(
    url: str,
    *,
    engine: Credentials | None = None,
    admin: Credentials | None = None,
    ssl_mode: SslMode = "prefer",
    ssl_root_certificate: Path | None = None,
    lock_seconds: float = 60.0,
    report: Callable[[str], None] = print,
) -> list[str]:
    """Bring the schema behind `url` up to date and give the revisions that were applied, oldest first.

    With `admin`, that role makes the schema, makes the role `engine` or sets its password, and grants it what the
    engine needs and nothing else. Without, `engine` itself makes the schema, or else the user in the URL. Extensions
    are made where the server has them and that user may. Running it again changes nothing; of several at once one works
    and the others wait, up to `lock_seconds`. Each revision, extension and change of a role is told to `report` in one
    sentence. A newer engine's schema that serves this one is left alone, which is told too. Raises MigrationFailed,
    also for a newer schema that doesn't, and InvalidStorageUrl.
    """
    match parse_url(url):
        case MemoryUrl():
            return []
        case SqliteUrl(path=path):
            return _migrate_sqlite(path, lock_seconds, report)
        case PostgresUrl() as target:
            login = admin or engine or Credentials(target.user, target.password)
            role = Role(engine.user, engine.password) if admin is not None and engine is not None else None
            address = _address(target, login)
            options = _options(ssl_mode, ssl_root_certificate)
            return _migrate_postgresql(address, options, role, lock_seconds, report)


def _migrate_sqlite(path: Path, lock_seconds: float, report: Callable[[str], None]) -> list[str]:
    if not path.parent.is_dir():
        raise InvalidStorageUrl(f"The folder {path.parent} of the SQLite database {path.name} doesn't exist.")
    address = sqlalchemy.URL.create("sqlite", database=str(path))
    database = sqlalchemy.create_engine(address, connect_args={"timeout": lock_seconds}, poolclass=sqlalchemy.NullPool)
    applied: list[str] = []
    sqlalchemy.event.listen(database, "connect", _leave_transactions_to_us)
    sqlalchemy.event.listen(database, "begin", _begin_immediate)
    with _failures(f"the SQLite database {path}", lock_seconds), database.begin() as connection:
        if not _is_newer(read_schema(connection), str(path), report):
            applied.extend(_upgrade(connection, report))
    return applied


def _leave_transactions_to_us(connection: Any, _: object) -> None:  # noqa: ANN401 - sqlite3's, seen by SQLAlchemy
    connection.execute("pragma journal_mode = wal")
    connection.isolation_level = None


def _begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock at once, so that migrations at the same time queue up."""
    connection.exec_driver_sql("begin immediate")


def _migrate_postgresql(
    address: sqlalchemy.URL,
    options: dict[str, str],
    role: Role | None,
    lock_seconds: float,
    report: Callable[[str], None],
) -> list[str]:
    database = sqlalchemy.create_engine(address, connect_args=options, poolclass=sqlalchemy.NullPool)
    name = f"the database {address.database} at {address.host}:{address.port}"
    with _failures(name, lock_seconds), database.connect() as connection:
        milliseconds = int(lock_seconds * 1000)
        connection.exec_driver_sql(f"set lock_timeout = {milliseconds}")
        connection.exec_driver_sql(f"select pg_advisory_lock({_LOCK})")
        newer = _is_newer(read_schema(connection), str(address.database), report)
        connection.commit()
        if newer:
            return []
        applied = _upgrade_patiently(connection, lock_seconds, report)
        make_extensions(connection, report)
        if role is not None:
            with connection.begin():
                prepare_role(connection, role, report)
    return applied


def _is_newer(schema: Schema, database: str, report: Callable[[str], None]) -> bool:
    if not schema.is_newer():
        return False
    if not schema.serves():
        raise MigrationFailed(too_new(schema, database))
    newer = f"schema {schema.revisions[0]}, newer than this engine's {REVISION}"
    report(f"Left the database {database} alone: it has {newer}, which works with this engine.")
    return True


def _upgrade_patiently(connection: Connection, seconds: float, report: Callable[[str], None]) -> list[str]:
    """Upgrade without waiting for a table's lock for long: whoever wants the table meanwhile waits behind us."""
    deadline = time.monotonic() + seconds
    connection.exec_driver_sql(f"set lock_timeout = {min(_TABLE_LOCK_MILLISECONDS, int(seconds * 1000))}")
    connection.commit()
    while True:
        try:
            return _upgrade(connection, report)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)


def _upgrade(connection: Connection, report: Callable[[str], None]) -> list[str]:
    applied: list[Script] = []

    def note(*, step: Any, **_: object) -> None:  # noqa: ANN401 - Alembic's MigrationInfo
        applied.append(step.up_revision)

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["on_version_apply"] = note
    command.upgrade(config, "head")
    for script in applied:
        report(f"Applied revision {script.revision}: {script.doc}")
    return [script.revision for script in applied]


def _address(target: PostgresUrl, login: Credentials) -> sqlalchemy.URL:
    return sqlalchemy.URL.create(
        "postgresql+psycopg",
        username=login.user,
        password=login.password,
        host=target.host,
        port=target.port,
        database=target.database,
    )


def _options(ssl_mode: SslMode, root_certificate: Path | None) -> dict[str, str]:
    options = {"sslmode": ssl_mode, "application_name": "workflow-engine migrate", "connect_timeout": "10"}
    if ssl_mode == "verify-full":
        options["sslrootcert"] = str(root_certificate) if root_certificate is not None else "system"
    return options


@contextmanager
def _failures(database: str, lock_seconds: float) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().replace("\n", " ")
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE or reason == "database is locked":
            reason = f"another migration or a long transaction held it for {lock_seconds:g} s"
        what = "can't be reached or locked" if isinstance(error, OperationalError) else "can't be migrated"
        raise MigrationFailed(f"{database[0].upper()}{database[1:]} {what}: {reason}.") from error
