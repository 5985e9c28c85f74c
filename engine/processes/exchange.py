"""How processes that share their addresses ask one another: by a line. The answer's length comes before it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

ANSWER_SECONDS: Final = 2.5
"""How long another process may take: longer than it asks its database, less than `engine healthcheck` waits."""

_LENGTH_BYTES: Final = 8

Answers = Mapping[str, Callable[[], Awaitable[bytes]]]


class Exchange:
    """The side of process `number` of `count`; each has a socket in `folder`, and `seconds` to answer."""

    def __init__(self, folder: Path, number: int, count: int, seconds: float = ANSWER_SECONDS) -> None:
        self.number = number
        self._folder = folder
        self._others = [other for other in range(1, count + 1) if other != number]
        self._seconds = seconds
        self._server: asyncio.Server | None = None

    async def start(self, answers: Answers) -> None:
        """Answer from now on, by what is asked."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                asked = (await reader.readline()).decode().strip()
                if asked in answers:
                    told = await answers[asked]()
                    writer.write(len(told).to_bytes(_LENGTH_BYTES) + told)
                    await writer.drain()
            except ConnectionError:  # whoever asked has gone
                return
            finally:
                writer.close()

        self._server = await asyncio.start_unix_server(answer, self._path(self.number))

    async def ask(self, what: str) -> dict[int, bytes | None]:
        """What the others answer, by their numbers: None from one that is there and doesn't.

        One that has died, or hasn't started yet, isn't among them: its supervisor sees to it.
        """
        answers: dict[int, bytes | None] = {}
        await asyncio.gather(*(self._ask(other, what, answers) for other in self._others))
        return dict(sorted(answers.items()))

    async def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
            self._path(self.number).unlink(missing_ok=True)

    async def _ask(self, other: int, what: str, answers: dict[int, bytes | None]) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                reader, writer = await asyncio.open_unix_connection(self._path(other))
                try:
                    writer.write(f"{what}\n".encode())
                    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
                    answers[other] = await reader.readexactly(length)
                finally:
                    writer.close()
        except (TimeoutError, BlockingIOError):  # the latter when too many wait for its answer
            answers[other] = None
        except (OSError, asyncio.IncompleteReadError):
            return  # it isn't there, or died meanwhile

    def _path(self, number: int) -> Path:
        return self._folder / str(number)
