"""One engine process: storage, engine, tasks and listeners, from start to stop."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import getpid

import structlog

from engine.api.arns import Arns
from engine.api.auth.identity import DEFAULT_ORGANIZATION
from engine.api.server import Server
from engine.observability.metrics import Metrics
from engine.runtime import Engine, EngineOptions, Observer, StateMachineRecord
from engine.runtime.errors import StateMachineAlreadyExists
from engine.settings import Password, Settings
from engine.storage import Storage, open_storage
from engine.tasks import HttpTask, Registry
from engine.tasks.components import Component, Definition

LAST_WRITES_SECONDS = 2.0

log = structlog.get_logger(source=__name__)


class Process:
    """The parts of a running process."""

    def __init__(self, settings: Settings, engine: Engine, server: Server, registry: Registry, http: HttpTask) -> None:
        self.settings = settings
        self.engine = engine
        self.server = server
        self._registry = registry
        self._http = http

    async def stop(self) -> None:
        """Answer what is in flight, finish or hand back what runs, close: inside SHUTDOWN_DRAIN_SECONDS."""
        drain = self.settings.shutdown_drain_seconds
        deadline = time.monotonic() + drain - min(LAST_WRITES_SECONDS, drain / 4)
        await self.server.stop_requests(drain)
        await self.engine.stop(max(0.0, deadline - time.monotonic()))
        await self.server.close()
        await self._http.close()
        self._registry.close()


@asynccontextmanager
async def running(
    settings: Settings, components: list[Component], metrics: Metrics, observer: Observer
) -> AsyncIterator[Process]:
    """A process that has registered its components and listens; it is stopped on the way out.

    An embedded database is migrated first. Raises `StorageError`, `ListenError`.
    """
    if settings.workflow_db_host is None:
        from engine.commands.migrate import migrate_database  # noqa: PLC0415 - slow to import; not for PostgreSQL

        await asyncio.to_thread(migrate_database, settings, _log_migration)
    http = HttpTask(allow_loopback=settings.http_task_allow_loopback)
    registry = Registry([handler for component in components for handler in component.handlers], http)
    engine = Engine(_storage(settings), registry, _options(settings), observer)
    await engine.start()
    process = Process(settings, engine, Server(engine, settings, metrics), registry, http)
    try:
        for component in components:
            for definition in component.definitions:
                await register(engine, definition)
        await process.server.start()
        yield process
    finally:
        await process.stop()


async def register(engine: Engine, definition: Definition) -> StateMachineRecord:
    """Create a definition's state machine, or give it a new version when the definition changed."""
    text = definition.machine.definition
    try:
        return await engine.create_state_machine(
            organization=DEFAULT_ORGANIZATION, name=definition.name, definition=text, role_arn=""
        )
    except StateMachineAlreadyExists:
        arn = await Arns(engine).state_machine(DEFAULT_ORGANIZATION, definition.name)
        log.info("definition changed", workflowId=definition.name)
        return await engine.update_state_machine(
            organization=DEFAULT_ORGANIZATION, arn=arn, definition=text, role_arn=None
        )


def stop_signal() -> asyncio.Event:
    """Set when the process is asked to stop, by SIGTERM or Ctrl-C."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    return asked


def _log_migration(line: str) -> None:
    log.info("migration", step=line)


def _storage(settings: Settings) -> Storage:
    return open_storage(
        settings.database_url,
        password=Password(settings.workflow_db_password) if settings.workflow_db_password else None,
        pool_size=settings.database_pool_size,
        ssl_mode=settings.database_ssl,
        ssl_root_certificate=settings.root_certificate,
    )


def _options(settings: Settings) -> EngineOptions:
    return EngineOptions(
        region=settings.aws_region,
        account=settings.aws_account_id,
        instance=f"{socket.gethostname()}-{getpid()}",
        lease_seconds=settings.process_lease_seconds,
        max_concurrent_tasks=settings.max_concurrent_executions,
    )
