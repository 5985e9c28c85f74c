"""Waiting for the ends of map runs that are being aborted: only then can what they started be redriven."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from engine.storage.protocols.map_runs import MapRuns
from engine.storage.records import MapRun

_GRACE_SECONDS: Final = 2.0
"""How long a process that aborts a map run is left to it; one that died does it no more."""

_FIRST_PAUSE_SECONDS: Final = 0.02
_LAST_PAUSE_SECONDS: Final = 1.0
_PAGE: Final = 500

Abort = Callable[[Sequence[MapRun]], Awaitable[None]]
"""Begins to abort those map runs that nobody waits for any more."""


def patience(lease_seconds: float) -> float:
    """Give the seconds that it may take until an abort is over whose processes died: a takeover, and the rest."""
    return lease_seconds * 4 / 3 + 10


class Ends:
    """Sees to it that the map runs of an execution that is over come to their ends."""

    def __init__(self, storage: MapRuns, abort: Abort, patience_seconds: float) -> None:
        self._storage = storage
        self._abort = abort
        self._patience_seconds = patience_seconds

    async def all_ended(self, execution_id: UUID) -> bool:
        """Wait until none of an execution's map runs is being aborted any more; False if one still is after some time.

        What they started is over then, and stays as it is until it is redriven. Raises StorageUnavailable.
        """
        began = time.monotonic()
        pause, is_ours = _FIRST_PAUSE_SECONDS, False
        running = await self._running(execution_id)
        while running:
            waited = time.monotonic() - began
            if waited > self._patience_seconds:
                return False
            if waited > _GRACE_SECONDS and not is_ours:
                is_ours = True
                await self._abort(running)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LAST_PAUSE_SECONDS)
            found = [await self._storage.find_map_run(each.id) for each in running]
            running = [each for each in found if each is not None and each.status == "RUNNING"]
        return True

    async def _running(self, execution_id: UUID) -> list[MapRun]:
        """Give the map runs that aren't over, of any number."""
        running: list[MapRun] = []
        last: UUID | None = None
        while page := await self._storage.list_map_runs(execution_id, _PAGE, last):
            running += [each for each in page if each.status == "RUNNING"]
            if len(page) < _PAGE:
                break
            last = page[-1].id
        return running
