"""The command line, as processes of their own."""

import os
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

ROOT = Path(__file__).parents[3]
COMPONENT = ROOT / "tests" / "engine" / "api" / "component"
EXAMPLE = ROOT / "examples" / "order-processing"
SECRET = "a secret of thirty-two characters"
LONGEST_SECONDS = 240


def environment(folder: Path, **changes: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {
        "PYTHONPATH": str(ROOT),
        "HOST": "127.0.0.1",
        "WORKFLOW_ADDR": ":0",
        "MANAGEMENT_PORT": "0",
        "WORKFLOW_DB_FILE": str(folder / "engine.db"),
        "SHUTDOWN_DRAIN_SECONDS": "3",
        **changes,
    }


class Done(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


class Command(Protocol):
    """Runs a command of the engine in a folder, with variables of the environment."""

    def __call__(self, *arguments: str, **changes: str) -> Done: ...


def finished(folder: Path, *arguments: str) -> Done:
    """Runs a command in a process of its own, to its end."""
    done = subprocess.run(
        [sys.executable, "-m", "engine", *arguments],
        cwd=folder,
        env=environment(folder),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(folder: Path, *arguments: str, **changes: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "engine", *arguments],
        cwd=folder,
        env=environment(folder, **changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        bufsize=0,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[bytes], pattern: str) -> str:
    """The first line of output that matches."""
    assert process.stdout is not None
    seen = ""
    while select.select([process.stdout], [], [], LONGEST_SECONDS)[0]:
        line = process.stdout.readline().decode()
        seen += line
        if re.search(pattern, line):
            return line
        if not line:
            break
    raise AssertionError(f"no {pattern!r} in:\n{seen}")
