"""Sinks that remember."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from engine.events import Delivery, Event
from engine.events.event import Detail


def read(event: Event) -> Detail:
    """Read an event's detail."""
    return msgspec.json.decode(event.detail, type=Detail)


class Shelf:
    """Keeps events, and refuses those that `refuses` says; an `away` one takes none."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.calls: list[int] = []
        self.away = False
        self.refuses: Callable[[Event], bool] = lambda _: False

    async def publish(self, events: Sequence[Event]) -> Delivery:
        """See `Sink.publish`."""
        assert len({event.execution_arn for event in events}) == len(events)
        self.calls.append(len(events))
        await asyncio.sleep(0)
        if self.away:
            return Delivery(frozenset(), "The shelf is away.")
        taken = [event for event in events if not self.refuses(event)]
        self.events += taken
        problem = None if len(taken) == len(events) else "The shelf refuses some."
        return Delivery(frozenset(event.deduplication_id for event in taken), problem)

    async def close(self) -> None:
        """See `Sink.close`."""

    @property
    def ids(self) -> list[str]:
        """The deduplication ids of all events, as they came."""
        return [event.deduplication_id for event in self.events]

    def statuses(self, arn: str) -> list[str]:
        """The statuses of an execution, as they came."""
        return [read(event).status for event in self.events if event.execution_arn == arn]


class FileSink:
    """Adds a line to a file for each event, slowly: whoever is killed is killed in the midst of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def publish(self, events: Sequence[Event]) -> Delivery:
        """See `Sink.publish`."""
        for event in events:
            with self._path.open("a") as file:
                file.write(json.dumps([event.execution_arn, event.deduplication_id]) + "\n")
            await asyncio.sleep(0.001)
        return Delivery(frozenset(event.deduplication_id for event in events))

    async def close(self) -> None:
        """See `Sink.close`."""


def lines_of(path: Path) -> list[tuple[str, str]]:
    """Give the whole lines of a file: ARN and deduplication id."""
    text = path.read_text() if path.exists() else ""
    return [
        (arn, key) for arn, key in (json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n")
    ]
