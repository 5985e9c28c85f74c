"""Engines as operators run them: processes of `engine serve` on one PostgreSQL, started again when they end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

import aiohttp

from sandbox.process import ChildProcess
from tests.support.networks import claimed

ROOT: Final = Path(__file__).parents[2]
COMPONENT: Final = Path(__file__).with_name("component")
LEASE_SECONDS: Final = 2
_PORT: Final = 8080
_ANSWER_SECONDS: Final = 4.0
_LONG_POLL_SECONDS: Final = 15.0
_PAUSE_SECONDS: Final = 0.1
_END_SECONDS: Final = 10.0


class RefusedError(Exception):
    """The API refuses a request for good; `code` is the error's name."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Member:
    """One place in the cluster, with whatever process has it."""

    def __init__(self, environment: Mapping[str, str], host: str, log: Path) -> None:
        self._address = (host, _PORT)
        self.url = f"http://{host}:{_PORT}"
        self._environment = {**environment, "HOST": host, "WORKFLOW_ADDR": f":{_PORT}"}
        self._log = log
        self._process: ChildProcess | None = None

    def start(self) -> None:
        """Start a process, which doesn't outlive this one."""
        self._process = ChildProcess(
            [sys.executable, "-m", "engine", "serve"],
            name="engine",
            environment=self._environment,
            working_directory=ROOT,
            log=self._log,
        )

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process, if one runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.signal(number)

    async def serves(self) -> bool:
        """Tell whether the process takes requests."""
        try:
            _, writer = await asyncio.open_connection(*self._address)
        except OSError:
            return False
        writer.close()
        return True

    async def end(self) -> None:
        """Kill the process."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait, _END_SECONDS)

    def has_loaded(self, library: str) -> bool:
        """Tell whether the process runs with a shared library of this name."""
        return self._process is not None and library in Path(f"/proc/{self._process.pid}/maps").read_text()

    @property
    def runs(self) -> bool:
        """Whether there is a process."""
        return self._process is not None and self._process.poll() is None


class Cluster:
    """Several engines and a client of all of them, that goes on to the next when one doesn't answer."""

    def __init__(self, members: list[Member], session: aiohttp.ClientSession, random: Random) -> None:
        self.members = members
        self._session = session
        self._random = random

    async def keep(self) -> None:
        """Start processes that have ended again, for ever."""
        while True:
            for member in self.members:
                if not member.runs:
                    member.start()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def call(self, operation: str, **members: object) -> dict[str, object]:
        """Ask until an engine answers. Raises RefusedError."""
        seconds = _LONG_POLL_SECONDS if operation == "GetActivityTask" else _ANSWER_SECONDS
        timeout = aiohttp.ClientTimeout(total=seconds)
        headers = {"X-Amz-Target": f"AWSStepFunctions.{operation}", "Content-Type": "application/x-amz-json-1.0"}
        while True:
            url = self._random.choice(self.members).url
            try:
                async with self._session.post(url, json=members, headers=headers, timeout=timeout) as response:
                    answer: dict[str, object] = await response.json(content_type=None)
                    if response.status == 200:
                        return answer
                    if response.status not in (429, 503) and "Throttling" not in str(answer):
                        raise RefusedError(str(answer.get("__type")).rpartition("#")[2], str(answer.get("message")))
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                pass
            await asyncio.sleep(_PAUSE_SECONDS)


@asynccontextmanager
async def running(
    folder: Path, database: tuple[str, int], settings: Mapping[str, str], random: Random, engines: int = 3
) -> AsyncIterator[Cluster]:
    """Run a cluster; its logs and side effects are in the folder."""
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PYTHONPATH": str(ROOT),
        "MANAGEMENT_PORT": "0",
        "AUTHENTICATION": "optional",
        "LOG_LEVEL": "warning",
        "PROCESS_LEASE_SECONDS": str(LEASE_SECONDS),
        "SHUTDOWN_DRAIN_SECONDS": "2",
        "DATABASE_POOL_SIZE": "5",
        "DATABASE_SSL": "disable",
        "WORKFLOW_DB_HOST": f"{database[0]}:{database[1]}",
        "WORKFLOW_COMPONENTS": str(COMPONENT),
        "RELIABILITY_FOLDER": str(folder),
        **settings,
    }
    with claimed() as network:
        hosts = [f"{network}.1.{number}" for number in range(1, engines + 1)]
        members = [Member(environment, host, folder / f"engine-{number}.log") for number, host in enumerate(hosts)]
        async with aiohttp.ClientSession() as session:
            cluster = Cluster(members, session, random)
            keeper = asyncio.create_task(cluster.keep())
            try:
                yield cluster
            finally:
                keeper.cancel()
                await asyncio.wait([keeper])
                for member in members:
                    await member.end()
