"""Databases, caches and load-balancer addresses of the account, made real on loopback addresses."""

import logging
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from sandbox.data.postgres import DatabaseServerError, PostgresServer
from sandbox.data.redis import CacheServerError, RedisServer
from sandbox.seam import CacheAccess, Endpoint

_LAST_HOST = 254
_WATCH_SECONDS = 0.5
_PUBLIC_BALANCERS, _DATABASES, _CACHES, _INTERNAL_BALANCERS = 0, 2, 3, 4  # the runner's tasks are below .1
logger = logging.getLogger(__name__)

Key = tuple[str, str]


class LocalDataPlane:
    """A `sandbox.seam.DataPlane` on addresses below `network`, a block for each kind.

    Public load balancers are at `network`.0.1, .2 and on, PostgreSQL at .2.1 and on, Redis at .3.1 and on, internal
    load balancers at .4.1 and on. Each takes the first free address of its block, so that a stack with one public and
    one internal load balancer finds them at .0.1 and .4.1 every time, whichever is created first.

    Data directories are kept in `directory`/databases/REGION/IDENTIFIER until the database is deleted. A server that
    dies is started again.
    """

    def __init__(self, directory: Path, *, network: str) -> None:
        self._directory = directory
        self._network = network
        self._lock = threading.RLock()
        self._databases: dict[Key, PostgresServer] = {}
        self._caches: dict[Key, RedisServer] = {}
        self._balancers: dict[Key, str] = {}
        self._ending = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="sandbox-data", daemon=True)

    def start(self) -> None:
        """Begin to watch over the servers."""
        self._watcher.start()

    def stop(self) -> None:
        """Stop every server; data directories stay."""
        self._ending.set()
        if self._watcher.is_alive():
            self._watcher.join()
        with self._lock:
            for server in self._servers():
                server.stop()

    def database_created(
        self,
        region: str,
        identifier: str,
        *,
        engine_version: str,
        port: int,
        username: str,
        password: str,
        database: str | None,
        parameters: Mapping[str, str],
    ) -> Endpoint:
        """Start PostgreSQL, on the data that an earlier sandbox kept if there is any; raises DatabaseServerError."""
        with self._lock:
            server = PostgresServer(
                self._directory / "databases" / region / identifier,
                address=self._free(_DATABASES, (server.address for server in self._databases.values())),
                port=port,
                username=username,
                password=password,
                database=database or "postgres",
                parameters=parameters,
                pid_directory=self._directory / "run",
            )
            server.start()
            self._databases[region, identifier] = server
        running = ".".join(map(str, server.program.version))
        logger.info(
            "database %s: PostgreSQL %s (asked: %s) on %s:%d", identifier, running, engine_version, *_at(server)
        )
        for name, reason in server.ignored_parameters.items():
            logger.info("database %s: parameter %s is left out: %s", identifier, name, reason)
        return Endpoint(server.address, port)

    def database_changed(
        self, region: str, identifier: str, *, password: str | None, parameters: Mapping[str, str] | None
    ) -> None:
        """Change the master password at once; other parameters restart the server."""
        with self._lock:
            if server := self._databases.get((region, identifier)):
                server.change(password=password, parameters=parameters)

    def database_deleted(self, region: str, identifier: str) -> None:
        """Stop PostgreSQL and remove its data."""
        with self._lock:
            if server := self._databases.pop((region, identifier), None):
                server.delete()

    def cache_created(
        self, region: str, identifier: str, *, port: int, access: CacheAccess, transit_encryption: bool
    ) -> Endpoint:
        """Start Redis, in plain text even where transit encryption is asked for; raises CacheServerError."""
        with self._lock:
            server = RedisServer(
                self._directory / "caches" / region / identifier,
                address=self._free(_CACHES, (server.address for server in self._caches.values())),
                port=port,
                access=access,
                pid_directory=self._directory / "run",
            )
            server.start()
            self._caches[region, identifier] = server
        running = ".".join(map(str, server.program.version))
        logger.info("cache %s: Redis %s on %s:%d", identifier, running, *_at(server))
        if transit_encryption:
            logger.warning(
                "cache %s: transit encryption is asked for, and this Redis speaks plain text only", identifier
            )
        return Endpoint(server.address, port)

    def cache_changed(self, region: str, identifier: str, access: CacheAccess) -> None:
        """Let others into Redis from now on; whoever is in stays."""
        with self._lock:
            if server := self._caches.get((region, identifier)):
                server.change(access)

    def cache_deleted(self, region: str, identifier: str) -> None:
        """Stop Redis."""
        with self._lock:
            if server := self._caches.pop((region, identifier), None):
                server.stop()

    def load_balancer_created(self, region: str, arn: str, *, internal: bool) -> str:
        """Give it the first free address of its block; either kind can be reached from this machine alone."""
        block = _INTERNAL_BALANCERS if internal else _PUBLIC_BALANCERS
        with self._lock:
            address = self._balancers[region, arn] = self._free(block, self._balancers.values())
        logger.info("load balancer %s%s on %s", arn.split("/")[-2], " (internal)" if internal else "", address)
        return address

    def load_balancer_deleted(self, region: str, arn: str) -> None:
        """Free its address."""
        with self._lock:
            self._balancers.pop((region, arn), None)

    def _servers(self) -> list[PostgresServer | RedisServer]:
        return [*self._databases.values(), *self._caches.values()]

    def _free(self, third: int, taken: Iterable[str]) -> str:
        used = set(taken)
        return next(
            address for host in range(1, _LAST_HOST) if (address := f"{self._network}.{third}.{host}") not in used
        )

    def _watch(self) -> None:
        while not self._ending.wait(_WATCH_SECONDS):
            with self._lock:
                for server in self._servers():
                    if not server.running:
                        _restart(server)


def _restart(server: PostgresServer | RedisServer) -> None:
    logger.warning("%s:%d died and is started again", *_at(server))
    try:
        server.start()
    except (DatabaseServerError, CacheServerError) as error:
        logger.warning("%s", error)


def _at(server: PostgresServer | RedisServer) -> tuple[str, int]:
    return server.address, server.port
