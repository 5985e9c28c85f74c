"""A Redis server of the sandbox, behind an ElastiCache endpoint. As there, nothing is kept over a restart."""

import contextlib
import os
import time
from pathlib import Path
from signal import SIGTERM

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.addresses import why_not_bindable
from sandbox.data import binaries
from sandbox.process import ChildProcess

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0


class CacheServerError(Exception):
    """Redis can't be started; says what its log says."""


class RedisServer:
    """Redis on `address:port`, with `password` as ElastiCache's auth token or None; `directory` gets its log."""

    def __init__(
        self, directory: Path, *, address: str, port: int, password: str | None, pid_directory: Path | None = None
    ) -> None:
        self.address = address
        self.port = port
        self.password = password
        self.program = binaries.redis()
        self._directory = directory.absolute()
        self._pid_directory = pid_directory
        self._process: ChildProcess | None = None

    @property
    def running(self) -> bool:
        """Whether the server process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def log_file(self) -> Path:
        """Where the server's messages go."""
        return self._directory / "redis.log"

    def start(self) -> None:
        """Start and return when it answers; raises CacheServerError."""
        if error := why_not_bindable(self.address, self.port):
            raise CacheServerError(f"Redis can't start: {self.address}:{self.port} {error}.")
        self._directory.mkdir(parents=True, exist_ok=True)
        self._process = ChildProcess(
            [str(self.program.path), "-"],
            name=f"redis {self._directory.name}",
            environment={"PATH": os.environ.get("PATH", os.defpath)},
            working_directory=self._directory,
            log=self.log_file,
            standard_input=self._configuration().encode(),
            pid_directory=self._pid_directory,
        )
        self._await_ready(self._process)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.stop(SIGTERM, _STOP_SECONDS)
            self._process = None

    def _configuration(self) -> str:
        lines = [f"bind {self.address}", f"port {self.port}", 'save ""', "appendonly no", "protected-mode no"]
        if self.password is not None:
            lines.append(f'requirepass "{self.password}"')
        return "\n".join(lines)

    def _await_ready(self, process: ChildProcess) -> None:
        deadline = time.monotonic() + _START_SECONDS
        at_once = Retry(NoBackoff(), 0)  # the client's own retries sleep for seconds
        with redis.Redis(self.address, self.port, password=self.password, retry=at_once) as client:
            while time.monotonic() < deadline and process.poll() is None:
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    return
                time.sleep(0.01)
        lines = self.log_file.read_text(errors="replace").splitlines()
        self.stop()
        told = lines[-1].strip() if lines else "it said nothing"
        raise CacheServerError(f"Redis didn't start on {self.address}:{self.port}: {told} (log: {self.log_file}).")
