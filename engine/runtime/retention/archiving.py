"""Jobs of the leader: executions that were over long ago go to the archive, and the room that they took is given back.

First the archive's file is written, then in one transaction the executions refer to it and what it has of them is
removed. Whoever is killed in between leaves a file that nothing refers to: it was written down before, and is deleted.

All executions are looked through once, in the order of their ids, which is that of their starts; those that aren't over
for long enough then are noted as stretches of ids, and looked through again when they may be.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from engine.runtime.clock import DatabaseClock
from engine.runtime.leader import Leader
from engine.runtime.payloads import attached_data
from engine.runtime.retention.lines import archived_execution, write_line
from engine.runtime.retention.places import Place
from engine.storage.identifiers import children_of, first_of_time, map_runs_near
from engine.storage.protocol import Storage
from engine.storage.retention import LAST_ID, Candidate, Part, Stretch

_ARCHIVE_SECONDS: Final = 300.0
_PARTITIONS_SECONDS: Final = 3600.0
_AT_ONCE: Final = 200
_COMMITS_AT_ONCE: Final = 500
_FILE_BYTES: Final = 16 * 1024 * 1024
_LOOK_AGAIN: Final = timedelta(days=1)
_ABANDONED_AFTER: Final = timedelta(hours=1)

_log = logging.getLogger(__name__)


class Archiving:
    """Archives executions that have been over for `after`; None for never."""

    def __init__(self, storage: Storage, place: Place, clock: DatabaseClock, after: timedelta | None) -> None:
        self._storage = storage
        self._place = place
        self._clock = clock
        self._after = after

    def register(self, leader: Leader) -> None:
        """Have the leader do it."""
        leader.every(_PARTITIONS_SECONDS, self.arrange, "history-partitions")
        if self._after is not None:
            leader.every(_ARCHIVE_SECONDS, self.archive, "archive")

    async def arrange(self) -> None:
        """Make room for the history of the months to come, and give back that of archived ones."""
        now = self._clock.now()
        for done in await self._storage.arrange_history(now, None if self._after is None else now - self._after):
            _log.info("%s", done)

    async def archive(self) -> None:
        """Archive all that is due, and delete the files of archives that were never completed."""
        if self._after is None:
            return
        await self._clean_up()
        while stretches := await self._storage.due_stretches(self._clock.now(), _AT_ONCE):
            moved = [await self._walk(stretch, self._after) for stretch in stretches]
            if not any(moved):
                return

    async def _clean_up(self) -> None:
        for abandoned in await self._storage.abandon_archives(self._clock.now() - _ABANDONED_AFTER):
            await self._place.delete(abandoned.name)
            await self._storage.forget_archive(abandoned.id)

    async def _walk(self, stretch: Stretch, after: timedelta) -> bool:
        """Look through a stretch as far as one transaction is to go; False if there was nothing to look through."""
        now = self._clock.now()
        if runs := await self._families(stretch):
            await self._storage.advance(stretch, None, [_family(run, now) for run in runs])
            return True
        ended_before = now - after
        last = min(stretch.last, first_of_time(ended_before))
        found = await self._storage.candidates(stretch.after, last, _AT_ONCE, ended_before)
        due = [c.id for c in found if c.stopped_at is not None and c.stopped_at <= ended_before and not c.held]
        if not await self._archive(due, ended_before):
            return False
        waiting = [candidate for candidate in found if candidate.id not in set(due)]
        position = found[-1].id if len(found) == _AT_ONCE else last
        later = _again(waiting, now, after)
        if stretch.last == LAST_ID:
            later += [_family(run, now) for run in await self._storage.map_runs_within(stretch.after, position)]
        at_end = position == stretch.last
        if at_end or position > stretch.after:
            await self._storage.advance(stretch, None if at_end else position, later)
        return at_end or bool(found)

    async def _families(self, stretch: Stretch) -> list[UUID]:
        """Give the map run that the stretch has the children of, if it still runs."""
        near = await self._storage.map_runs_within(*map_runs_near(stretch.last))
        return [run for run in near if children_of(run)[1] == stretch.last]

    async def _archive(self, due: Sequence[UUID], ended_before: datetime) -> bool:
        """Archive executions, in as many files as they need; False if something came between."""
        rest = list(due)
        while rest:
            name = f"{self._clock.now():%Y/%m}/{rest[0]}-{secrets.token_hex(4)}.jsonl.gz"
            archive = await self._storage.begin_archive(name)
            lines: list[bytes] = []
            size = 0
            while rest and size < _FILE_BYTES:
                lines.append(await self._line(rest.pop(0)))
                size += len(lines[-1])
            parts = _parts(due[len(due) - len(rest) - len(lines) :], lines)
            await self._place.write(name, b"".join(lines))
            if not await self._storage.complete_archive(archive, parts, ended_before):
                return False
            _log.info("Archived %d executions, %d bytes, in %s.", len(parts), size, name)
        return True

    async def _line(self, execution_id: UUID) -> bytes:
        execution = await self._storage.get_execution(execution_id)
        if execution is None:
            raise LookupError(f"The execution {execution_id} is gone.")
        commits: list[bytes] = []
        after = 0
        while page := await self._storage.read_history(
            execution_id, after=after, limit=_COMMITS_AT_ONCE, reverse=False
        ):
            commits += [await attached_data(self._storage, execution_id, events.data) for events in page]
            after = page[-1].last
        return await asyncio.to_thread(lambda: write_line(archived_execution(execution, commits)))


def _family(map_run: UUID, now: datetime) -> Stretch:
    """Give the stretch of a running map run's children: they may begin long after what has ids near theirs."""
    return Stretch(*children_of(map_run), now + _LOOK_AGAIN)


def _again(waiting: Sequence[Candidate], now: datetime, after: timedelta) -> list[Stretch]:
    """Give the stretch that has those that can't be archived yet, to be looked through when the first of them may."""
    if not waiting:
        return []
    due = min(
        now + _LOOK_AGAIN if c.stopped_at is None or c.held else max(c.stopped_at + after, now + timedelta(minutes=1))
        for c in waiting
    )
    return [Stretch(UUID(int=waiting[0].id.int - 1), waiting[-1].id, due)]


def _parts(ids: Sequence[UUID], lines: Sequence[bytes]) -> list[Part]:
    parts, position = [], 0
    for execution_id, line in zip(ids, lines, strict=False):
        parts.append(Part(execution_id, position, len(line)))
        position += len(line)
    return parts
