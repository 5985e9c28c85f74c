"""A Redis server of the sandbox, behind an ElastiCache endpoint. As there, nothing is kept over a restart."""

import contextlib
import hashlib
import os
import secrets
import time
from pathlib import Path
from signal import SIGTERM

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sandbox.addresses import why_not_bindable
from sandbox.data import binaries
from sandbox.process import ChildProcess
from sandbox.seam import CacheAccess, CacheUser

_START_SECONDS = 10.0
_STOP_SECONDS = 5.0
_KEEPER = "sandbox"
"""The user by which the sandbox itself reaches the server, as ElastiCache has one of its own."""


class CacheServerError(Exception):
    """Redis can't be started; says what its log says."""


class RedisServer:
    """Redis on `address:port`, which lets in whom `access` says; `directory` gets its log."""

    def __init__(
        self, directory: Path, *, address: str, port: int, access: CacheAccess, pid_directory: Path | None = None
    ) -> None:
        self.address = address
        self.port = port
        self.program = binaries.redis()
        self._access = access
        self._keeper = CacheUser(_KEEPER, "on ~* &* +@all", (secrets.token_hex(32),))
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

    def change(self, access: CacheAccess) -> None:
        """Let in whom `access` says from now on, also after a restart; connections that are open stay."""
        gone = {user.name for user in _users(self._access)} - {user.name for user in _users(access)}
        self._access = access
        with self._client() as client:
            for user in _users(access):
                client.execute_command("ACL", "SETUSER", user.name, "reset", *_rules(user))
            if gone:
                client.execute_command("ACL", "DELUSER", *sorted(gone))

    def _configuration(self) -> str:
        lines = [f"bind {self.address}", f"port {self.port}", 'save ""', "appendonly no", "protected-mode no"]
        lines += [f"user {user.name} {' '.join(_rules(user))}" for user in (self._keeper, *_users(self._access))]
        return "\n".join(lines)

    def _client(self) -> redis.Redis:
        at_once = Retry(NoBackoff(), 0)  # the client's own retries sleep for seconds
        [password] = self._keeper.passwords
        return redis.Redis(self.address, self.port, username=_KEEPER, password=password, retry=at_once)

    def _await_ready(self, process: ChildProcess) -> None:
        deadline = time.monotonic() + _START_SECONDS
        with self._client() as client:
            while time.monotonic() < deadline and process.poll() is None:
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    return
                time.sleep(0.01)
        lines = self.log_file.read_text(errors="replace").splitlines()
        self.stop()
        told = lines[-1].strip() if lines else "it said nothing"
        raise CacheServerError(f"Redis didn't start on {self.address}:{self.port}: {told} (log: {self.log_file}).")


def _users(access: CacheAccess) -> tuple[CacheUser, ...]:
    """The users of Redis; without users of its own a cache has the one that a login without a name is."""
    tokens = () if access.token is None else (access.token,)
    return access.users or (CacheUser("default", "on ~* &* +@all", tokens),)


def _rules(user: CacheUser) -> list[str]:
    """A user's rules for ACL SETUSER, passwords as their SHA-256."""
    hashed = [f"#{hashlib.sha256(password.encode()).hexdigest()}" for password in user.passwords]
    return [*(hashed or ["nopass"]), *user.access.split()]
