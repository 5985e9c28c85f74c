"""Changes of executions' statuses, from the transactions that make them to whoever publishes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from engine.storage.outbox import Backlog, StatusChange
from engine.storage.records import Execution


class Outbox(Protocol):
    """A storage opened with an outbox writes each change of a STANDARD execution's status down, as part of the commit.

    One opened without writes nothing down, but what another one wrote can be read all the same.
    """

    async def status_changes(self, limit: int, excluded: Sequence[UUID] = ()) -> list[StatusChange]:
        """Give the first changes in order, but for those of some executions; of one no change is given before another.

        Places in the outbox are taken when a transaction writes and seen when it commits: a change may turn up among
        those that were given already, so whoever reads on begins anew.
        """
        ...

    async def executions_by_id(self, execution_ids: Sequence[UUID]) -> list[Execution]:
        """Give executions as they stand now, in no order; those that don't exist are left out."""
        ...

    async def remove_published(self, term: int, ids: Sequence[int]) -> None:
        """Take changes out of the outbox; raises TermEnded unless the leader's term lasts."""
        ...

    async def backlog(self) -> Backlog:
        """Tell how much waits in the outbox."""
        ...
