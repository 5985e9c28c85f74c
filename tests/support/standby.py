"""Replicas of a test's PostgreSQL server, and their promotion."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from sandbox.data.postgres import PostgresServer

_REPLICATION = "host replication all 127.0.0.0/8 scram-sha-256\n"


class Standby(PostgresServer):
    """A server that follows another one until it is promoted."""

    def promote(self) -> None:
        """Make it a server of its own; returns when it takes writes."""
        with self._administrator() as connection:
            connection.execute("select pg_promote(wait => true)")

    def _own_settings(self) -> dict[str, str]:
        return super()._own_settings() | {"synchronous_standby_names": "", "hot_standby": "on"}

    def _ensure_master_user(self) -> None:
        """Leave the roles as they come from the other server."""


@contextmanager
def synchronous_standby(primary: PostgresServer, directory: Path, address: str) -> Iterator[Standby]:
    """Run a replica that has everything that the primary acknowledges, as long as it runs."""
    with following(primary, directory, address) as standby:
        _set_synchronous(primary, "*")
        try:
            yield standby
        finally:
            if primary.running:
                _set_synchronous(primary, "")


@contextmanager
def following(primary: PostgresServer, directory: Path, address: str) -> Iterator[Standby]:
    """Run a replica that comes after the primary."""
    hba = primary.data_directory / "pg_hba.conf"
    hba.write_text(hba.read_text() + _REPLICATION)
    with primary._administrator() as connection:
        connection.execute("select pg_reload_conf()")
        source = connection.info.dsn + f" password={connection.info.password}"
    program = primary.program.path.with_name("pg_basebackup")
    command = [str(program), "-D", str(directory), "-d", source, "-R", "--checkpoint=fast", "--no-sync"]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    standby = Standby(
        directory,
        address=address,
        port=primary.port,
        username=primary.username,
        password=primary.password,
        database=primary.database,
        parameters=primary._parameters,
    )
    with standby:
        yield standby


def _set_synchronous(primary: PostgresServer, names: str) -> None:
    with primary._administrator() as connection:
        connection.execute(sql.SQL("alter system set synchronous_standby_names = {}").format(sql.Literal(names)))
        connection.execute("select pg_reload_conf()")
