"""Waiting for the ends of map runs that are being aborted: only then can what they started be redriven."""

from __future__ import annotations

import asyncio
import time
from typing import Final
from uuid import UUID

from engine.storage.protocols.map_runs import MapRuns

PATIENCE_SECONDS: Final = 25.0
"""Longer than it takes, with the default lease, until another process sees to an abort whose process died."""

_FIRST_PAUSE_SECONDS: Final = 0.02
_LAST_PAUSE_SECONDS: Final = 1.0
_PAGE: Final = 500


async def all_ended(storage: MapRuns, execution_id: UUID) -> bool:
    """Wait until none of an execution's map runs is being aborted any more; False if one still is after some time.

    What they started is over then, and stays as it is until it is redriven. Raises StorageUnavailable.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    pause = _FIRST_PAUSE_SECONDS
    running = await _running(storage, execution_id)
    while running:
        if time.monotonic() > give_up:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE_SECONDS)
        found = [await storage.find_map_run(each) for each in running]
        running = [each.id for each in found if each is not None and each.status == "RUNNING"]
    return True


async def _running(storage: MapRuns, execution_id: UUID) -> list[UUID]:
    """Give the map runs that aren't over, of any number."""
    running: list[UUID] = []
    last: UUID | None = None
    while page := await storage.list_map_runs(execution_id, _PAGE, last):
        running += [each.id for each in page if each.status == "RUNNING"]
        if len(page) < _PAGE:
            break
        last = page[-1].id
    return running
