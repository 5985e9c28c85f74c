"""A thread that owns a connection to a SQLite file."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from engine.storage.errors import StorageError, StorageUnavailable

Result = TypeVar("Result")

_BUSY_SECONDS: Final = 10.0


class Worker:
    """Runs functions on one connection, one after another, each in a transaction."""

    def __init__(self, path: Path, *, write: bool) -> None:
        self._path = path
        self._begin = "begin immediate" if write else "begin"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite-writer" if write else "sqlite-reader")
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Open the file, which must exist."""
        await self._in_thread(self._open)

    async def close(self) -> None:
        """Close the file."""
        await self._in_thread(self._close)
        self._thread.shutdown()

    async def run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Give what `work` returns once its transaction is committed; an error in it undoes everything."""
        return await self._in_thread(lambda: self._transaction(work))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except sqlite3.OperationalError as error:
            raise StorageUnavailable(f"The SQLite database {self._path} is unavailable: {error}") from error
        except sqlite3.Error as error:
            raise StorageError(f"The SQLite database {self._path} refused a statement: {error}") from error

    def _open(self) -> None:
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        self._connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_SECONDS, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = full")

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _transaction(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        if self._connection is None:
            raise StorageUnavailable(f"The SQLite database {self._path} isn't open.")
        self._connection.execute(self._begin)
        try:
            result = work(self._connection)
            self._connection.execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("rollback")
            raise
        return result
