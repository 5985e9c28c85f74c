"""Executions: what is written of them, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from engine.storage.records import (
    ALL,
    ActiveExecution,
    Events,
    Execution,
    ExecutionFilter,
    Lease,
    Message,
    Position,
    Write,
)


class Executions(Protocol):
    """What is known of executions, for those who ask."""

    async def find_execution(self, organization: str, machine: str, name: str) -> Execution | None:
        """Give the execution that has this name in the organization's state machine; children of map runs have none.

        If a state machine of this name was deleted before, its executions are found too, after the present one's.
        """
        ...

    async def get_execution(self, execution_id: UUID) -> Execution | None:
        """Give an execution by its id. A map run's child has its id as its name."""
        ...

    async def list_executions(
        self,
        organization: str,
        machine: str | None,
        status: str | None,
        limit: int,
        before: UUID | None,
        chosen: ExecutionFilter = ALL,
    ) -> list[Execution]:
        """Give executions, newest first, of one state machine or all, of one status or any, older than `before`.

        With `chosen.map_run`, give its children, the last item's first, and `machine` is of no account. Executions
        of state machines that are gone aren't listed.
        """
        ...

    async def read_history(self, execution_id: UUID, *, after: int | None, limit: int, reverse: bool) -> list[Events]:
        """Give the commits' events in order, at most `limit` of them, from the one on that has an event after `after`.

        With `reverse` the latest commit comes first, and `after` means events before it.
        """
        ...

    async def read_payloads(self, execution_id: UUID, digests: Sequence[bytes]) -> dict[bytes, bytes]:
        """Give payloads that an execution's events refer to, by their SHA-256; those that are gone are left out."""
        ...

    async def load_finished(self, execution_id: UUID) -> ActiveExecution | None:
        """Give an execution that is over with the snapshot that its ending left; None if it left none, or runs.

        Its sequence is 0; the write that redrives it has 1.
        """
        ...

    async def purge_snapshots(self, ended_before: datetime) -> int:
        """Forget the snapshots of executions that ended before: they can't be redriven any more. Gives how many."""
        ...


class Transitions(Protocol):
    """What a process does with the executions that it owns."""

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

    async def running_snapshot(self, execution_id: UUID) -> bytes | None:
        """Give the state of a running execution, whoever owns it; None if it isn't running."""
        ...

    async def due_executions(self, epoch: int, *, after: datetime | None, until: datetime) -> list[UUID]:
        """Give the process's executions that have a stored timer due after one time and not after another."""
        ...

    async def send(
        self, execution_id: UUID, data: bytes, *, key: str | None = None, redrive_count: int | None = None
    ) -> bool:
        """Leave a message for a running execution and tell its owner; False if it isn't running.

        With a `key`, False also as long as the execution hasn't dealt with a message that has the same; with a
        `redrive_count`, if it was redriven more often than that by now.
        """
        ...

    async def messages(self, epoch: int, limit: int, after: int = 0) -> list[Message]:
        """Give messages for the process's executions, oldest first, from the one after the id `after` on."""
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
        """Take over executions whose owner has no lease.

        Raises LeaseLapsed; OutcomeUnknown when the connection was lost meanwhile and `owned` tells what was taken.
        """
        ...

    async def owned(self, epoch: int, limit: int, after: UUID | None = None) -> list[UUID]:
        """Give the executions of a process in the order of their ids, from the one after the id `after` on."""
        ...

    async def release(self, epoch: int, execution_ids: Sequence[UUID] | None) -> None:
        """Hand executions back, all of them with None, and tell the other processes so."""
        ...
