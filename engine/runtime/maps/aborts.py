"""Stopping the children of a map run that fails, or that nobody waits for any more."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Final
from uuid import UUID

from engine.runtime.maps.children import Children
from engine.runtime.maps.ledger import Ledger
from engine.storage.records import MapRun

_ABORT_SECONDS: Final = 30.0
_FIRST_PAUSE_SECONDS: Final = 0.02
_LAST_PAUSE_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


async def stop_children(ledger: Ledger, children: Children, row: MapRun) -> bool:
    """Abort all children that run, and wait until they are over, but not for ever.

    False if the map run was redriven meanwhile: those that run then are to run. Children are looked for first and the
    map run is read afterwards, so that what was found before a redrive was noted ran before it. A child that is
    redriven even later isn't harmed either: the wish is for it as it was found.
    """
    give_up = time.monotonic() + _ABORT_SECONDS
    told: set[UUID] = set()
    pause = _FIRST_PAUSE_SECONDS
    while True:
        running = await ledger.patiently(lambda: children.running(row.id))
        now = await ledger.read(row.id)
        if now is None or now.redrive_count != row.redrive_count:
            return False
        if not running:
            return True
        for child, redrives in running.items():
            if child not in told and await ledger.patiently(
                lambda child=child, redrives=redrives: children.stop(child, redrives)  # type: ignore[misc]
            ):
                told.add(child)
        if time.monotonic() > give_up:
            _log.warning("%d children of the map run %s don't stop", len(running), row.id)
            return True
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LAST_PAUSE_SECONDS)
