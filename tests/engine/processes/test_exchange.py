"""What processes are told by one another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from engine.processes.exchange import Exchange


@asynccontextmanager
async def answering(folder: Path, number: int, answer: Callable[[], Awaitable[bytes]]) -> AsyncIterator[Exchange]:
    exchange = Exchange(folder, number, 3, seconds=0.05)
    await exchange.start({"name": answer})
    yield exchange
    await exchange.close()


async def test_each_is_asked_but_oneself(tmp_path: Path) -> None:
    async def long() -> bytes:
        return b"x" * 1_000_000

    async def short() -> bytes:
        return b""

    asking = Exchange(tmp_path, 1, 3, seconds=5)
    async with answering(tmp_path, 2, long), answering(tmp_path, 3, short):
        assert await asking.ask("name") == {2: b"x" * 1_000_000, 3: b""}


async def test_one_that_does_not_answer_is_told_from_one_that_is_not_there(tmp_path: Path) -> None:
    async def never() -> bytes:
        await asyncio.Event().wait()
        return b""

    async with answering(tmp_path, 1, never) as asking:
        assert await asking.ask("name") == {}
        async with answering(tmp_path, 2, never):
            assert await asking.ask("name") == {2: None}
        assert await asking.ask("name") == {}


async def test_one_that_dies_while_it_answers(tmp_path: Path) -> None:
    async def die(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((8).to_bytes(8, "big") + b"half")
        writer.close()

    async with await asyncio.start_unix_server(die, tmp_path / "2"):
        assert await Exchange(tmp_path, 1, 2).ask("name") == {}


async def test_the_next_process_takes_the_place_of_one_that_was_killed(tmp_path: Path) -> None:
    async def named() -> bytes:
        return b"the next"

    killed = Exchange(tmp_path, 2, 2)
    await killed.start({})
    async with answering(tmp_path, 2, named):
        assert await Exchange(tmp_path, 1, 2, seconds=5).ask("name") == {2: b"the next"}
    await killed.close()
