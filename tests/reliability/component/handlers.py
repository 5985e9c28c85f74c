"""Handlers of the load: each writes down that it ran, under the key that it was given, before it gives its result."""

import asyncio
import os
from zlib import crc32

from engine.tasks import TaskContext, TaskError, handler

Given = dict[str, object]


def _record(file: str, *words: str) -> None:
    """Append one line, whole even if the process is killed meanwhile."""
    line = " ".join([*words, str(os.getpid())])
    descriptor = os.open(os.path.join(os.environ["RELIABILITY_FOLDER"], file), os.O_WRONLY | os.O_APPEND | os.O_CREAT)  # noqa: PTH118
    os.write(descriptor, f"{line}\n".encode())
    os.close(descriptor)


def _made(context: TaskContext, **members: object) -> Given:
    """Give a result that says for which attempt of which visit it was made."""
    return {**members, "by": f"{context.idempotency_key}.{context.attempt}"}


@handler("step")
async def step(given: Given, /, context: TaskContext) -> Given:
    _record("effects", context.idempotency_key)
    await asyncio.sleep(crc32(context.idempotency_key.encode()) % 4 / 20)
    return _made(context, **given)


@handler("flaky")
async def flaky(given: Given, /, context: TaskContext) -> Given:
    _record("effects", context.idempotency_key)
    if context.attempt == 1 and crc32(context.idempotency_key.encode()) % 2:
        raise TaskError("Flaky.Handler", "the first attempt")
    return _made(context, **given)


@handler("slow")
async def slow(given: Given, /, context: TaskContext) -> Given:
    _record("effects", context.idempotency_key)
    await asyncio.sleep(0.5 if context.attempt > 1 else 4)
    return _made(context, **given)


@handler("count")
async def count(_given: object, /, context: TaskContext) -> Given:
    _record("effects", context.idempotency_key)
    return _made(context, n=1)


@handler("ask")
async def ask(given: Given, /, context: TaskContext) -> Given:
    _record("effects", context.idempotency_key)
    _record("tokens", str(given["token"]))
    return _made(context, n=0)


@handler("risky")
async def risky(given: Given, /, context: TaskContext) -> Given:
    _record("effects", context.idempotency_key)
    if crc32(context.idempotency_key.encode()) % 3 == 0:
        raise TaskError("Risky.Handler", "every third item fails, and maybe not when it is redriven")
    return _made(context, **given)
