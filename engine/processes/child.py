"""One of the processes, as the one that started it sees it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from contextlib import ExitStack, suppress

import msgspec

from engine.processes.place import Place

SERVING = b"serving\n"
"""What a process writes to its supervisor when it serves."""


class Child:
    """A started process."""

    def __init__(
        self, process: asyncio.subprocess.Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._process = process
        self._reader = reader
        self._writer = writer

    @classmethod
    async def start(cls, place: Place) -> Child:
        """Start a process in this place; its end of the socket to here takes the place's `supervisor`.

        Raises OSError where the machine has no room for it.
        """
        ours, theirs = socket.socketpair()
        with ExitStack() as failed:
            failed.callback(ours.close)
            with theirs:
                place = msgspec.structs.replace(place, supervisor=theirs.fileno())
                options = ["-P"] if sys.flags.safe_path else []
                process = await asyncio.create_subprocess_exec(
                    sys.executable, *options, "-m", "engine.commands.worker", place.text, pass_fds=place.descriptors
                )
            failed.pop_all()
        return cls(process, *await asyncio.open_unix_connection(sock=ours))

    async def serves(self) -> bool:
        """Wait until it serves, and tell whether it ever did before it ended."""
        return await self._reader.readline() == SERVING

    async def end(self) -> int:
        """Wait for its end and give its exit code, which is negative when a signal ended it."""
        code = await self._process.wait()
        self._writer.close()
        return code

    def stop(self) -> None:
        """Ask it to stop."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
