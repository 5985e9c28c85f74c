"""Executions that leave a process while they aren't over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from engine.runtime.running.task_pool import Outcome


class Departures(Protocol):
    """Who looks after executions that leave the memory of this process."""

    def serves(self, resource: str) -> bool:
        """Whether this process can run tasks of a resource; those that it can't run are for others."""
        ...

    def stranded(self, execution_id: UUID, resource: str) -> None:
        """Hear that an execution has left the memory because its next task can't be run here."""
        ...

    def left(self, execution_id: UUID, results: Sequence[Outcome]) -> None:
        """Hear that an execution has left the memory while tasks run on, and which results nobody has taken in."""
        ...

    def task_ended(self, execution_id: UUID, event: Outcome) -> None:
        """Hear the result of a task of an execution that isn't in memory."""
        ...

    def returned(self, execution_id: UUID) -> None:
        """Hear that an execution comes into the memory: what runs on for it since it left is of no use any more."""
        ...


class NoDepartures:
    """Every task can be run here, and results that come too late are of no use."""

    def serves(self, resource: str) -> bool:  # noqa: ARG002
        """See `Departures.serves`."""
        return True

    def stranded(self, execution_id: UUID, resource: str) -> None:
        """See `Departures.stranded`."""

    def left(self, execution_id: UUID, results: Sequence[Outcome]) -> None:
        """See `Departures.left`."""

    def task_ended(self, execution_id: UUID, event: Outcome) -> None:
        """See `Departures.task_ended`."""

    def returned(self, execution_id: UUID) -> None:
        """See `Departures.returned`."""
