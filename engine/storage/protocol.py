"""The narrow interface between the engine and the database that makes it durable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol
from uuid import UUID

from engine.storage.protocols.activities import Activities
from engine.storage.protocols.executions import Executions, Processes, Transitions
from engine.storage.protocols.leadership import Leadership
from engine.storage.protocols.lifecycle import Abilities, Erasures, Pauses
from engine.storage.protocols.machines import AliasOutcome, Machines, PublishedVersions, Tags
from engine.storage.protocols.map_runs import MapRuns
from engine.storage.protocols.outbox import Outbox
from engine.storage.protocols.retention import Retention
from engine.storage.protocols.schedules import Schedules
from engine.storage.records import PoolStatus

__all__ = [
    "NOBODY",
    "Abilities",
    "Activities",
    "AliasOutcome",
    "Erasures",
    "Executions",
    "Leadership",
    "Machines",
    "MapRuns",
    "Outbox",
    "Pauses",
    "Processes",
    "PublishedVersions",
    "Retention",
    "Schedules",
    "Storage",
    "Tags",
    "Transitions",
]

NOBODY: Final = 0
"""The owner of executions that were handed back."""


class Storage(
    Machines,
    PublishedVersions,
    Tags,
    Executions,
    Transitions,
    Processes,
    Leadership,
    Schedules,
    Activities,
    MapRuns,
    Pauses,
    Abilities,
    Erasures,
    Retention,
    Outbox,
    Protocol,
):
    """A database with everything an engine process needs. Methods raise StorageUnavailable when it can't be reached."""

    async def open(self) -> None:
        """Connect; raises SchemaMismatch unless the schema is the one that this engine knows."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

    async def listen(self, notify: Callable[[int], None], activity: Callable[[UUID], None] | None = None) -> None:
        """Call `notify` with a process's epoch when it has messages, with `NOBODY` when executions are handed back.

        Call `activity` with an activity's id when a task waits in it, whichever process asked for the task. Both are
        called on the event loop, maybe more often than need be, and not at all where a storage can't tell: a SQLite
        file's processes hear of what they do themselves, and after a lost connection `notify` hears `NOBODY`. Poll
        besides.
        """
        ...

    async def ping(self) -> None:
        """Make one round trip to the database."""
        ...

    def pool(self) -> PoolStatus:
        """Tell how many connections are open."""
        ...
