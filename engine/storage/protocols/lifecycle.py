"""Executions that are paused, that wait for a process which can go on with them, and whose data is erased."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

from engine.storage.lifecycle import Claimed, Erasure, Pause, SetAside


class Pauses(Protocol):
    """Paused executions: nobody owns them, so that nobody can commit anything for them.

    The process that owned one is its holder as long as tasks run there that were begun before.
    """

    async def pause(self, execution_id: UUID, paused_by: str) -> bool:
        """Pause an execution at once, or keep one paused that was about to be resumed; False if it isn't running."""
        ...

    async def resume(self, execution_id: UUID) -> bool:
        """Let an execution go on, as soon as its holder has let it go; False if it isn't paused."""
        ...

    async def held(self, epoch: int) -> list[UUID]:
        """Give the paused executions whose holder a process is."""
        ...

    async def let_go(self, epoch: int, execution_ids: Sequence[UUID]) -> None:
        """Say that no task of these runs any more in the process that held them."""
        ...

    async def free_resumed(self) -> None:
        """Let executions go on that were resumed and whose holder is gone."""
        ...

    async def pauses(self, execution_ids: Sequence[UUID]) -> list[Pause]:
        """Give those of the executions that are paused."""
        ...

    async def list_paused(self, organization: str, machine: str | None, limit: int, before: UUID | None) -> list[UUID]:
        """Give the paused executions, newest first, of one state machine or all, older than `before`.

        As in `Executions.list_executions`, children of map runs aren't among them.
        """
        ...

    async def awaken(self, execution_id: UUID) -> None:
        """Give an execution that is paused or set aside to any process, for a message that can't wait."""
        ...

    async def awaken_those_told(self, beginning: bytes) -> None:
        """Do the same with all that have a message which begins so."""
        ...


class Abilities(Protocol):
    """What processes can do, and executions that need what their process can't do."""

    async def publish(self, epoch: int, abilities: Sequence[str]) -> None:
        """Say what a process can do from now on."""
        ...

    async def set_aside(self, epoch: int, executions: Sequence[SetAside]) -> None:
        """Give up executions that the process owns for others that can go on with them, and tell these."""
        ...

    async def claim_set_aside(self, epoch: int, wait_seconds: float, hopeless: str, limit: int) -> list[Claimed]:
        """Take over executions that were set aside for what the process can do.

        Also those with a need that begins with `hopeless` which have waited so long, if no process has what they
        need. Raises LeaseLapsed.
        """
        ...


class Erasures(Protocol):
    """Data that is erased on request. Every step may be repeated."""

    async def begin_erasure(self, execution_id: UUID, requested_by: str) -> Erasure | None:
        """Erase what is stored of an execution that is over, but for its history; None if it runs, or isn't there.

        It keeps its name, status and times. What would be needed to redrive it goes, too.
        """
        ...

    async def erase_history(self, execution_id: UUID, strip: Callable[[bytes], bytes], limit: int) -> int:
        """Put `strip`ped events in the place of the next ones, so many groups at a time; gives how many there were.

        `strip` may be called in another thread. Nothing is done for an execution that runs again.
        """
        ...

    async def note_erased(self, execution_id: UUID, erased: Sequence[bytes]) -> None:
        """Add to the proof, once, what isn't in the database; it is erased afterwards."""
        ...

    async def finish_erasure(self, execution_id: UUID) -> None:
        """Note that everything is erased, unless the execution runs again."""
        ...

    async def erasures(self, execution_ids: Sequence[UUID]) -> list[Erasure]:
        """Give what is known of the erasures of executions."""
        ...

    async def unfinished_erasures(self, limit: int) -> list[UUID]:
        """Give executions whose erasure was begun and not finished."""
        ...
