"""Child processes that never outlive the sandbox: started, signalled, and swept after a crash."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGINT, SIGKILL, Signals
from typing import NamedTuple

import msgspec

_LAUNCHER = Path(__file__).with_name("launch.py")

# The kernel sends the death signal when the *thread* that forked ends, so every fork happens in one that never does.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-spawner")


class RunAs(NamedTuple):
    """Another user for a child of root.

    `reach_everything` keeps CAP_DAC_OVERRIDE, for files below a directory that this user may not enter.
    """

    user: int
    reach_everything: bool = False


class ProcessIdentity(msgspec.Struct, frozen=True):
    """What tells a process from a later one with the same pid."""

    pid: int
    started: str
    name: str

    @classmethod
    def of(cls, pid: int, name: str) -> "ProcessIdentity":
        """Identity of a running process; `started` is empty when it is gone."""
        return cls(pid, _start_time(pid), name)

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie doesn't)."""
        return self.started != "" and _start_time(self.pid) == self.started


class ChildProcess:
    """One child in a session of its own, with its output in a file or a pipe.

    `pid_directory`, where given, gets a file that lets `sweep` end the child after a crash of the sandbox.
    Raises OSError when the launcher itself can't be started.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str],
        working_directory: Path,
        log: Path | None = None,
        standard_input: bytes | None = None,
        run_as: RunAs | None = None,
        death_signal: Signals = SIGKILL,
        pid_directory: Path | None = None,
    ) -> None:
        self.name = name
        command = [*_launch_options(run_as, death_signal), *argv]
        self._process = _spawner.submit(
            _popen,
            command,
            environment=environment,
            directory=working_directory,
            log=log,
            piped=standard_input is not None,
        ).result()
        self.output = self._process.stdout
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError), self._process.stdin as pipe:
                pipe.write(standard_input or b"")
        self.pid = self._process.pid
        self._pid_file = _write_pid_file(pid_directory, ProcessIdentity.of(self.pid, name))

    def poll(self) -> int | None:
        """Exit code, negative for a signal; None while it runs."""
        code = self._process.poll()
        if code is not None:
            self._forget()
        return code

    def wait(self, timeout: float) -> int | None:
        """Wait up to `timeout` seconds; exit code, or None when it still runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        return self.poll()

    def signal(self, number: Signals) -> None:
        """Signal the child itself."""
        self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL to the child and whatever it started in its session."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, SIGKILL)

    def stop(self, number: Signals, timeout: float) -> int:
        """Signal, wait up to `timeout` seconds, then kill; the exit code."""
        self.signal(number)
        code = self.wait(timeout)
        self.kill()
        return code if code is not None else self._process.wait()

    def _forget(self) -> None:
        if self._pid_file is not None:
            self._pid_file.unlink(missing_ok=True)


def sweep(pid_directory: Path, *, patience: float = 10.0) -> list[str]:
    """End what an earlier sandbox left running, and remove its pid files; the names of what was ended.

    Those that already got their death signal have `patience` seconds to finish before SIGKILL.
    """
    left = [msgspec.json.decode(file.read_bytes(), type=ProcessIdentity) for file in pid_directory.glob("*.pid")]
    alive = [identity for identity in left if identity.alive()]
    for identity in alive:
        _signal(identity, SIGINT)
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and any(identity.alive() for identity in alive):
        time.sleep(0.02)
    for identity in alive:
        if identity.alive():
            _signal(identity, SIGKILL)
    for file in pid_directory.glob("*.pid"):
        file.unlink(missing_ok=True)
    return [identity.name for identity in alive]


def _signal(identity: ProcessIdentity, number: Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(identity.pid, number)


def _launch_options(run_as: RunAs | None, death_signal: Signals) -> list[str]:
    options = [
        sys.executable,
        "-I",
        "-S",
        str(_LAUNCHER),
        f"--parent={os.getpid()}",
        f"--death-signal={int(death_signal)}",
    ]
    if run_as is not None:
        options.append(f"--user={run_as.user}")
        if run_as.reach_everything:
            options.append("--reach-everything")
    return [*options, "--"]


def _popen(
    command: list[str], *, environment: Mapping[str, str], directory: Path, log: Path | None, piped: bool
) -> subprocess.Popen[bytes]:
    with contextlib.ExitStack() as stack:
        output = subprocess.PIPE if log is None else stack.enter_context(log.open("ab"))
        return subprocess.Popen(  # noqa: S603
            command,
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _write_pid_file(directory: Path | None, identity: ProcessIdentity) -> Path | None:
    if directory is None:
        return None
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / f"{identity.pid}.pid"
    file.write_bytes(msgspec.json.encode(identity))
    return file


def _start_time(pid: int) -> str:
    """Boot id and start time in clock ticks (proc_pid_stat(5), field 22), or empty where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""
    state, *fields = stat.rpartition(")")[2].split()
    return "" if state in ("Z", "X") else f"{boot}:{fields[18]}"
