"""Changes of executions' statuses that wait to be published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from engine.storage.records import Write

MOST_COUNTED: Final = 100_000
"""How far a backlog is counted: to count millions of rows every few seconds would only make it longer."""

RUNNING: Final = "RUNNING"
EXPRESS: Final = "EXPRESS"


class StatusChange(msgspec.Struct, frozen=True, kw_only=True):
    """An execution's status changed, in the transaction that wrote this down.

    Attributes:
        id: its place in the outbox; of one execution's changes a later one has a higher one.
        redrive_count: how often the execution had been redriven then.
        occurred_at: when it began, ended or was redriven.
    """

    id: int
    execution_id: UUID
    redrive_count: int
    status: str
    occurred_at: datetime
    error: str | None
    cause: str | None

    @property
    def deduplication_id(self) -> str:
        """What tells this change from all others, however often it is published."""
        return f"{self.execution_id}:{self.redrive_count}:{self.status}"


class Backlog(msgspec.Struct, frozen=True):
    """How many changes wait, counted up to `MOST_COUNTED`, and when the first of them occurred."""

    pending: int
    oldest: datetime | None


class NewStatus(msgspec.Struct, frozen=True):
    """A status that a write gives an execution; `at` is None where the write doesn't say when it ended."""

    status: str
    at: datetime | None
    error: str | None = None
    cause: str | None = None


def new_statuses(write: Write) -> Iterator[NewStatus]:
    """Give what a write, once it is applied, makes of its execution's status: in order, mostly nothing."""
    if write.beginning is not None:
        yield NewStatus(RUNNING, write.beginning.started_at)
    if write.redriven is not None:
        yield NewStatus(RUNNING, write.redriven.redriven_at)
    if (ending := write.ending) is not None:
        yield NewStatus(ending.status, ending.stopped_at, ending.error, ending.cause)
