"""The half of a measured process that every side shares: orders as lines of JSON on stdin, answers on stdout.

Imports the standard library alone, since the peers run in an environment of their own. An order is
`{"do": NAME, …}`; an answer what that command gives, or `{"error": TEXT}`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Job = Callable[[], Awaitable[None]]
"""Starts one execution and returns at its end."""

Answer = Mapping[str, object]
Command = Callable[..., Awaitable[Answer]]
"""Takes the members of its order by name."""


def commands(jobs: Mapping[str, Job]) -> dict[str, Command]:
    """The orders that every side understands, for its jobs by name."""

    async def throughput(*, job: str, count: int, in_flight: int) -> Answer:
        return await _throughput(jobs[job], count, in_flight)

    async def latency(*, job: str, count: int) -> Answer:
        return {"seconds": [await _timed(jobs[job]) for _ in range(count)]}

    return {"throughput": throughput, "latency": latency}


async def serve(offered: Mapping[str, Command], ready: Answer) -> None:
    """Say `ready`, then carry orders out, one after the other, until stdin ends."""
    loop = asyncio.get_running_loop()
    answers = _claim_stdout()
    _write(answers, ready)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order: dict[str, Any] = json.loads(line)
        _write(answers, await _answer(offered[order.pop("do")], order))


async def _answer(command: Command, order: dict[str, Any]) -> Answer:
    try:
        return await command(**order)
    except Exception as error:  # noqa: BLE001 - the benchmark says which side failed, and goes on with the others
        traceback.print_exc()
        return {"error": f"{type(error).__name__}: {error}"}


def _claim_stdout() -> int:
    """Give where answers go, and send to stderr what a library prints."""
    answers = os.dup(1)
    os.dup2(2, 1)
    return answers


def _write(answers: int, answer: Answer) -> None:
    text = json.dumps(answer).encode() + b"\n"
    while text:
        text = text[os.write(answers, text) :]


async def _throughput(job: Job, count: int, in_flight: int) -> Answer:
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            await job()

    cpu, began = time.process_time(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(min(in_flight, count))))
    return {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "count": count}


async def _timed(job: Job) -> float:
    began = time.perf_counter()
    await job()
    return time.perf_counter() - began
