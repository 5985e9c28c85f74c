"""Erased data in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from msgspec.structs import replace

from engine.storage.lifecycle import EMPTY, Erasure, chained
from engine.storage.memory.outbox import OutboxTable, withhold
from engine.storage.memory.tables import Tables


class MemoryErasures:
    """See `Erasures`."""

    _tables: Tables
    _outbox: OutboxTable

    async def begin_erasure(self, execution_id: UUID, requested_by: str) -> Erasure | None:
        """See `Erasures.begin_erasure`."""
        tables = self._tables
        execution = tables.executions.get(execution_id)
        if execution is None or execution_id in tables.active:
            return None
        begun = tables.erasures.setdefault(
            execution_id,
            Erasure(
                execution_id=execution_id,
                requested_at=tables.now(),
                requested_by=requested_by,
                events=0,
                digest=b"",
                finished_at=None,
            ),
        )
        values = [execution.input, execution.output, execution.error, execution.cause]
        if begun.finished_at is None and values != [EMPTY, None, None, None]:
            tables.executions[execution_id] = replace(execution, input=EMPTY, output=None, error=None, cause=None)
            digest = chained(begun.digest, *((value or "").encode() for value in values))
            tables.erasures[execution_id] = replace(begun, digest=digest)
        _forget(tables, execution_id)
        withhold(self._outbox, execution_id)
        return tables.erasures[execution_id]

    async def erase_history(self, execution_id: UUID, strip: Callable[[bytes], bytes], limit: int) -> int:
        """See `Erasures.erase_history`."""
        tables = self._tables
        known = tables.erasures.get(execution_id)
        if known is None or known.finished_at is not None or execution_id in tables.active:
            return 0
        history = tables.history.get(execution_id, [])
        following = history[known.events : known.events + limit]
        stripped = [replace(each, data=strip(each.data)) for each in following]
        history[known.events : known.events + limit] = stripped
        digest = chained(known.digest, *(each.data for each in following)) if following else known.digest
        tables.erasures[execution_id] = replace(known, events=known.events + len(following), digest=digest)
        return len(following)

    async def note_erased(self, execution_id: UUID, erased: Sequence[bytes]) -> None:
        """See `Erasures.note_erased`."""
        known = self._tables.erasures.get(execution_id)
        if known is not None and known.finished_at is None and known.events == 0:
            digest = chained(known.digest, *erased)
            self._tables.erasures[execution_id] = replace(known, events=1, digest=digest)

    async def finish_erasure(self, execution_id: UUID) -> None:
        """See `Erasures.finish_erasure`."""
        if execution_id in self._tables.active:
            return
        known = self._tables.erasures[execution_id]
        self._tables.erasures[execution_id] = replace(known, finished_at=known.finished_at or self._tables.now())

    async def erasures(self, execution_ids: Sequence[UUID]) -> list[Erasure]:
        """See `Erasures.erasures`."""
        known = self._tables.erasures
        return [known[execution_id] for execution_id in execution_ids if execution_id in known]

    async def unfinished_erasures(self, limit: int) -> list[UUID]:
        """See `Erasures.unfinished_erasures`."""
        return [key for key, erasure in self._tables.erasures.items() if erasure.finished_at is None][:limit]


def _forget(tables: Tables, execution_id: UUID) -> None:
    """Delete what belongs to an execution beside its row and its history."""
    tables.snapshots.pop(execution_id, None)
    tables.payloads.pop(execution_id, None)
    tables.timers.pop(execution_id, None)
    for message_id in [key for key, each in tables.messages.items() if each.execution_id == execution_id]:
        tables.forget(message_id)
    for run in [each for each in tables.map_runs.values() if each.execution_id == execution_id]:
        if run.status != "RUNNING":
            tables.map_runs[run.id] = replace(run, state=b"")
    for task in [key for key in tables.activity_tasks if key[0] == execution_id]:
        del tables.activity_tasks[task]
