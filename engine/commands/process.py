"""One engine process: storage, engine, tasks and listeners, from start to stop."""

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from os import getpid

import structlog

from engine.api.arns import Arns
from engine.api.auth.identity import DEFAULT_ORGANIZATION
from engine.api.server import Server
from engine.api.stepfunctions.inprocess import InProcessApi
from engine.commands.kafka import require_topics
from engine.commands.sinks import open_sink
from engine.observability.lag import log_lag
from engine.observability.metrics import Metrics
from engine.processes.place import Place
from engine.runtime import Engine, EngineOptions, ExecutionRecord, Observer, StateMachineRecord
from engine.runtime.control_plane.checks import Checks
from engine.runtime.errors import StateMachineAlreadyExists
from engine.settings import Password, Settings
from engine.storage import Storage, open_storage
from engine.tasks.aws import AwsTasks, Clients, EventBridgeConnections, RolePolicy, S3Access
from engine.tasks.components import Component, Definition, check_resource
from engine.tasks.http import HttpTask
from engine.tasks.registry import Registry

LAST_WRITES_SECONDS = 2.0
WAIT_SECONDS = 60.0

log = structlog.get_logger(source=__name__)


class Work:
    """An engine with what its tasks call, without listeners."""

    def __init__(
        self, settings: Settings, storage: Storage, components: Sequence[Component], observer: Observer
    ) -> None:
        policy = RolePolicy(settings.task_role_arns, own_credentials=settings.environment == "local")
        self._aws = Clients(policy, region=settings.aws_region, threads=settings.max_concurrent_executions)
        connections = EventBridgeConnections(self._aws)
        self._http = HttpTask(
            allow_loopback=settings.http_task_allow_loopback,
            connections=connections,
            max_response_bytes=settings.payload_max_bytes,
        )
        handlers = [handler for component in components for handler in component.handlers]
        own = InProcessApi(lambda: self.engine)
        self.registry = Registry(handlers, self._http, AwsTasks(self._aws, states=own))
        checks = Checks(check_resource, policy.refusal if policy.allowed else None)
        s3, options = S3Access(self._aws), _options(settings)
        self._sink = open_sink(settings)
        self.engine = Engine(
            storage, self.registry, options, observer, s3, checks, handlers=self._handlers, sink=self._sink
        )

    def _handlers(self) -> frozenset[str]:
        return self.registry.names

    async def stop(self, drain_seconds: float) -> None:
        """Finish or hand back what runs."""
        await self.engine.stop(drain_seconds)
        await self._http.close()
        if self._sink is not None:
            await self._sink.close()
        self._aws.close()
        self.registry.close()


class Process:
    """The parts of a running process."""

    def __init__(self, settings: Settings, work: Work, server: Server) -> None:
        self.settings = settings
        self.engine = work.engine
        self.registry = work.registry
        self.server = server
        self._work = work

    async def stop(self) -> None:
        """Answer what is in flight, finish or hand back what runs, close: inside SHUTDOWN_DRAIN_SECONDS."""
        drain = self.settings.shutdown_drain_seconds
        deadline = time.monotonic() + drain - min(LAST_WRITES_SECONDS, drain / 4)
        await self.server.stop_requests(drain)
        await self._work.stop(max(0.0, deadline - time.monotonic()))
        await self.server.close()


@asynccontextmanager
async def running(
    settings: Settings, components: list[Component], metrics: Metrics, observer: Observer, place: Place | None = None
) -> AsyncIterator[Process]:
    """A process that has registered its components and listens; it is stopped on the way out.

    With a place it shares its addresses with others. An embedded database is migrated first. Raises `StorageError`,
    `ListenError`, `SinkError`.
    """
    await require_topics(settings)
    if settings.workflow_db_host is None:
        from engine.commands.migrate import migrate_database  # noqa: PLC0415 - slow to import; not for PostgreSQL

        await asyncio.to_thread(migrate_database, settings, _log_migration)
    work = Work(settings, _storage(settings), components, observer)
    process = Process(settings, work, Server(work.engine, settings, metrics, place))
    await work.engine.start()
    lag = asyncio.create_task(log_lag(work.engine.health))
    try:
        for component in components:
            await register(work.engine, component.definitions)
        await process.server.start()
        yield process
    finally:
        lag.cancel()
        await process.stop()


async def register(engine: Engine, definitions: Sequence[Definition]) -> list[StateMachineRecord]:
    """Create the definitions' state machines; one whose definition changed gets a new revision."""
    return [await _register(engine, definition) for definition in definitions]


async def _register(engine: Engine, definition: Definition) -> StateMachineRecord:
    text = definition.machine.definition
    try:
        return await engine.machines.create(
            organization=DEFAULT_ORGANIZATION, name=definition.name, definition=text, role_arn=""
        )
    except StateMachineAlreadyExists:
        arn = await Arns(engine).state_machine(DEFAULT_ORGANIZATION, definition.name)
        log.info("definition changed", workflowId=definition.name)
        return await engine.machines.update(organization=DEFAULT_ORGANIZATION, arn=arn, definition=text)


async def end_of(engine: Engine, arn: str) -> ExecutionRecord:
    """Give an execution of the organization default when it is over."""
    while True:
        record = await engine.wait_for_execution(DEFAULT_ORGANIZATION, arn, WAIT_SECONDS)
        if record.finished:
            return record


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
        read_replicas=settings.read_replicas,
        outbox=settings.events_publisher != "none",
    )


def _options(settings: Settings) -> EngineOptions:
    return EngineOptions(
        region=settings.aws_region,
        account=settings.aws_account_id,
        instance=f"{socket.gethostname()}-{getpid()}",
        lease_seconds=settings.process_lease_seconds,
        handler_wait_seconds=settings.handler_wait_seconds,
        max_concurrent_tasks=settings.max_concurrent_executions,
        max_payload_bytes=settings.payload_max_bytes,
        inline_payload_bytes=settings.payload_inline_max_bytes,
        archive=settings.history_archive,
        archive_after_days=settings.history_retention_days,
    )
