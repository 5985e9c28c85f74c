"""Executions that wait: what each takes of the process's memory, and how late it wakes."""

from __future__ import annotations

import asyncio
import gc
import json
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from benchmarks.sides.ends import Ends
from benchmarks.sides.protocol import Answer, Command
from engine.runtime import Engine, ExecutionRecord

_STARTERS: Final = 500
_PAGE: Final = 1_000


def commands(engine: Engine, ends: Ends, machine: str, organization: str) -> dict[str, Command]:
    """Give `wait` and `lateness`; `machine` is the ARN of `machines.wait`."""

    async def start(seconds: Sequence[float]) -> None:
        left = iter(seconds)

        async def starter() -> None:
            for each in left:
                given = json.dumps({"seconds": each})
                await engine.start_execution(
                    organization=organization, state_machine_arn=machine, name=None, input=given
                )

        await asyncio.gather(*(starter() for _ in range(_STARTERS)))

    async def wait(*, count: int, seconds: int) -> Answer:
        """Start executions that wait so long, and give the bytes that the process grew by for each."""
        before = resident_bytes()
        await start([seconds] * count)
        gc.collect()
        return {"bytes": (resident_bytes() - before) / count}

    async def lateness(*, count: int, seconds: int) -> Answer:
        """Start executions that wait one to `seconds` seconds, and give how many seconds late each was over."""
        already = ends.count
        await start([1 + index % seconds for index in range(count)])
        await ends.until(already + count)
        late: list[float] = []
        after: str | None = None
        while len(late) < count:
            page = await engine.list_executions(organization, machine, "SUCCEEDED", _PAGE, after)
            late.extend(_late(record) for record in page.items)
            after = page.next_token
        return {"seconds": late[:count]}

    return {"wait": wait, "lateness": lateness}


def _late(record: ExecutionRecord) -> float:
    if record.stopped_at is None:
        raise ValueError(f"{record.arn} has succeeded and never stopped")
    due = record.started_at + timedelta(seconds=json.loads(record.input)["seconds"])
    return (record.stopped_at - due).total_seconds()


def resident_bytes() -> int:
    """The memory of this process that is in RAM."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
