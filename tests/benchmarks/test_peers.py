"""What the peers are pinned to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.driver import ROOT
from benchmarks.peers import installing

PEERS = ROOT / "benchmarks" / "peers"


def test_every_python_package_has_hashes_and_no_address() -> None:
    lock = (PEERS / "requirements.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[a-z].*?(?=^[a-z]|\Z)", lock, re.MULTILINE | re.DOTALL)
    assert all("==" in package and "--hash=sha256:" in package for package in packages)
    assert "://" not in lock


def test_every_npm_package_has_a_hash_and_no_address() -> None:
    lock = json.loads((PEERS / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for name, package in lock["packages"].items() if name]
    assert all(package["integrity"].startswith("sha512-") and "resolved" not in package for package in packages)


def test_versions_of_all_sides_are_told() -> None:
    told = report.versions("18.4", PEERS)
    assert {"engine", "Python", "PostgreSQL", "dbos", "restate-sdk", "restate-server", "temporalio"} <= told.keys()


def test_a_peer_that_cannot_be_had_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = installing.install(tmp_path, temporal=False)
    assert (found.python, found.restate, found.temporal) == (None, None, None)
    assert "make venv" in found.missing["DBOS"]
    assert found.missing.keys() == {"Restate", "DBOS", "Temporal"}
    assert "--with temporal" in found.missing["Temporal"]
