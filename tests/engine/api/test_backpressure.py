"""What the API answers when it can't take more, or can't reach its database: soon, and so that clients come again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import aiohttp
import boto3
import psycopg
import pytest
from aiohttp import web
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_stepfunctions.client import SFNClient

from engine.api.application import api_application
from engine.api.keys import Drain
from engine.observability.metrics import Metrics
from engine.runtime import Engine, EngineOptions
from engine.runtime.errors import Unavailable
from engine.settings import load_settings
from engine.storage import Storage
from engine.storage.memory import MemoryStorage
from engine.storage.migrations import migrate
from engine.storage.postgresql import PostgresOptions, PostgresStorage
from engine.storage.records import Write
from sandbox.data.postgres import PostgresServer
from tests.engine.runtime.support import Tasks, create, eventually, sequence
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, running_server

MACHINE: Final = "arn:aws:states:us-east-1:000000000000:stateMachine:orders"
SETTINGS: Final = {"AUTHENTICATION": "optional", "RATE_LIMIT_MAX_REQUESTS": "0"}
SECONDS: Final = 1.0
"""How long this file's engines wait for a connection, and for a statement."""


class Gated(MemoryStorage):
    """A storage that commits only while its gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Commit once the gate is open."""
        await self.gate.wait()
        return await super().commit(epoch, writes)


@asynccontextmanager
async def running(storage: Storage, tasks: Tasks | None = None, **options: object) -> AsyncIterator[Engine]:
    """Run an engine that has the state machine ``orders``."""
    quick: dict[str, Any] = {"lease_seconds": 2.0, "start_timeout_seconds": 2.0} | options
    engine = Engine(storage, tasks or Tasks(), EngineOptions(**quick))
    await engine.start()
    try:
        await patiently(lambda: create(engine, sequence("count")))
        yield engine
    finally:
        await engine.stop(0)


async def patiently(call: Callable[[], Awaitable[object]]) -> None:
    """Call until the database has answered in time."""
    while True:
        with suppress(Unavailable):
            await call()
            return


@asynccontextmanager
async def serving(engine: Engine) -> AsyncIterator[str]:
    """Serve an engine's API and give its URL."""
    runner = web.AppRunner(api_application(engine, load_settings(SETTINGS), Metrics(), Drain()), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def client(url: str, attempts: int = 1) -> SFNClient:
    """boto3's client in its standard retry mode."""
    return boto3.client(
        "stepfunctions",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"mode": "standard", "total_max_attempts": attempts}, inject_host_prefix=False),
    )


async def start(url: str, name: str, attempts: int = 1) -> str:
    """Start an execution with boto3 and give its ARN."""
    answer = await asyncio.to_thread(
        client(url, attempts).start_execution, stateMachineArn=MACHINE, name=name, input="{}"
    )
    return answer["executionArn"]


async def refusal(call: Callable[[], object]) -> tuple[str, int, str]:
    """Give how boto3's call was refused: the error's code, the status, and Retry-After."""
    with pytest.raises(ClientError) as refused:
        await asyncio.to_thread(call)
    metadata: Any = refused.value.response["ResponseMetadata"]
    return refused.value.response["Error"]["Code"], metadata["HTTPStatusCode"], metadata["HTTPHeaders"]["retry-after"]


async def rest(url: str, method: str, path: str, body: object = None) -> tuple[int, str, str]:
    """Give status, code and Retry-After of a refusal of REST v1."""
    async with aiohttp.ClientSession() as http, http.request(method, f"{url}/api/v1/{path}", json=body) as response:
        problem = await response.json(content_type=None)
        return response.status, problem["code"], response.headers["Retry-After"]


async def ended(url: str, arn: str) -> str:
    """Wait for an execution's end and give its status."""
    while True:
        found = await asyncio.to_thread(client(url, attempts=12).describe_execution, executionArn=arn)
        if found["status"] != "RUNNING":
            return found["status"]
        await asyncio.sleep(0.02)


async def test_a_full_queue_is_said_so_that_clients_come_again() -> None:
    storage = Gated()
    limited = running(storage, max_queued_commits=3, start_timeout_seconds=30.0)
    async with limited as engine, serving(engine) as url:
        storage.gate.clear()
        accepted = [asyncio.create_task(start(url, f"early-{number}")) for number in range(3)]
        await eventually(lambda: engine._commits.queued == 3)
        again = client(url)
        refused = await refusal(lambda: again.start_execution(stateMachineArn=MACHINE, name="more"))
        assert refused == ("ThrottlingException", 400, "1")
        body = {"workflowDefinitionId": "orders", "input": {}}
        assert await rest(url, "POST", "workflow-instances", body) == (429, "ThrottlingException", "1")
        patient = asyncio.create_task(start(url, "patient", attempts=10))
        await asyncio.sleep(0.1)
        storage.gate.set()
        for each in (*accepted, patient):
            assert await ended(url, await each) == "SUCCEEDED"


async def test_too_many_open_executions_are_said() -> None:
    tasks = Tasks()
    async with running(Gated(), tasks, max_executions=1) as engine, serving(engine) as url:
        gated = json.dumps(sequence("gate"))
        await asyncio.to_thread(client(url).update_state_machine, stateMachineArn=MACHINE, definition=gated)
        held = await start(url, "held")
        again = client(url)
        refused = await refusal(lambda: again.start_execution(stateMachineArn=MACHINE, name="more"))
        assert refused == ("ExecutionLimitExceeded", 400, "5")
        body = {"workflowDefinitionId": "orders", "input": {}}
        assert await rest(url, "POST", "workflow-instances", body) == (429, "ExecutionLimitExceeded", "5")
        tasks.gate.set()
        assert await ended(url, held) == "SUCCEEDED"
        assert await ended(url, await start(url, "more")) == "SUCCEEDED"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A PostgreSQL server that tests may stop, with the engine's schema."""
    with running_server(tmp_path_factory.mktemp("backpressure")) as running:
        migrate(running.dsn, report=lambda _: None)
        yield running


@pytest.fixture
async def url(server: PostgresServer) -> AsyncIterator[str]:
    """An engine's API on that server, with short timeouts."""

    async def password(*, refresh: bool = False) -> str:  # noqa: ARG001 - it never changes
        return ADMIN_PASSWORD

    options = PostgresOptions(
        host=server.address,
        port=server.port,
        database=server.database,
        user=ADMIN,
        password=password,
        pool_size=2,
        connect_timeout_seconds=SECONDS,
        command_timeout_seconds=SECONDS,
    )
    async with running(PostgresStorage(options)) as engine, serving(engine) as served:
        yield served


async def refused_everywhere(url: str) -> None:
    """Require that nothing is answered but 503, soon."""
    async with asyncio.timeout(60):
        impatient = client(url)
        for call in (
            lambda: impatient.start_execution(stateMachineArn=MACHINE, name="lost"),
            lambda: impatient.describe_state_machine(stateMachineArn=MACHINE),
            impatient.list_state_machines,
        ):
            code, status, wait = await refusal(call)
            assert (code, status, wait) == ("ServiceUnavailable", 503, "1")
        assert await rest(url, "GET", "workflow-instances") == (503, "ServiceUnavailable", "1")
        async with aiohttp.ClientSession() as http, http.get(f"{url}/health/ready") as response:
            assert response.status == 503


async def test_a_stopped_database_is_said_and_a_short_outage_is_got_through(url: str, server: PostgresServer) -> None:
    assert await ended(url, await start(url, "before", attempts=12)) == "SUCCEEDED"
    await asyncio.to_thread(server.stop)
    try:
        await refused_everywhere(url)
        patient = asyncio.create_task(start(url, "patient", attempts=12))
    finally:
        await asyncio.to_thread(server.start)
    assert await ended(url, await patient) == "SUCCEEDED"


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """Stop the server's processes where they are: connections stay open, and nobody answers."""
    pid = int((server.data_directory / "postmaster.pid").read_text().splitlines()[0])
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    processes = [pid, *map(int, children)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


async def test_a_database_that_answers_nothing_is_said_as_well(url: str, server: PostgresServer) -> None:
    assert await ended(url, await start(url, "warm", attempts=12)) == "SUCCEEDED"
    with frozen(server):
        await refused_everywhere(url)
        patient = asyncio.create_task(start(url, "patient-too", attempts=12))
        await asyncio.sleep(0)
    assert await ended(url, await patient) == "SUCCEEDED"


async def test_a_database_without_a_connection_to_spare_is_said(url: str, server: PostgresServer) -> None:
    others = []
    limit = "alter database {} connection limit {}"
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute(limit.format(server.database, 6).encode())
    try:
        with suppress(psycopg.OperationalError):
            while True:
                others.append(psycopg.connect(server.dsn))
        impatient = client(url)
        answers = [
            asyncio.create_task(asyncio.to_thread(_outcome, impatient, f"one-of-many-{number}")) for number in range(8)
        ]
        async with asyncio.timeout(60):
            assert set(await asyncio.gather(*answers)) <= {"started", "ServiceUnavailable"}
    finally:
        others[0].autocommit = True
        others[0].execute(limit.format(server.database, -1).encode())
        for other in others:
            other.close()
    assert await ended(url, await start(url, "afterwards", attempts=12)) == "SUCCEEDED"


def _outcome(impatient: SFNClient, name: str) -> str:
    try:
        impatient.start_execution(stateMachineArn=MACHINE, name=name)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "started"
