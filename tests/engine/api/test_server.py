"""Stopping without losing a request."""

import asyncio
import socket
import threading
import time
from typing import Any

import aiohttp
import pytest
import requests

from engine.api.keys import Drain
from engine.processes.listening import ListenError
from tests.engine.api.live import LiveEngine

START: dict[str, Any] = {"workflowDefinitionId": "resting", "input": {"seconds": 0.4}}


def wait_until_draining(engine: LiveEngine) -> requests.Response:
    """The first answer of readiness that isn't 200."""
    while True:
        response = requests.get(f"{engine.management}/health/ready", timeout=5)
        if response.status_code != 200:
            return response


def test_what_is_in_flight_is_answered() -> None:
    answers: list[requests.Response] = []
    with LiveEngine(SHUTDOWN_DRAIN_SECONDS="6") as engine:
        instances = f"{engine.api}/api/v1/workflow-instances"

        def start() -> None:
            answers.append(requests.post(f"{instances}?wait=30", json=START, timeout=10))

        with requests.Session() as session:
            assert session.get(instances, timeout=5).headers.get("Connection") != "close"
            thread = threading.Thread(target=start)
            thread.start()
            while not requests.get(instances, timeout=5).json()["items"]:
                time.sleep(0.01)
            engine.stop()
            draining = wait_until_draining(engine)
            assert draining.json() == {"status": "unhealthy", "reason": "the process is stopping"}
            assert requests.get(f"{engine.management}/health/live", timeout=5).status_code == 200
            late = session.post(instances, json=START, timeout=5)
            assert (late.status_code, late.headers["Connection"]) == (201, "close")
            thread.join()
    (answer,) = answers
    assert answer.status_code == 201
    assert answer.json()["status"] in {"RUNNING", "SUCCEEDED"}
    with pytest.raises(requests.ConnectionError):
        requests.get(instances, timeout=5)


async def test_an_idle_connection_is_kept(live: LiveEngine) -> None:
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=connector) as session:
        for _ in range(3):
            async with session.get(f"{live.api}/health") as response:
                assert response.status == 200
                assert response.headers.get("Connection", "keep-alive") == "keep-alive"
        assert len(connector._conns) == 1


def test_a_port_that_is_taken_names_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(ListenError, match=rf"WORKFLOW_ADDR: can't listen on 127\.0\.0\.1:{port}: "),
            LiveEngine(WORKFLOW_ADDR=f":{port}"),
        ):
            pass
        with pytest.raises(ListenError, match="MANAGEMENT_PORT: can't listen"), LiveEngine(MANAGEMENT_PORT=str(port)):
            pass


async def test_quiet_waits_for_requests_and_for_the_time_after_them() -> None:
    drain = Drain()
    before = time.monotonic()
    await drain.quiet(0.05)
    assert time.monotonic() - before >= 0.05
    with drain.counted(), pytest.raises(TimeoutError):
        async with asyncio.timeout(0.15):
            await drain.quiet(0.05)
    await drain.quiet(0.01)
