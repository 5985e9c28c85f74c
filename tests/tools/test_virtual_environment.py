"""The virtual environment's checks before anything is installed."""

import sys
from pathlib import Path

import pytest

from tools import virtual_environment
from tools.progress import SetupError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    for name in ("uv.txt", "develop.txt"):
        (tmp_path / "requirements" / name).write_text("")
    return tmp_path


def test_an_old_python_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_environment, "MINIMUM_PYTHON", (3, 99))

    with pytest.raises(SetupError, match=rf"Python 3\.\d+\.\d+ at {sys.executable} is too old"):
        virtual_environment.ensure(root)


def test_a_full_disk_is_said_with_both_figures(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_environment, "FREE_BYTES", 2**60)

    with pytest.raises(SetupError, match=r"Not enough disk under .*need 1073741824 GiB free, and [\d.]+ GiB are"):
        virtual_environment.ensure(root)


def test_an_environment_with_the_same_lock_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed: list[Path] = []

    def install(_root: Path, environment: Path, _lock: Path) -> None:
        environment.mkdir(exist_ok=True)
        installed.append(environment)

    monkeypatch.setattr(virtual_environment, "_install", install)
    virtual_environment.ensure(root)
    virtual_environment.ensure(root)
    assert len(installed) == 1

    (root / "requirements" / "develop.txt").write_text("another==1\n")
    virtual_environment.ensure(root)
    assert len(installed) == 2


def _interpreter(root: Path, version: str | None) -> None:
    """An environment whose interpreter says that it is of a version, or is gone."""
    python = root / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    if version is None:
        python.symlink_to(root / "removed")
    else:
        python.write_text(f"#!/bin/sh\ncat <<'END'\n{version}\nEND\n")
        python.chmod(0o755)


@pytest.mark.parametrize(("version", "made"), [(sys.version, False), ("3.10.1 (main)", True), (None, True)])
def test_an_environment_of_another_python_is_made_anew(
    root: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, *, made: bool
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(virtual_environment, "run", ran.append)
    _interpreter(root, version)

    virtual_environment.ensure(root)

    assert (ran[0] == [sys.executable, "-m", "venv", "--clear", str(root / ".venv")]) is made
    assert ran[-1][-1] == str(root / "requirements" / "develop.txt")
