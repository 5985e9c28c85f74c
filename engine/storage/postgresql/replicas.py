"""Questions that a read replica answers, and never with less than was acknowledged before they were asked.

A replica is behind its primary. So the primary is asked how far it has written, which reads no table, and a replica
answers once it has come as far; else, soon, the primary itself does. A replica that is away is left alone for a while.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

import asyncpg
from msgspec import structs

from engine.storage.errors import StorageUnavailable
from engine.storage.postgresql.connections import PostgresOptions
from engine.storage.postgresql.database import Database

_REST_SECONDS: Final = 10.0
_WAITS_SECONDS: Final = (0.002, 0.005, 0.010, 0.020, 0.040)
"""How long a replica is waited for between looks: 77 ms in all, more than one that is well takes."""

_WRITTEN: Final = "select pg_current_wal_flush_lsn()::text as position"

# A server that isn't a replica any more, because it was promoted, has no answer.
_REACHED: Final = (
    "select coalesce(pg_is_in_recovery() and pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false) as reached"
)

_log = logging.getLogger(__name__)


class Replica:
    """A server that follows the primary."""

    def __init__(self, options: PostgresOptions, clock: Callable[[], float]) -> None:
        self._name = f"{options.host}:{options.port}"
        self._database = Database(options)
        self._clock = clock
        self._rests_until = 0.0
        self._open = False

    @property
    def rests(self) -> bool:
        """Whether it failed a moment ago."""
        return self._clock() < self._rests_until

    async def fetch(self, position: str, statement: str, *values: object) -> list[asyncpg.Record] | None:
        """Answer as of `position` or later; None if it doesn't get so far soon, or is away."""
        try:
            if not self._open:
                await self._database.open()
                self._open = True
            for wait in (*_WAITS_SECONDS, None):
                if (await self._database.fetch(_REACHED, position))[0]["reached"]:
                    return await self._database.fetch(statement, *values)
                if wait is not None:
                    await asyncio.sleep(wait)
        except StorageUnavailable as error:
            self._rests_until = self._clock() + _REST_SECONDS
            _log.warning("The read replica %s isn't asked for %.0f s: %s", self._name, _REST_SECONDS, error)
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._database.close()
        self._open = False


class Replicas:
    """The replicas of a primary, asked in turn; without any, the primary alone."""

    def __init__(
        self,
        primary: Database,
        options: PostgresOptions,
        addresses: Sequence[tuple[str, int]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._primary = primary
        self._replicas = [Replica(structs.replace(options, host=host, port=port), clock) for host, port in addresses]
        self._turn = 0

    async def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Run a statement that only reads, and give its rows."""
        awake = [replica for replica in self._replicas if not replica.rests]
        if awake:
            [row] = await self._primary.fetch(_WRITTEN)
            self._turn += 1
            rows = await awake[self._turn % len(awake)].fetch(row["position"], statement, *values)
            if rows is not None:
                return rows
        return await self._primary.fetch(statement, *values)

    async def close(self) -> None:
        """Close the connections."""
        for replica in self._replicas:
            await replica.close()
