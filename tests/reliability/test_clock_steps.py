"""The clocks of the engines' host are set under load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.reliability.conftest import unavailable
from tests.reliability.crash import endure
from tests.reliability.site import site
from tests.reliability.storms import CLOCK, set_clocks
from tests.support.postgres import Databases


@pytest.fixture
def adjustable(folder: Path) -> Iterator[dict[str, str]]:
    """Settings of processes whose clock, but not their monotonic one, is as far off as a file says."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
    if library is None:
        unavailable("The Debian package faketime isn't installed (see tools/apt-packages.txt).")
    (folder / CLOCK).write_text("+1800\n")
    before = _shared()
    yield {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(folder / CLOCK),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    for left in _shared() - before:
        left.unlink(missing_ok=True)


def _shared() -> set[Path]:
    """Give the shared memory of processes under libfaketime; those that are killed leave it."""
    return set(Path("/dev/shm").glob("*faketime_s*"))


@pytest.mark.fault(
    "the clocks of the engines' hosts are set forward and back, by up to an hour, while they run",
    "Nothing: the database's clock counts.",
)
async def test_clocks_are_set(databases: Databases, url: str, folder: Path, adjustable: dict[str, str]) -> None:
    async with site(databases, url, folder, Random(5), engines=2, more=adjustable) as place:
        verdict = await endure(place, [set_clocks], seconds=4, rate=10)
        assert all(member.has_loaded("libfaketime") for member in place.cluster.members)
    assert verdict.problems == []
    assert verdict.executions > 10
