import os
from pathlib import Path

import pytest

from engine.processes.cores import usable_cores


@pytest.fixture
def sixteen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))


@pytest.mark.usefixtures("sixteen")
@pytest.mark.parametrize(
    ("quota", "cores"), [("200000 100000", 2), ("250000 100000", 2), ("50000 100000", 1), ("max 100000", 16)]
)
def test_the_share_of_a_container(quota: str, cores: int, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    assert usable_cores(tmp_path) == cores


@pytest.mark.usefixtures("sixteen")
@pytest.mark.parametrize(("quota", "cores"), [("400000", 4), ("-1", 16), ("1700000", 16)])
def test_the_first_version_of_cgroups(quota: str, cores: int, tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cores(tmp_path) == cores


@pytest.mark.usefixtures("sixteen")
def test_no_cgroups(tmp_path: Path) -> None:
    assert usable_cores(tmp_path) == 16


def test_here() -> None:
    assert 1 <= usable_cores() <= len(os.sched_getaffinity(0))
