"""A PostgreSQL server for a test run, and databases of their own for tests."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from engine.storage.migrations import migrate
from engine.storage.migrations.roles import PRIVILEGES
from engine.storage.migrations.versions.r0005_lifecycle import PROCESSES
from sandbox.data.postgres import PostgresServer

TABLES: Final = tuple(table for table in PRIVILEGES if table not in ("alembic_version", "schema_support"))
ADMIN: Final = "master"
ADMIN_PASSWORD: Final = "m'aster\\ %@:/ü"

_TERMINATE: Final = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = %s and pid <> pg_backend_pid() and backend_type = 'client backend'
"""


class Databases:
    """Makes databases on a server, empty or with the engine's schema."""

    def __init__(self, server: PostgresServer) -> None:
        self.server = server
        self._numbers = itertools.count()
        self._free: list[str] = []

    def empty(self) -> str:
        """Give the URL of a new database without anything in it."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.server.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return f"{self.server.dsn.rpartition('/')[0]}/{name}"

    @contextmanager
    def migrated(self) -> Iterator[str]:
        """Lend a database with the engine's schema and no rows of its own; it is emptied and lent again."""
        url = self._free.pop() if self._free else self._migrated()
        yield url
        self.execute(url, _TERMINATE, _name(url))
        self.execute(url, f"truncate {', '.join(TABLES)} restart identity")
        self.execute(url, PROCESSES)
        self._free.append(url)

    def _migrated(self) -> str:
        url = self.empty()
        migrate(url, report=lambda _: None)
        return url

    def execute(self, url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement as the administrator and give its rows."""
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running_server(directory: Path, **parameters: str) -> Iterator[PostgresServer]:
    """Run a server, with settings of its own, on a loopback address that no other test run is likely to have."""
    numbers = random.Random(os.urandom(8))
    address = f"127.{numbers.randint(30, 60)}.{numbers.randint(1, 250)}.{numbers.randint(1, 250)}"
    server = PostgresServer(
        directory / "postgres",
        address=address,
        port=5432,
        username=ADMIN,
        password=ADMIN_PASSWORD,
        database="main",
        # The tests kill engines, not the machine: what the server wrote is there without a sync.
        parameters={"max_connections": "200", "fsync": "off", **parameters},
    )
    with server:
        yield server


def _name(url: str) -> str:
    return url.rpartition("/")[2]
