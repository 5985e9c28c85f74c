"""The benchmark's half of a measured process: starts it, gives it orders, reads its answers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from select import select
from types import TracebackType
from typing import IO, Final, Self, TypeVar

import msgspec

ROOT: Final = Path(__file__).resolve().parent.parent
_ANSWER_SECONDS: Final = 300.0
_END_SECONDS: Final = 30.0
_CHUNK: Final = 1 << 16

Kind = TypeVar("Kind")


class SideError(Exception):
    """A measured process that failed, with what it said."""


class Throughput(msgspec.Struct):
    """How long so many executions took, and how much of the side's own processor time."""

    seconds: float
    cpu: float
    count: int

    @property
    def rate(self) -> float:
        """Executions a second."""
        return self.count / self.seconds


class Samples(msgspec.Struct):
    """Single times, in seconds."""

    seconds: list[float]


class _Failure(msgspec.Struct):
    error: str | None = None


class Contestant:
    """A process of `benchmarks.sides`, from `with` to its end; `name` is what the table calls it."""

    def __init__(self, name: str, command: Sequence[str], logs: Path) -> None:
        self.name = name
        self._command = command
        self._log = logs / f"{name.replace(' ', '-')}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._received = b""

    def __enter__(self) -> Self:
        """Start it."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own modules and the peers' pinned programs
                self._command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it and all that it started."""
        if self._process is None:
            return
        with contextlib.suppress(OSError):
            self._in().close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._process = None

    def send(self, do: str, **members: object) -> None:
        """Give an order without waiting for its answer. Raises `SideError`."""
        try:
            self._in().write(msgspec.json.encode({"do": do, **members}) + b"\n")
            self._in().flush()
        except OSError:
            raise SideError(f"{self.name} is gone: {self._last_words()}") from None

    def receive(self, kind: type[Kind]) -> Kind:
        """Wait for the next answer. Raises `SideError`."""
        line = self._read_line()
        failure = msgspec.json.decode(line, type=_Failure)
        if failure.error is not None:
            raise SideError(f"{self.name}: {failure.error}")
        return msgspec.json.decode(line, type=kind)

    def ask(self, kind: type[Kind], do: str, **members: object) -> Kind:
        """Give an order and wait for its answer. Raises `SideError`."""
        self.send(do, **members)
        return self.receive(kind)

    def throughput(self, job: str, count: int, in_flight: int) -> Throughput:
        """Run executions of a job, so many at a time. Raises `SideError`."""
        return self.ask(Throughput, "throughput", job=job, count=count, in_flight=in_flight)

    def latencies(self, job: str, count: int) -> list[float]:
        """Run executions one after the other, and give the seconds that each took. Raises `SideError`."""
        return self.ask(Samples, "latency", job=job, count=count).seconds

    def _read_line(self) -> bytes:
        deadline = time.monotonic() + _ANSWER_SECONDS
        out = self._out()
        while b"\n" not in self._received:
            ready, _, _ = select([out], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                raise SideError(f"{self.name} gave no answer in {_ANSWER_SECONDS:.0f} s (log: {self._log})")
            chunk = os.read(out, _CHUNK)
            if not chunk:
                raise SideError(f"{self.name} ended: {self._last_words()}")
            self._received += chunk
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _in(self) -> IO[bytes]:
        assert self._process is not None and self._process.stdin is not None  # noqa: S101, PT018 - inside `with`
        return self._process.stdin

    def _out(self) -> int:
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - inside `with`
        return self._process.stdout.fileno()

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"{lines[-1].strip()[-300:] if lines else 'it said nothing'} (log: {self._log})"
