"""The server of the tests that break it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.postgres import Databases, running_server


@pytest.fixture(scope="session")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """A running server, which tests may crash."""
    with running_server(tmp_path_factory.mktemp("postgres")) as server:
        yield Databases(server)


@pytest.fixture
def url(databases: Databases) -> Iterator[str]:
    """A database of the test's own, with the engine's schema."""
    with databases.migrated() as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where processes of other users may look."""
    tmp_path.chmod(0o755)
    return tmp_path


def unavailable(sentence: str) -> NoReturn:
    """Skip a test for which this machine has no means; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
