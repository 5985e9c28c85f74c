"""Events, and servers that take them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.events import Event
from engine.events.event import Detail, Included, encode_detail

ACCOUNT = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1"}

Answer = Callable[[web.Request], Awaitable[web.Response]]
Serve = Callable[[Answer], Awaitable[str]]


def detail_of(number: int, text: str = "{}", output: str | None = "{}") -> Detail:
    """Give the detail of a succeeded execution."""
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:orders"
    return Detail(
        deduplication_id=f"e{number}:0:SUCCEEDED",
        execution_arn=f"arn:aws:states:us-east-1:000000000000:execution:orders:e{number}",
        state_machine_arn=machine,
        name=f"e{number}",
        status="SUCCEEDED",
        start_date=1_777_863_721_123,
        stop_date=1_777_863_730_123,
        input=text,
        input_details=Included(included=True),
        output=output,
        output_details=Included(included=True),
        error=None,
        cause=None,
        state_machine_version_arn=None,
        state_machine_alias_arn=None,
        redrive_count=0,
        redrive_date=None,
        redrive_status="NOT_REDRIVABLE",
        redrive_status_reason="Execution is SUCCEEDED and cannot be redriven",
    )


def event_of(number: int, text: str = "{}") -> Event:
    """Give the event of a succeeded execution."""
    detail = detail_of(number, text)
    return Event(
        deduplication_id=detail.deduplication_id,
        execution_arn=detail.execution_arn,
        time=datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC),
        region="us-east-1",
        account="000000000000",
        detail=encode_detail(detail),
    )


def read(data: bytes) -> Detail:
    """Read a detail."""
    return msgspec.json.decode(data, type=Detail)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts web servers that answer POST requests to any path, and gives their URLs."""
    servers: list[TestServer] = []

    async def start(answer: Answer) -> str:
        app = web.Application(client_max_size=2**22)
        app.router.add_post("/{path:.*}", answer)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return str(server.make_url("/events"))

    yield start
    for server in servers:
        await server.close()
