"""The PostgreSQL of a benchmark: fresh, durable, and as slow to commit as asked."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from benchmarks.driver import SideError
from benchmarks.sides.sockets import free_ports
from engine.storage.migrations import migrate
from sandbox.data.postgres import PostgresServer

_PARAMETERS: Final = {"fsync": "on", "synchronous_commit": "on", "max_connections": "300", "shared_buffers": "512MB"}
_TPS: Final = re.compile(r"^tps = ([0-9.]+)", re.MULTILINE)
_INSERTS: Final = """
\\set id random(1, 1000000000)
insert into measured (id, data) values (:id, repeat('x', 600));
"""


class Database:
    """A running server with fsync and synchronous_commit on."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server

    @property
    def version(self) -> str:
        """PostgreSQL's version."""
        return ".".join(map(str, self._server.program.version))

    def empty(self, name: str) -> str:
        """Give the URL of a new database without anything in it."""
        with psycopg.connect(self._server.dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return f"{self._server.dsn.rpartition('/')[0]}/{name}"

    def migrated(self, name: str) -> str:
        """Give the URL of a new database with the engine's schema."""
        url = self.empty(name)
        migrate(url, report=lambda _: None)
        return url

    def insert_rate(self, clients: int, rows: int) -> float:
        """Rows a second that pgbench inserts, so many by each client, each in its own transaction, or `SideError`."""
        url = self.empty("pgbench")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("create table measured (id bigint not null, data text not null)")
        script = self._server.data_directory.with_name("inserts.sql")
        script.write_text(_INSERTS, encoding="utf-8")
        program = str(self._server.program.path.with_name("pgbench"))
        options = ["--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=1", f"--transactions={rows}"]
        ran = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [program, *options, f"--file={script}", url], capture_output=True, text=True, check=False
        )
        found = _TPS.search(ran.stdout)
        if found is None:
            raise SideError(f"pgbench told no rate: {(ran.stderr or ran.stdout).strip()[-300:]}")
        return float(found[1])


@contextmanager
def running_database(folder: Path, *, commit_milliseconds: int = 0) -> Iterator[Database]:
    """Run a server on fresh files under `folder`, which are removed at the end.

    `commit_milliseconds` is how much longer each flush of the log takes (PostgreSQL: commit_delay). The server itself
    waits, under the lock that flushes hold, so that commits which come meanwhile share a flush, as they do on a slow
    disk; reads, and transactions that write nothing, take no longer.
    """
    delay = {"commit_delay": str(commit_milliseconds * 1_000), "commit_siblings": "0"}
    server = PostgresServer(
        folder / "postgres",
        address="127.0.0.1",
        port=free_ports(1)[0],
        username="benchmark",
        password=secrets.token_urlsafe(12),
        database="main",
        parameters=_PARAMETERS | (delay if commit_milliseconds else {}),
    )
    folder.mkdir(parents=True, exist_ok=True)
    server.delete()
    try:
        with server:
            yield Database(server)
    finally:
        server.delete()
