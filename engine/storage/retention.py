"""What is stored of executions that were archived or may be."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

FIRST_ID: Final = UUID(int=0)
LAST_ID: Final = UUID(int=2**128 - 1)

EMPTY_INPUT: Final = "{}"
"""What stands in the place of an archived execution's input, for engines that know of no archives."""


class Archived(msgspec.Struct, frozen=True):
    """Where an execution's input, output and history are: `length` bytes at `position` in the archive `name`."""

    name: str
    position: int
    length: int


class Part(msgspec.Struct, frozen=True):
    """Where an archive has an execution."""

    execution_id: UUID
    position: int
    length: int


class Stretch(msgspec.Struct, frozen=True):
    """A range of execution ids to be looked through at `due`: those after `after`, up to `last` and with it.

    `id` is its own, None as long as it isn't stored.
    """

    after: UUID
    last: UUID
    due: datetime
    id: int | None = None


class Candidate(msgspec.Struct, frozen=True):
    """An execution that isn't archived; `held` is True for the child of a map run whose execution isn't over as long.

    Until then the children's results are read.
    """

    id: UUID
    stopped_at: datetime | None
    held: bool


class Abandoned(msgspec.Struct, frozen=True):
    """An archive that was begun and never completed; its file is there or isn't."""

    id: int
    name: str
