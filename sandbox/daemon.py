"""A sandbox in the background: started, awaited, stopped, and cleaned up after."""

import os
import signal
import sys
import time
from pathlib import Path

from sandbox.process import sweep
from sandbox.state import STATE_FILE, SandboxError, SandboxState

LOG_FILE = "sandbox.log"
_START_SECONDS = 60.0
_STOP_SECONDS = 180.0
_TOLD_LINES = 15


def start(directory: Path, arguments: list[str]) -> str:
    """Start `serve` with these arguments unless it runs; what to tell. Raises SandboxError with its last words."""
    running = SandboxState.read(directory)
    if running is not None:
        return f"The sandbox runs already (process {running.pid}, AWS at {running.aws_endpoint_url})."
    log = directory.absolute() / LOG_FILE
    try:
        directory.mkdir(parents=True, exist_ok=True)
        log.touch()
    except OSError as error:
        raise SandboxError(f"{error.filename} can't be written: {error.strerror}.") from error
    begin = log.stat().st_size
    pid = _spawn(log, arguments)
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if os.waitpid(pid, os.WNOHANG)[0]:
            raise SandboxError(_last_words(log, begin))
        state = SandboxState.read(directory)
        if state is not None and state.pid == pid:
            return f"The sandbox is ready (process {state.pid}, AWS at {state.aws_endpoint_url}, log {log})."
        time.sleep(0.05)
    os.kill(pid, signal.SIGTERM)
    raise SandboxError(f"The sandbox isn't ready after {_START_SECONDS:.0f} s; see {log}.")


def stop(directory: Path) -> str:
    """Stop the directory's sandbox, and whatever one that died has left; returns when all of it has ended."""
    state = SandboxState.read(directory)
    if state is not None:
        os.kill(state.pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while state.identity.alive():
            if time.monotonic() > deadline:
                raise SandboxError(f"The sandbox (process {state.pid}) still runs {_STOP_SECONDS:.0f} s after SIGTERM.")
            time.sleep(0.05)
    left = sweep(directory / "run")
    (directory / STATE_FILE).unlink(missing_ok=True)
    if left:
        return f"Ended what a sandbox had left running: {', '.join(left)}."
    return "The sandbox is stopped." if state is not None else "No sandbox was running."


def _spawn(log: Path, arguments: list[str]) -> int:
    """Start it in a session of its own, its output in the log; the pid."""
    appending = os.O_WRONLY | os.O_APPEND
    return os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "sandbox", "serve", *arguments],
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), appending, 0),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def _last_words(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        told = file.read().decode(errors="replace").splitlines()[-_TOLD_LINES:]
    return "\n".join(told) or f"The sandbox ended at once and said nothing (log: {log})."
