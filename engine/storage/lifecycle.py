"""What is stored of executions that are paused, set aside or erased."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from engine.storage.records import ActiveExecution

PAUSED: Final = -1
"""The owner of executions that are paused: a process that doesn't exist, whose lease never lapses."""

SET_ASIDE: Final = -2
"""The owner of executions that wait for a process which can go on with them."""

EMPTY: Final = "{}"
"""What stands in the place of an input that was erased."""


class Pause(msgspec.Struct, frozen=True):
    """An execution is paused: since when, and who asked for it."""

    execution_id: UUID
    paused_at: datetime
    paused_by: str


class SetAside(msgspec.Struct, frozen=True):
    """An execution that a process can't go on with, and the ability that it takes."""

    execution_id: UUID
    need: str


class Claimed(msgspec.Struct, frozen=True):
    """An execution that was set aside and is this process's now; `served` is False where nobody has what it needs."""

    execution: ActiveExecution
    served: bool


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """That an execution's data was erased, or is being erased.

    Attributes:
        execution_id: the execution.
        requested_at: when that was asked for.
        requested_by: by whom.
        events: how many stored groups of history events are erased by now.
        digest: SHA-256 over what was erased, see `chained`.
        finished_at: when all was erased; None before.
    """

    execution_id: UUID
    requested_at: datetime
    requested_by: str
    events: int
    digest: bytes
    finished_at: datetime | None


def chained(digest: bytes, *erased: bytes) -> bytes:
    """Add data to a digest: SHA-256 of the digest before (nothing at first) and of each value after its length.

    Lengths have 8 bytes, the highest first. The values are input, output, error and cause as UTF-8 (nothing for what
    isn't there), and then one by one the stored groups of history events; of an archived execution input, output and
    all events from the archive.
    """
    total = hashlib.sha256(digest)
    for value in erased:
        total.update(len(value).to_bytes(8, "big"))
        total.update(value)
    return total.digest()
