"""Looks after what other processes leave: executions, messages, and timers that were too far away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from engine.language import Event
from engine.runtime.clock import DatabaseClock
from engine.runtime.executor import Executor
from engine.runtime.lease import ProcessLease
from engine.runtime.options import EngineOptions
from engine.storage import NOBODY, LeaseLapsed, StorageUnavailable
from engine.storage.protocol import Storage

_CLAIMED_AT_A_TIME: Final = 500
_MESSAGES_AT_A_TIME: Final = 500

_log = logging.getLogger(__name__)

_DECODER: Final = msgspec.json.Decoder(Event)


def encode_message(event: Event) -> bytes:
    """Write an event as a message to an execution's owner."""
    return msgspec.json.encode(event)


class Sweeper:
    """Three errands, each done at intervals and whenever somebody says that there is something to do."""

    def __init__(
        self, storage: Storage, executor: Executor, lease: ProcessLease, clock: DatabaseClock, options: EngineOptions
    ) -> None:
        self._storage = storage
        self._executor = executor
        self._lease = lease
        self._clock = clock
        self._options = options
        self._orphans = asyncio.Event()
        self._messages = asyncio.Event()
        self._read_up_to: tuple[int, datetime] | None = None
        self.last_run: datetime | None = None

    async def run(self) -> None:
        """Do all errands for ever."""
        async with asyncio.TaskGroup() as errands:
            errands.create_task(_every(self._options.lease_seconds / 3, self._orphans, self.take_over))
            errands.create_task(_every(self._options.poll_seconds, self._messages, self.read_messages))
            horizon = self._options.timer_horizon_seconds
            errands.create_task(_every(horizon / 2, asyncio.Event(), self.load_due))

    def notify(self, epoch: int) -> None:
        """Hear that the process with this epoch has messages, or that `NOBODY` has executions."""
        if epoch == NOBODY:
            self._orphans.set()
            self._messages.set()
        elif epoch == self._lease.epoch:
            self._messages.set()

    async def take_over(self) -> None:
        """Take over the executions of processes whose lease has lapsed, and those that were handed back."""
        epoch = await self._lease.wait()
        lapsed = await self._storage.remove_lapsed()
        if lapsed:
            _log.warning("Leases have lapsed: epochs %s", ", ".join(map(str, lapsed)))
        while True:
            claimed = await self._storage.claim(epoch, _CLAIMED_AT_A_TIME)
            await self._executor.adopt(claimed, taken_over=True)
            if len(claimed) < _CLAIMED_AT_A_TIME:
                break
        self._messages.set()
        self.last_run = self._clock.now()

    async def read_messages(self) -> None:
        """Deliver the messages that were left for this process's executions."""
        epoch = await self._lease.wait()
        messages = await self._storage.messages(epoch, _MESSAGES_AT_A_TIME)
        absent = [m.execution_id for m in messages if m.execution_id not in self._executor]
        if absent:
            await self._executor.adopt(await self._storage.load(epoch, absent), taken_over=False)
        for message in messages:
            self._executor.deliver(message.execution_id, _DECODER.decode(message.data), message.id)

    async def load_due(self) -> None:
        """Bring executions back into memory whose timers come within the horizon.

        Each stretch of time is read once: a timer is stored only if it is due after what was read before, and an
        execution leaves the memory only once its timers are stored.
        """
        epoch = await self._lease.wait()
        horizon = self._clock.now() + timedelta(seconds=self._options.timer_horizon_seconds)
        known = self._read_up_to
        after = known[1] if known is not None and known[0] == epoch else None
        due = await self._storage.due_executions(epoch, after=after, until=horizon)
        absent = [execution_id for execution_id in due if execution_id not in self._executor]
        if absent:
            await self._executor.adopt(await self._storage.load(epoch, absent), taken_over=False)
        self._read_up_to = (epoch, horizon)


async def _every(seconds: float, wake: asyncio.Event, errand: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await errand()
        except (StorageUnavailable, LeaseLapsed) as error:
            _log.warning("An errand is put off: %s", error)
        except Exception:  # noqa: BLE001 - whatever happened, the next time may go well
            _log.exception("An errand failed and will be done again.")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await wake.wait()
        wake.clear()
