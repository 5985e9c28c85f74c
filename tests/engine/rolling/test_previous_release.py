"""The release before this one, its real code, on this one's schema: while it is rolled out, and after a rollback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from engine.runtime import Engine, EngineOptions
from engine.runtime.clock import DatabaseClock
from engine.storage import open_storage
from engine.storage.migrations import migrate
from engine.storage.schema import REVISION
from tests.engine.rolling.runs import ORGANIZATION, Echo, start
from tests.support.postgres import Databases

PREVIOUS_RELEASE: Final = "30fcd4a01635c734a4b41c5fb533ae8d3c9a7691"
"""The last commit whose engine knows revision 0002 of the schema."""

ROOT: Final = Path(__file__).parents[3]
RUNS: Final = Path(__file__).with_name("runs.py")
MIGRATE: Final = "import sys; from engine.storage.migrations import migrate; migrate(sys.argv[1])"


class Previous:
    """The previous release's code in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        archive = subprocess.run(
            ["git", "-C", str(ROOT), "archive", PREVIOUS_RELEASE, "engine", "contract.toml"],
            check=True,
            capture_output=True,
        )
        subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
        self._folder = folder

    def migrate(self, url: str) -> str:
        """Run its migrations and give what it says."""
        done = subprocess.run(
            self._command("-c", MIGRATE, url), check=True, capture_output=True, env=self._environment()
        )
        return done.stdout.decode()

    @contextmanager
    def running(self, url: str, prefix: str) -> Iterator[subprocess.Popen[str]]:
        """Run an engine that starts one execution after another, and kill it at the end."""
        pipe = subprocess.PIPE
        command = self._command(str(RUNS), url, prefix)
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=self._environment())
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", *arguments]

    def _environment(self) -> dict[str, str]:
        return os.environ | {"PYTHONPATH": str(self._folder)}


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Previous:
    """The previous release."""
    return Previous(tmp_path_factory.mktemp("previous"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/engine.db"
    databases: Databases = request.getfixturevalue("databases")
    return databases.empty()


@pytest.fixture
async def present(url: str) -> AsyncIterator[Engine]:
    """This release's engine, not started yet."""
    engine = Engine(open_storage(url, pool_size=3), Echo(), EngineOptions(lease_seconds=2.0, poll_seconds=0.1))
    yield engine
    await engine.stop(0)


def _succeeded(process: subprocess.Popen[str], count: int) -> None:
    """Wait until so many more executions of a process have ended, all well."""
    assert process.stdout is not None
    for _ in range(count):
        assert process.stdout.readline().endswith(" SUCCEEDED\n")


async def _ends(engine: Engine, name: str) -> None:
    arn = f"arn:aws:states:us-east-1:000000000000:execution:steps:{name}"
    over = await engine.wait_for_execution(ORGANIZATION, arn, 30)
    assert over.status == "SUCCEEDED"
    page = await engine.get_history(ORGANIZATION, arn, limit=1000)
    assert [event.id for event in page.items] == list(range(1, len(page.items) + 1))
    assert [event.type for event in page.items].count("TaskSucceeded") == 2


async def test_the_previous_release_goes_on_while_this_one_is_rolled_out(
    previous: Previous, url: str, present: Engine
) -> None:
    previous.migrate(url)
    with previous.running(url, "old") as old:
        _succeeded(old, 3)
        assert migrate(url, report=lambda _: None)[-1] == REVISION
        _succeeded(old, 5)
        await present.start()
        await start(present, "new", 1)
        await _ends(present, "new")
        _succeeded(old, 5)
    for name in ("old-0", "old-5", "old-long"):  # the last one was running when the old engine was killed
        await _ends(present, name)


async def test_the_previous_release_works_again_after_a_rollback(previous: Previous, url: str, present: Engine) -> None:
    assert migrate(url, report=lambda _: None)[-1] == REVISION
    await present.start()
    await start(present, "new", 1)
    await _ends(present, "new")
    now = DatabaseClock().now()
    for month in range(3):
        await present._storage.arrange_history(now + timedelta(days=31 * month), None)
    assert f"it has schema {REVISION}, newer than this engine's 0002, which works with this engine" in previous.migrate(
        url
    )
    with previous.running(url, "old") as old:
        _succeeded(old, 5)
    await _ends(present, "old-0")
