"""One PostgreSQL server for all tests of a run; whoever needs a database gets one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.data.postgres import PostgresServer
from tests.support.postgres import Databases, running_server


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A running server; tests vacuum and analyze by themselves, so that plans and sizes are the same every time."""
    with running_server(tmp_path_factory.mktemp("postgres"), autovacuum="off") as server:
        yield server


@pytest.fixture(scope="session")
def databases(postgres_server: PostgresServer) -> Databases:
    """Makes databases on the server."""
    return Databases(postgres_server)
