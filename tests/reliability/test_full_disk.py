"""The file system of a real server runs full under load."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.reliability.conftest import unavailable
from tests.reliability.crash import endure
from tests.reliability.site import site
from tests.reliability.storms import fill_disk
from tests.support.postgres import Databases, running_server

SIZE = "160m"


@pytest.fixture
def disk(folder: Path) -> Iterator[Path]:
    """A file system of its own, small and in memory."""
    if os.geteuid() != 0:
        unavailable("It takes root to mount a file system.")
    mounted = folder / "disk"
    mounted.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(mounted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        unavailable(f"No file system can be mounted: {done.stderr.strip()}")
    yield mounted
    subprocess.run(["umount", "--lazy", str(mounted)], check=True)


@pytest.mark.fault(
    "the file system of the database is full, so that its server refuses writes, or ends",
    "Engines wait; when there is room again and the server runs, everything goes on.",
)
async def test_a_full_file_system(disk: Path, folder: Path) -> None:
    with running_server(disk) as server, (databases := Databases(server)).migrated() as url:
        async with site(databases, url, folder, Random(3), engines=2) as place:
            verdict = await endure(place, [fill_disk], seconds=3, rate=20)
    assert verdict.problems == []
    assert verdict.executions > 10
    assert "No space left on device" in server.log_file.read_text()
