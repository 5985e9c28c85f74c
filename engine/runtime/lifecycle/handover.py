"""Executions that this process can't go on with, and those of others that it can."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final
from uuid import UUID

from engine.runtime.lifecycle.formats import KNOWN
from engine.runtime.ownership.adoption import Adoption
from engine.runtime.ownership.lease import ProcessLease
from engine.storage.lifecycle import SetAside
from engine.storage.protocol import Storage

HANDLER: Final = "handler:"
"""How resources begin that a process can run only if it has the handler; abilities are named the same."""

_AT_A_TIME: Final = 500

_log = logging.getLogger(__name__)

Handlers = Callable[[], frozenset[str]]
"""Gives the names of the handlers that this process has now."""


class HandOver:
    """Sets executions aside for processes that can go on with them, and takes over what others set aside.

    So two versions of the engine, or of the components, may run side by side: an execution moves to a process that
    has the handler of its next task, or that can read its snapshot. If no process has a handler for `wait_seconds`,
    the task fails with ``HandlerNotFound``; a snapshot that nobody can read waits for ever.
    """

    def __init__(
        self,
        storage: Storage,
        lease: ProcessLease,
        adoption: Adoption,
        handlers: Handlers | None,
        wait_seconds: float,
        wake: Callable[[], None],
    ) -> None:
        self._storage = storage
        self._lease = lease
        self._adoption = adoption
        self._handlers = handlers
        self._wait_seconds = wait_seconds
        self._wake = wake
        self._aside: dict[UUID, str] = {}
        self._aside_epoch: int | None = None
        self._published: tuple[int, frozenset[str]] | None = None

    def serves(self, resource: str) -> bool:
        """Whether this process has what a resource needs."""
        if self._handlers is None or not resource.startswith(HANDLER):
            return True
        return resource.removeprefix(HANDLER) in self._handlers()

    def put(self, execution_id: UUID, need: str) -> None:
        """Set an execution aside that left the memory, or couldn't be brought into it."""
        _log.warning("The execution %s waits for a process that has %s.", execution_id, need)
        if self._aside_epoch != self._lease.epoch:  # what an earlier lease owned is for others
            self._aside, self._aside_epoch = {}, self._lease.epoch
        self._aside[execution_id] = need
        self._wake()

    async def run(self) -> None:
        """Say what this process can do, set aside what it can't, and take over what it can."""
        epoch = await self._lease.wait()
        await self._publish(epoch)
        if self._aside and self._aside_epoch == epoch:
            aside = [SetAside(execution_id, need) for execution_id, need in self._aside.items()]
            await self._storage.set_aside(epoch, aside)
            for each in aside:
                self._aside.pop(each.execution_id, None)
        while True:
            claimed = await self._adoption.claim_set_aside(epoch, self._wait_seconds, HANDLER, _AT_A_TIME)
            if claimed < _AT_A_TIME:
                return

    async def _publish(self, epoch: int) -> None:
        abilities = KNOWN | {HANDLER + name for name in self._names()}
        if self._published != (epoch, abilities):
            await self._storage.publish(epoch, sorted(abilities))
            self._published = (epoch, abilities)

    def _names(self) -> frozenset[str]:
        return frozenset() if self._handlers is None else self._handlers()
