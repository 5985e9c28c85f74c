"""Stopping executions (AWS: StopExecution)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from engine.language import Stopped
from engine.runtime.leader import Leader
from engine.runtime.running.outgoing import encode_message
from engine.storage.protocol import Storage

_AWAKEN_SECONDS: Final = 5.0
STOPPED: Final = b'{"type":"Stopped"'
"""How every message begins that stops an execution."""


class Stopping:
    """Asks executions to stop, whoever runs them, and even if nobody does because they are paused or set aside."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def register(self, leader: Leader) -> None:
        """Have the leader see to it that nothing that is paused or set aside sleeps through its end."""
        leader.every(_AWAKEN_SECONDS, self.awaken_all, "stopped-executions")

    async def awaken_all(self) -> None:
        """Wake executions that were told to stop by a map run or a parent that gave them up."""
        await self._storage.awaken_those_told(STOPPED)

    async def ask(self, execution_id: UUID, error: str | None, cause: str | None) -> None:
        """Leave the wish for an execution, durably; one that is over is left alone."""
        if await self._storage.send(execution_id, encode_message(Stopped(error, cause))):
            await self._storage.awaken(execution_id)
