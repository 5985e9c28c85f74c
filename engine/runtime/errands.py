"""Work that is done again and again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

from engine.storage import LeaseLapsed, StorageUnavailable, TermEnded

_log = logging.getLogger(__name__)


async def every(seconds: float, wake: asyncio.Event, errand: Callable[[], Awaitable[None]]) -> None:
    """Do an errand for ever: at once, whenever `wake` is set, and else `seconds` after it was done.

    One that fails is logged, and done again when its time comes.
    """
    while True:
        try:
            await errand()
        except (StorageUnavailable, LeaseLapsed, TermEnded) as error:
            _log.warning("An errand is put off: %s", error)
        except Exception:  # noqa: BLE001 - whatever happened, the next time may go well
            _log.exception("An errand failed and will be done again.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()
        wake.clear()
