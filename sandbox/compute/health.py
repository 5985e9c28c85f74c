"""A container's health check: a command run now and then beside the container (API page HealthCheck)."""

import shlex
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sandbox.compute.definition import HealthCheck
from sandbox.process import ChildProcess

_FIRST_CHECK = 0.5


class ContainerHealth:
    """Runs the check when due and counts; `status` is UNKNOWN, HEALTHY or UNHEALTHY.

    Until it first succeeds it runs twice a second at least, so that a local task isn't held up by a long interval.
    """

    def __init__(self, check: HealthCheck, start: Callable[[list[str]], ChildProcess]) -> None:
        self.status = "UNKNOWN"
        self._check = check
        self._start = start
        self._command = _command(check.command)
        self._began = time.monotonic()
        self._due = self._began + min(_FIRST_CHECK, check.interval)
        self._failures = 0
        self._process: ChildProcess | None = None
        self._started = 0.0

    def tick(self) -> None:
        """Start a check that is due, or take the result of the running one."""
        if self._command is None:
            return
        now = time.monotonic()
        if self._process is None:
            if now >= self._due:
                self._process, self._started = self._start(self._command), now
            return
        code = self._process.poll()
        if code is None and now - self._started < self._check.timeout:
            return
        self._process.kill()
        self._process = None
        self._record(now, succeeded=code == 0)

    def stop(self) -> None:
        """End a running check."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(1)
            self._process = None

    def _record(self, now: float, *, succeeded: bool) -> None:
        starting = self.status == "UNKNOWN" and now - self._began < max(self._check.start_period, self._patience())
        self._due = now + (min(_FIRST_CHECK, self._check.interval) if starting else self._check.interval)
        if succeeded:
            self.status, self._failures = "HEALTHY", 0
            self._due = now + self._check.interval
        elif not starting:
            self._failures += 1
            if self._failures >= self._check.retries:
                self.status = "UNHEALTHY"

    def _patience(self) -> float:
        """How long a container that was never well takes to become unhealthy at the configured interval."""
        return self._check.interval * self._check.retries


def _command(command: list[str]) -> list[str] | None:
    match command:
        case ["CMD-SHELL", *words]:
            return ["/bin/sh", "-c", " ".join(words)]
        case ["CMD", *words]:
            return words
        case ["NONE"] | []:
            return None
        case words:
            return ["/bin/sh", "-c", shlex.join(words)]


def starter(
    name: str, environment: Mapping[str, str], working_directory: Path, log: Path, pid_directory: Path
) -> Callable[[list[str]], ChildProcess]:
    """Starts a check with the container's own environment; its output goes to `log`, not the container's."""

    def start(command: list[str]) -> ChildProcess:
        return ChildProcess(
            command,
            name=f"health check of {name}",
            environment=environment,
            working_directory=working_directory,
            log=log,
            pid_directory=pid_directory,
        )

    return start
