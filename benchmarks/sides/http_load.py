"""Sends what boto3 sends, for less.

Usage: python -m benchmarks.sides.http_load HOST PORT. boto3 itself prepares and signs every request beforehand; they
are sent over connections that stay open, each with one request at a time, so that the engine's processor is the limit
and not this process's.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, cast
from uuid import uuid4

import boto3
import uvloop
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from mypy_boto3_stepfunctions.client import SFNClient

from benchmarks import machines
from benchmarks.sides.engine import ACCESS_KEY
from benchmarks.sides.protocol import Answer, serve

_INPUT: Final = json.dumps(machines.INPUT)
_OWN_HEADERS: Final = ("content-length", "host")


class Prepared:
    """Records the requests of a client instead of sending them."""

    def __init__(self, client: SFNClient) -> None:
        self.requests: list[bytes] = []
        record: Callable[..., None] = cast("Callable[..., None]", self._record)  # an answer instead of sending
        client.meta.events.register("before-send.sfn", record)

    def _record(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        body = request.body if isinstance(request.body, bytes) else str(request.body).encode()
        host = request.url.split("/")[2]
        given = {name: _text(value) for name, value in request.headers.items() if name.lower() not in _OWN_HEADERS}
        headers = {"Host": host, "Accept-Encoding": "identity", **given, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.requests.append(f"{request.method} / HTTP/1.1\r\n{head}\r\n".encode() + body)
        return AWSResponse(request.url, 200, HTTPHeaders(), _Nothing())


class _Nothing:
    """The body of an answer that says nothing."""

    def stream(self) -> Iterator[bytes]:
        yield b'{"executionArn": "", "startDate": 0}'


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


class Connection(asyncio.Protocol):
    """Sends the next request when the last one is answered; `done` tells how many answers were no 200."""

    def __init__(self, requests: Iterator[bytes], latencies: list[float]) -> None:
        self.done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._latencies = latencies
        self._transport: asyncio.WriteTransport | None = None
        self._received = b""
        self._sent_at = 0.0
        self._refused = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is one in all but name
        self._send()

    def data_received(self, data: bytes) -> None:
        """Go on once the answer is whole."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if found and len(body) >= _content_length(head):
            self._latencies.append(time.perf_counter() - self._sent_at)
            self._refused += not head.startswith(b"HTTP/1.1 200")
            self._received = b""
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail when the server closed it."""
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the engine closed a connection"))

    def _send(self) -> None:
        request = next(self._requests, None)
        if self._transport is None:
            return
        if request is None:
            self.done.set_result(self._refused)
            self._transport.close()
        else:
            self._sent_at = time.perf_counter()
            self._transport.write(request)


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"content-length: ")
    return int(rest.partition(b"\r\n")[0]) if found else 0


def client_of(endpoint: str) -> SFNClient:
    """A client that tries once, with the key that the measured engine knows."""
    return boto3.client(
        "stepfunctions",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=ACCESS_KEY["accessKeyId"],
        aws_secret_access_key=ACCESS_KEY["secretAccessKey"],
        config=Config(retries={"total_max_attempts": 1}, max_pool_connections=32, inject_host_prefix=False),
    )


class Load:
    """The orders of `driver.Contestant` for one engine's address."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._endpoint = f"http://{host}:{port}"

    async def starts(self, *, machine: str, count: int, connections: int) -> Answer:
        """Start executions of a machine, by its ARN; the times are from a request to its answer."""
        client = client_of(self._endpoint)
        prepared = Prepared(client)
        for _ in range(count):
            client.start_execution(stateMachineArn=machine, name=uuid4().hex, input=_INPUT)
        return await self._send(prepared.requests, connections)

    async def describes(self, *, execution: str, count: int, connections: int) -> Answer:
        """Ask for one execution again and again."""
        client = client_of(self._endpoint)
        prepared = Prepared(client)
        client.describe_execution(executionArn=execution)
        return await self._send(prepared.requests * count, connections)

    async def boto3(self, *, machine: str, count: int, threads: int) -> Answer:
        """Start executions with boto3 as its users do; gives the ARN of one of them."""
        client = client_of(self._endpoint)
        start = partial(client.start_execution, stateMachineArn=machine, input=_INPUT)
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            started = list(pool.map(lambda _: start(name=uuid4().hex), range(count)))
        return {"seconds": time.perf_counter() - began, "count": count, "execution": started[0]["executionArn"]}

    async def _send(self, requests: list[bytes], connections: int) -> Answer:
        loop = asyncio.get_running_loop()
        left, latencies = iter(requests), list[float]()
        cpu, began = time.process_time(), time.perf_counter()
        opened = [
            await loop.create_connection(lambda: Connection(left, latencies), self._host, self._port)
            for _ in range(connections)
        ]
        refused = sum(await asyncio.gather(*(connection.done for _, connection in opened)))
        return {
            "seconds": time.perf_counter() - began,
            "cpu": time.process_time() - cpu,
            "count": len(requests),
            "refused": refused,
            "latencies": latencies,
        }


async def main(host: str, port: int) -> None:
    """Carry orders out until stdin ends."""
    load = Load(host, port)
    await serve({"starts": load.starts, "describes": load.describes, "boto3": load.boto3}, {})


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
