"""Processes that end by being killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def killed(module: str, *arguments: object) -> AsyncIterator[None]:
    """Run a module of Python's, and kill it in the end."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *map(str, arguments))
    try:
        yield
    finally:
        process.kill()
        await process.wait()
