"""A TCP proxy between the engines and their database: its address stays when the server behind it changes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

_CHUNK: Final = 65_536


class Proxy:
    """Passes bytes on, unless told otherwise.

    Attributes:
        target: the server's host and port.
        delay: seconds that every chunk of an answer takes.
        bytes_left: after so many bytes to the server all connections are cut, once; None for never.
        refuses: whether new connections are closed at once.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.delay = 0.0
        self.bytes_left: int | None = None
        self.refuses = False
        self.cuts = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._served: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[tuple[str, int]]:
        """Listen on a free port of the loopback address."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            address: tuple[str, int] = server.sockets[0].getsockname()
            yield address
        finally:
            server.close()
            self.refuses = True
            self.cut()
            await asyncio.gather(*self._served, return_exceptions=True)

    def cut(self) -> None:
        """Cut all connections, in the middle of whatever they carry."""
        self.cuts += 1
        for writer in tuple(self._open):
            writer.transport.abort()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refuses:
            writer.transport.abort()
            return
        try:
            to_server = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        pair = {writer, to_server[1]}
        self._open |= pair
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._ask(reader, to_server[1]))
                group.create_task(self._answer(to_server[0], writer))
        except* OSError:
            pass
        finally:
            self._open -= pair
            for end in pair:
                end.transport.abort()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self.bytes_left is not None and len(data) > self.bytes_left:
                writer.write(data[: self.bytes_left])
                self.bytes_left = None
                with contextlib.suppress(OSError):
                    await writer.drain()
                self.cut()
                return
            if self.bytes_left is not None:
                self.bytes_left -= len(data)
            writer.write(data)
            await writer.drain()
        writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            if self.delay:
                await asyncio.sleep(self.delay)
            writer.write(data)
            await writer.drain()
        writer.transport.abort()
