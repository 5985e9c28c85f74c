"""The states that an execution went through, as its history tells."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from engine.language import HistoryEvent
from engine.runtime import Engine, ExecutionRecord

HISTORY_PAGE = 1000
ATTEMPTS = frozenset({"TaskScheduled", "LambdaFunctionScheduled"})
FAILURES = frozenset({"TaskFailed", "TaskTimedOut"})


class Visit(msgspec.Struct, rename="camel"):
    """One visit to a state. `left_at` is None while the execution is in it, or ended in it.

    `attempts` counts the attempts of a Task state; `error` is the last one that failed.
    """

    state: str
    type: str
    entered_at: datetime
    left_at: datetime | None = None
    attempts: int = 0
    error: str | None = None
    cause: str | None = None


def visits(history: Iterable[HistoryEvent]) -> list[Visit]:
    """Visits in the order in which the states were entered; `history` is in order from its first event."""
    found: list[Visit] = []
    visit_of: dict[int, Visit] = {}
    for event in history:
        visit = visit_of.get(event.previous_id)
        if event.type.endswith("StateExited"):
            visit = _left(found, visit, str(event.details.get("name", "")))
        if event.type.endswith("StateEntered"):
            name = str(event.details.get("name", ""))
            visit = Visit(name, event.type.removesuffix("StateEntered"), event.timestamp)
            found.append(visit)
        elif visit is not None:
            _add(visit, event)
        if visit is not None:
            visit_of[event.id] = visit
    return found


async def visits_of(engine: Engine, execution: ExecutionRecord) -> list[Visit]:
    """The states that an execution went through, from its whole history."""
    events: list[HistoryEvent] = []
    after: str | None = None
    while True:
        page = await engine.get_history(execution.organization, execution.arn, limit=HISTORY_PAGE, after=after)
        events.extend(page.items)
        after = page.next_token
        if after is None:
            return visits(events)


def current_states(found: Iterable[Visit]) -> list[str]:
    """Names of the states that a running execution is in: more than one in a Parallel state."""
    return [visit.state for visit in found if visit.left_at is None]


def _left(found: list[Visit], latest: Visit | None, name: str) -> Visit | None:
    """The visit that an exit ends: of a Parallel or Map state, not the visit that its last event belongs to."""
    if latest is not None and latest.state == name:
        return latest
    return next((visit for visit in reversed(found) if visit.state == name and visit.left_at is None), None)


def _add(visit: Visit, event: HistoryEvent) -> None:
    if event.type.endswith("StateExited"):
        visit.left_at = event.timestamp
    elif event.type in ATTEMPTS:
        visit.attempts += 1
    elif event.type in FAILURES:
        visit.error = str(event.details.get("error") or event.type)
        cause = event.details.get("cause")
        visit.cause = None if cause is None else str(cause)
