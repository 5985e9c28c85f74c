"""A program that the user watches: what it prints is shown as it comes, and Ctrl-C lets it finish what it has begun."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class Ended:
    """How the program ended: its exit code, and what it wrote to standard error."""

    code: int
    errors: str


def run_visibly(
    command: Sequence[str],
    directory: Path,
    environment: Mapping[str, str],
    *,
    own_session: bool,
    stop: threading.Event | None,
) -> Ended:
    """Run `command` to its end, also after a Ctrl-C; raises KeyboardInterrupt then.

    A program that asks nothing gets a session of its own, so that a Ctrl-C reaches it through us alone, and not what it
    runs. A second one ends it at once. When `stop` is set it is interrupted in the same way, once.
    """
    with (
        subprocess.Popen(  # noqa: S603 - our own command
            command,
            cwd=directory,
            env=dict(environment),
            start_new_session=own_session,
            stderr=subprocess.PIPE,
            text=True,
        ) as process,
        _Passed(process) as errors,
    ):
        code = _wait(process, stop or threading.Event(), pass_on_interrupt=own_session)
    return Ended(code, errors.text)


def _wait(process: subprocess.Popen[str], stop: threading.Event, *, pass_on_interrupt: bool) -> int:
    interrupted = stopped = False
    while True:
        try:
            code = process.wait(LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            if stop.is_set() and not stopped:
                stopped = True
                process.send_signal(signal.SIGINT)
            continue
        except KeyboardInterrupt:
            interrupted = True
            if pass_on_interrupt:
                process.send_signal(signal.SIGINT)
            continue
        if interrupted:
            raise KeyboardInterrupt
        return code


class _Passed:
    """Passes a program's standard error on, line by line, and keeps it; it is short, as progress goes elsewhere."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None  # noqa: S101 - the caller asked for a pipe
        self._source, self._lines = process.stderr, list[str]()
        self._thread = threading.Thread(target=self._pass_on, name="errors", daemon=True)

    @property
    def text(self) -> str:
        """What the program has written so far."""
        return "".join(self._lines)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _pass_on(self) -> None:
        for line in self._source:
            self._lines.append(line)
            sys.stderr.write(line)
            sys.stderr.flush()
