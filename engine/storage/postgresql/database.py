"""The pool of connections for everything but commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import asyncpg
import msgspec

from engine.storage.errors import StorageUnavailable
from engine.storage.postgresql.connections import (
    PooledConnection,
    PostgresOptions,
    is_unavailable,
    open_pool,
    translated_errors,
)
from engine.storage.records import PoolStatus

Row = TypeVar("Row", bound=msgspec.Struct)


class Database:
    """Runs statements, each on a connection from the pool."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Open the pool."""
        async with translated_errors():
            self._pool = await open_pool(self._options)

    async def close(self) -> None:
        """Close the pool, by force if it takes too long."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                async with asyncio.timeout(self._options.connect_timeout_seconds):
                    await pool.close()
            except (TimeoutError, OSError, asyncpg.InterfaceError, asyncpg.PostgresError):
                pool.terminate()
        await asyncio.sleep(0)  # lets the event loop close what was terminated

    def status(self) -> PoolStatus:
        """Tell how many connections are open."""
        return PoolStatus(0, 0) if self._pool is None else PoolStatus(self._pool.get_size(), self._pool.get_idle_size())

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[PooledConnection]:
        """Borrow a connection; one that turns out to be broken doesn't go back to the pool."""
        if self._pool is None:
            raise StorageUnavailable("The storage isn't open.")
        seconds = self._options.connect_timeout_seconds  # also to wait for one that others use
        async with translated_errors(), self._pool.acquire(timeout=seconds) as connection:
            try:
                yield connection
            except Exception as error:
                if is_unavailable(error):
                    with suppress(asyncpg.InterfaceError):  # the pool has seen its end first, and taken it out
                        connection.terminate()
                raise

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[PooledConnection]:
        """Borrow a connection for a transaction."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def fetch(self, statement: str, *values: object) -> list[asyncpg.Record]:
        """Run a statement and give its rows."""
        async with self.connection() as connection:
            return await connection.fetch(statement, *values)

    async def one(self, kind: type[Row], statement: str, *values: object) -> Row | None:
        """Give a statement's only row, if it has one."""
        rows = await self.fetch(statement, *values)
        return kind(**rows[0]) if rows else None

    async def all(self, kind: type[Row], statement: str, *values: object) -> list[Row]:
        """Give a statement's rows."""
        return [kind(**row) for row in await self.fetch(statement, *values)]
