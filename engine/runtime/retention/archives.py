"""Archived executions as those who ask see them: as if they were in the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import structs

from engine.language import HistoryEvent
from engine.runtime.retention.lines import ArchivedExecution, read_line, write_line
from engine.runtime.retention.places import Place
from engine.storage import StorageError
from engine.storage.records import Execution
from engine.storage.retention import Archived

_EVENTS: Final = msgspec.json.Decoder(list[HistoryEvent])


class Archives:
    """Reads and erases what is archived. Methods raise StorageUnavailable when the place can't be reached."""

    def __init__(self, place: Place) -> None:
        self._place = place

    async def whole(self, execution: Execution) -> Execution:
        """Give an execution with its input and output, wherever these are."""
        if execution.archived is None:
            return execution
        line = await self._line(execution.archived)
        return structs.replace(execution, input=line.input, output=line.output)

    async def history(self, archived: Archived) -> list[HistoryEvent]:
        """Give all events of an archived execution in order."""
        return _EVENTS.decode((await self._line(archived)).history)

    async def erase(self, archived: Archived, strip: Callable[[bytes], bytes]) -> None:
        """Erase what an execution was given and what it made, for good; doing it again changes nothing.

        `strip` gives a list of events, which is JSON, without their data; in another thread.
        """

        def without_data(data: bytes) -> bytes:
            return write_line(_checked(archived, data).erased(strip), len(data))

        await self._place.change(archived.name, archived.position, archived.length, without_data)

    async def _line(self, archived: Archived) -> ArchivedExecution:
        return _checked(archived, await self._place.read(archived.name, archived.position, archived.length))


def _checked(archived: Archived, data: bytes) -> ArchivedExecution:
    try:
        return read_line(data)
    except ValueError as error:
        where = f"{archived.length} bytes at {archived.position} of the archive {archived.name}"
        raise StorageError(f"The {where} can't be read: {error}") from error
