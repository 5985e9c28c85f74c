"""The narrow interface between the engine and the database that makes it durable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.storage.records import (
    ActiveExecution,
    Events,
    Execution,
    Lease,
    Machine,
    Message,
    PoolStatus,
    Position,
    Write,
)

NOBODY = 0
"""The owner of executions that were handed back."""


class Machines(Protocol):
    """Organizations and state machines with their versions, which never change once written."""

    async def account_of(self, organization: str, candidates: Sequence[str]) -> str:
        """Give the organization's account id; at first use it becomes the first of `candidates` that is free."""
        ...

    async def create_machine(self, machine: Machine) -> bool:
        """Store a new state machine in version 1; False if its organization has one of that name."""
        ...

    async def add_version(self, machine: Machine) -> bool:
        """Store the next version of a state machine and make it the current one; False if that version exists."""
        ...

    async def find_machine(self, organization: str, name: str) -> Machine | None:
        """Give a state machine in its current version."""
        ...

    async def get_version(self, machine_id: UUID, version: int) -> Machine | None:
        """Give a state machine in the version asked for."""
        ...

    async def list_machines(self, organization: str, limit: int, after: str | None) -> list[Machine]:
        """Give an organization's state machines by name, from the first name after `after` on."""
        ...


class Executions(Protocol):
    """What is known of executions, for those who ask."""

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """Give the execution that has this name in the organization's state machine."""
        ...

    async def list_executions(
        self, organization: str, machine: str | None, status: str | None, limit: int, before: UUID | None
    ) -> list[Execution]:
        """Give executions, newest first, of one state machine or all, of one status or any, older than `before`."""
        ...

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """Give the commits' events in order, at most `limit` of them, from the one on that has an event after `after`.

        With `reverse` the latest commit comes first, and `after` means events before it.
        """
        ...


class Processes(Protocol):
    """Leases of processes and who owns which execution. Only the database's clock counts."""

    async def register_process(self, name: str, lease_seconds: float) -> Lease:
        """Give a new process its lease."""
        ...

    async def renew_process(self, epoch: int, lease_seconds: float) -> datetime | None:
        """Extend a lease and give the database's time; None if it lapsed and was taken away."""
        ...

    async def remove_process(self, epoch: int) -> None:
        """Take a lease away: the process commits nothing any more, and its executions are free."""
        ...

    async def remove_lapsed(self) -> list[int]:
        """Take away all leases that have lapsed and give their epochs; also messages that nobody will read."""
        ...

    async def claim(self, epoch: int, limit: int) -> list[ActiveExecution]:
        """Take over executions whose owner has no lease. Raises LeaseLapsed."""
        ...

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """Hand executions back, all of them with None, and tell the other processes so."""
        ...


class Storage(Machines, Executions, Processes, Protocol):
    """A database with everything an engine process needs. Methods raise StorageUnavailable when it can't be reached."""

    async def open(self) -> None:
        """Connect; raises SchemaMismatch unless the schema is the one that this engine knows."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """Apply all writes in one transaction and give the executions whose write was applied.

        At most one write per execution. Raises LeaseLapsed when the process may not write; OutcomeUnknown when the
        connection was lost meanwhile; StorageError when the database refuses one of them, and then none is applied.
        """
        ...

    async def positions(self, execution_ids: Sequence[UUID]) -> dict[UUID, Position]:
        """Tell how far executions have come; those that don't exist are left out."""
        ...

    async def load(self, epoch: int, execution_ids: Sequence[UUID]) -> list[ActiveExecution]:
        """Give those of the executions that run and are owned by the process."""
        ...

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """Give the process's executions that have a stored timer due after one time and not after another."""
        ...

    async def send(self, execution_id: UUID, data: bytes) -> bool:
        """Leave a message for a running execution and tell its owner; False if it isn't running."""
        ...

    async def messages(self, epoch: int, limit: int) -> list[Message]:
        """Give messages for the process's executions, oldest first."""
        ...

    async def listen(self, notify: Callable[[int], None]) -> None:
        """Call `notify` with a process's epoch when it has messages, with `NOBODY` when executions are handed back.

        It is called on the event loop, maybe more often than need be, and not at all where a storage can't tell.
        """
        ...

    async def ping(self) -> None:
        """Make one round trip to the database."""
        ...

    def pool(self) -> PoolStatus:
        """Tell how many connections are open."""
        ...
