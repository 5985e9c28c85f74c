"""What the peers' sides need of the network, with the standard library alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator

_WAIT_SECONDS = 60.0


def free_ports(count: int) -> list[int]:
    """Give ports of the loopback address that nobody listens on."""
    with contextlib.ExitStack() as opened:
        probes = [opened.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


async def await_port(port: int) -> None:
    """Return when somebody listens on a port; raises TimeoutError after a minute."""
    async with asyncio.timeout(_WAIT_SECONDS):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.05)


class HttpClient:
    """Posts JSON over HTTP/1.1 connections that it keeps open, as many as there are requests at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, path: str, value: object) -> bytes:
        """Give the answer's body. Raises RuntimeError unless its status is one of 200 to 299."""
        body = json.dumps(value).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Type: application/json\r\n"
        async with self._connection() as (reader, writer):
            writer.write(head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
            status, answer = await _read(reader)
        if not status.split(b" ")[1].startswith(b"2"):
            raise RuntimeError(f"POST {path}: {status.decode()}: {answer[:200].decode(errors='replace')}")
        return answer

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        found = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        yield found
        self._free.append(found)


async def _read(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    status, *lines = head.rstrip().split(b"\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines)}
    if headers.get(b"transfer-encoding") != b"chunked":
        return status, await reader.readexactly(int(headers.get(b"content-length", b"0")))
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return status, body
