"""Where events go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from engine.events.event import Event


class Delivery(msgspec.Struct, frozen=True):
    """What became of some events: the deduplication ids of those that the sink has, and what is wrong with the others.

    `problem` is a sentence without secrets; None when nothing is wrong.
    """

    accepted: frozenset[str]
    problem: str | None = None


class SinkError(Exception):
    """A sink lacks what the engine needs there; the message says what, and how it comes there."""


class Sink(Protocol):
    """A system that takes events: a bus, a broker, a web server.

    It may be given an event again, with the same deduplication id.
    """

    async def publish(self, events: Sequence[Event]) -> Delivery:
        """Hand over some hundred events at most, no two of the same execution; in any order, or all at once.

        An event counts as accepted when it is durable there. Raises nothing when the sink is away: nothing of what
        couldn't be handed over is accepted then, and the `problem` says why.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
