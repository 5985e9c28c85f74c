"""Archived executions in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from engine.storage.memory.tables import Tables
from engine.storage.records import Execution
from engine.storage.retention import EMPTY_INPUT, FIRST_ID, LAST_ID, Abandoned, Archived, Candidate, Part, Stretch

_ALWAYS = datetime.min.replace(tzinfo=UTC)


class ArchiveRow(msgspec.Struct):
    """An archive; its state is ``writing``, ``complete`` or ``abandoned``."""

    name: str
    created_at: datetime
    state: str = "writing"


class RetentionTables:
    """What is kept of archives."""

    def __init__(self) -> None:
        self.archives: dict[int, ArchiveRow] = {}
        self.stretches: dict[int, Stretch] = {0: Stretch(FIRST_ID, LAST_ID, _ALWAYS, 0)}
        self.numbers = 0

    def number(self) -> int:
        """Give a number that nothing else here has."""
        self.numbers += 1
        return self.numbers


class MemoryRetention:
    """See `Retention`."""

    _tables: Tables
    _retention: RetentionTables

    async def due_stretches(self, now: datetime, limit: int) -> list[Stretch]:
        """See `Retention.due_stretches`."""
        due = [stretch for stretch in self._retention.stretches.values() if stretch.due <= now]
        return sorted(due, key=lambda stretch: stretch.due)[:limit]

    async def candidates(self, after: UUID, last: UUID, limit: int, ended_before: datetime) -> list[Candidate]:
        """See `Retention.candidates`."""
        found = [e for e in self._tables.executions.values() if after < e.id <= last and e.archived is None]
        chosen = sorted(found, key=lambda execution: execution.id)[:limit]
        return [Candidate(e.id, e.stopped_at, self._is_held(e, ended_before)) for e in chosen]

    async def advance(self, stretch: Stretch, position: UUID | None, later: Sequence[Stretch]) -> None:
        """See `Retention.advance`."""
        for new in later:
            number = self._retention.number()
            self._retention.stretches[number] = msgspec.structs.replace(new, id=number)
        known = self._retention.stretches.pop(stretch.id or 0, None)
        if known is not None and position is not None:
            self._retention.stretches[stretch.id or 0] = msgspec.structs.replace(known, after=position)

    async def map_runs_within(self, after: UUID, last: UUID) -> list[UUID]:
        """See `Retention.map_runs_within`."""
        runs = self._tables.map_runs.values()
        return [run.id for run in runs if run.status == "RUNNING" and after < run.id <= last]

    async def begin_archive(self, name: str) -> int:
        """See `Retention.begin_archive`."""
        number = self._retention.number()
        self._retention.archives[number] = ArchiveRow(name, self._tables.now())
        return number

    async def complete_archive(self, archive: int, parts: Sequence[Part], ended_before: datetime) -> bool:
        """See `Retention.complete_archive`."""
        row = self._retention.archives.get(archive)
        if row is None or row.state != "writing":
            return False
        if not all(self._may_go(part.execution_id, row, ended_before) for part in parts):
            return False
        row.state = "complete"
        for part in parts:
            self._archive(row.name, part)
        return True

    async def abandon_archives(self, begun_before: datetime) -> list[Abandoned]:
        """See `Retention.abandon_archives`."""
        old = {
            key: row
            for key, row in self._retention.archives.items()
            if row.state != "complete" and row.created_at < begun_before
        }
        for row in old.values():
            row.state = "abandoned"
        return [Abandoned(key, row.name) for key, row in old.items()]

    async def forget_archive(self, archive: int) -> None:
        """See `Retention.forget_archive`."""
        row = self._retention.archives.get(archive)
        if row is not None and row.state == "abandoned":
            del self._retention.archives[archive]

    async def arrange_history(self, now: datetime, ended_before: datetime | None) -> list[str]:  # noqa: ARG002
        """See `Retention.arrange_history`: the history goes when it is archived."""
        return []

    def _is_held(self, execution: Execution, ended_before: datetime) -> bool:
        if execution.origin.map_run is None:
            return False
        parent = self._tables.executions[self._tables.map_runs[execution.origin.map_run].execution_id]
        return parent.stopped_at is None or parent.stopped_at > ended_before

    def _may_go(self, key: UUID, archive: ArchiveRow, ended_before: datetime) -> bool:
        execution, erasure = self._tables.executions[key], self._tables.erasures.get(key)
        if erasure is not None and (erasure.finished_at is None or erasure.finished_at >= archive.created_at):
            return False
        return execution.archived is None and execution.stopped_at is not None and execution.stopped_at <= ended_before

    def _archive(self, name: str, part: Part) -> None:
        tables, key = self._tables, part.execution_id
        execution = tables.executions[key]
        tables.executions[key] = msgspec.structs.replace(
            execution, input=EMPTY_INPUT, output=None, archived=Archived(name, part.position, part.length)
        )
        tables.history.pop(key, None)
        tables.snapshots.pop(key, None)
        tables.payloads.pop(key, None)
