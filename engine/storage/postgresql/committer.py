"""The connection that commits."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from engine.storage.errors import LeaseLapsed, OutcomeUnknown
from engine.storage.postgresql.commit import SERVER_SETTINGS, Parts, composed, statement
from engine.storage.postgresql.connections import (
    Connection,
    PostgresOptions,
    connect,
    describe,
    is_unavailable,
    translated_errors,
)
from engine.storage.records import Write


class Committer:
    """One connection with the statements of commits prepared, opened when first needed and again after each loss."""

    def __init__(self, options: PostgresOptions) -> None:
        self._options = options
        self._connection: Connection | None = None
        self._statements: dict[Parts, PreparedStatement] = {}

    async def commit(self, epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        """See `Transitions.commit`."""
        async with translated_errors():
            parts, values = composed(epoch, writes)
            row = await self._run(await self._prepared(parts), values)
        if not row["held"]:
            raise LeaseLapsed(f"The lease of epoch {epoch} has lapsed.")
        return frozenset(row["applied"])

    async def close(self) -> None:
        """Close the connection."""
        self._drop()

    async def _prepared(self, parts: Parts) -> PreparedStatement:
        if self._connection is None or self._connection.is_closed():
            self._statements = {}
            self._connection = await connect(self._options, SERVER_SETTINGS)
        if parts not in self._statements:
            text = statement(parts, outbox=self._options.outbox)
            try:
                self._statements[parts] = await self._connection.prepare(text)
            except Exception as error:
                if is_unavailable(error):
                    self._drop()
                raise
        return self._statements[parts]

    async def _run(self, statement: PreparedStatement, values: list[object]) -> asyncpg.Record:
        try:
            row = await statement.fetchrow(*values)
        except Exception as error:
            if is_unavailable(error):
                self._drop()
                raise OutcomeUnknown(f"The connection to PostgreSQL was lost in a commit: {describe(error)}") from error
            raise
        assert row is not None  # noqa: S101 - the statement always gives one row
        return row

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
