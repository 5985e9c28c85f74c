"""A job of the leader: what the outbox has is handed to the sink, then removed.

Whoever dies in between has the event published again, with the same deduplication id. Events of one execution are
published one after another: the next when the sink has the one before.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from engine.events import Event, Sink
from engine.runtime.clock import DatabaseClock
from engine.runtime.leader import Leader
from engine.runtime.outbox.describing import Describer
from engine.runtime.outbox.holds import MOST_HELD, Holds, pause_after
from engine.runtime.records import OutboxHealth
from engine.storage.outbox import Backlog, StatusChange
from engine.storage.protocol import Storage

AT_ONCE: Final = 500
_MEASURE_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)

Waiting = list[tuple[StatusChange, Event]]


class Publisher:
    """Publishes what is in the outbox, while this process leads.

    A sink that takes nothing is left alone for a while, longer each time; the outbox grows and loses nothing.
    """

    def __init__(
        self, storage: Storage, sink: Sink, describer: Describer, leader: Leader, clock: DatabaseClock
    ) -> None:
        self._storage = storage
        self._sink = sink
        self._describer = describer
        self._leader = leader
        self._clock = clock
        self._holds = Holds()
        self._failures = 0
        self._away_until = 0.0
        self._problem: str | None = None
        self._backlog: Backlog | None = None

    def register(self, poll_seconds: float) -> None:
        """Have the leader do it."""
        self._leader.every(poll_seconds, self.publish, "outbox")
        self._leader.every(_MEASURE_SECONDS, self.measure, "outbox-backlog")

    async def publish(self) -> None:
        """Publish until nothing waits that may be published now. Raises StorageUnavailable, TermEnded."""
        while self._clock.monotonic() >= self._away_until:
            held = self._holds.held(self._clock.monotonic())
            if len(held) >= MOST_HELD:
                return
            changes = await self._storage.status_changes(AT_ONCE, held)
            if not changes:
                if not held:
                    self._problem = None
                return
            events = await self._describer.describe(changes)
            await self._publish_all(list(zip(changes, events, strict=True)))

    async def measure(self) -> None:
        """Count what waits. Raises StorageUnavailable."""
        self._backlog = await self._storage.backlog()

    def health(self) -> OutboxHealth:
        """Tell what waits, as this process last counted if it leads."""
        if not self._leader.is_leader or self._backlog is None:
            return OutboxHealth(publishing=self._leader.is_leader)
        return OutboxHealth(
            publishing=True,
            pending=self._backlog.pending,
            lag_seconds=self._lag(self._backlog.oldest),
            problem=self._problem,
        )

    def _lag(self, oldest: datetime | None) -> float:
        return 0.0 if oldest is None else max(0.0, -self._clock.seconds_until(oldest))

    async def _publish_all(self, waiting: Waiting) -> None:
        """Publish events in rounds, each with the next one of every execution; stop when the sink takes nothing."""
        while waiting:
            following, waiting = _next_of_each(waiting)
            if not await self._publish_round(following):
                return
            held = set(self._holds.held(self._clock.monotonic()))
            waiting = [each for each in waiting if each[0].execution_id not in held]

    async def _publish_round(self, round_: Waiting) -> bool:
        """Publish events of different executions; False if the sink took none of several.

        One that is refused by itself says more of its execution than of the sink.
        """
        term = self._leader.term
        delivery = await self._sink.publish([event for _, event in round_])
        accepted = [change for change, _ in round_ if change.deduplication_id in delivery.accepted]
        if delivery.problem is not None and delivery.problem != self._problem:
            _log.warning("Events can't be published and will be again: %s", delivery.problem)
        self._problem = delivery.problem or self._problem
        if not accepted and len(round_) > 1:
            self._failures += 1
            self._away_until = self._clock.monotonic() + pause_after(self._failures)
            return False
        self._failures = 0
        if accepted:
            await self._storage.remove_published(term, [change.id for change in accepted])
        self._note(round_, {change.id for change in accepted})
        return True

    def _note(self, round_: Sequence[tuple[StatusChange, Event]], accepted: set[int]) -> None:
        for change, _ in round_:
            if change.id in accepted:
                self._holds.release(change.execution_id)
            else:
                self._holds.hold(change.execution_id, self._clock.monotonic())


def _next_of_each(waiting: Waiting) -> tuple[Waiting, Waiting]:
    """Split events into the first one of each execution, and the others in their order."""
    first = {change.execution_id: change.id for change, _ in reversed(waiting)}
    following = [each for each in waiting if first[each[0].execution_id] == each[0].id]
    return following, [each for each in waiting if first[each[0].execution_id] != each[0].id]
