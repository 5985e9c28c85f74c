"""PostgreSQL extensions that tasks and reports on the engine's database may count on; the engine needs none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DBAPIError

EXTENSIONS: Final = ("pgcrypto", "pg_trgm", "btree_gin", "uuid-ossp", "pg_stat_statements", "postgis")

_KNOWN: Final = text(
    "select name, installed_version is not null from pg_available_extensions where name in :names"
).bindparams(bindparam("names", expanding=True))


def make_extensions(connection: Connection, report: Callable[[str], None]) -> None:
    """Make the extensions that the server has and the role may make, and say which were made and which skipped, why.

    One that can't be made is no failure.
    """
    with connection.begin():
        installed = {str(name): bool(done) for name, done in connection.execute(_KNOWN, {"names": EXTENSIONS})}
    absent = [name for name in EXTENSIONS if name not in installed]
    for name in EXTENSIONS:
        if installed.get(name) is False:
            _make(connection, name, report)
    if absent:
        report(f"Skipped the extensions that this server doesn't have: {', '.join(absent)}.")


def _make(connection: Connection, name: str, report: Callable[[str], None]) -> None:
    try:
        with connection.begin():
            connection.exec_driver_sql(f'create extension if not exists "{name}"')
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        reason = str(error.orig).partition("\n")[0]
        report(f"Skipped the extension {name}: {reason}.")
    else:
        report(f"Made the extension {name}.")
