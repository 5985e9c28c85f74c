"""Progress lines of the set-up, and the one way it fails."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_STARTED = time.monotonic()


class SetupError(Exception):
    """The set-up cannot go on; the message is the one sentence the user reads."""


def say(text: str) -> None:
    """Print one progress line with the seconds since the set-up started."""
    sys.stdout.write(f"[{time.monotonic() - _STARTED:5.1f} s] {text}\n")
    sys.stdout.flush()


def run(
    command: Sequence[str],
    *,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    on_line: Callable[[str], None] | None = None,
    timeout: float | None = None,
) -> None:
    """Run `command` to its end, handing each line it prints to `on_line`.

    Raises:
        SetupError: it could not be started or exited with a code other than 0; the message ends with its last lines.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the commands are ours
            command,
            cwd=directory,
            env=None if environment is None else dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
    except OSError as error:
        raise SetupError(f"{command[0]} could not be started: {error}") from error
    tail: list[str] = []
    with process:
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for above
        for line in process.stdout:
            tail = [*tail[-9:], line.rstrip()]
            if on_line is not None:
                on_line(line.rstrip())
        code = process.wait(timeout)
    if code != 0:
        raise SetupError(f"`{' '.join(map(str, command[:4]))} …` exited with {code}: {' | '.join(tail[-3:])}")
