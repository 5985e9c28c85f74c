"""The states that an execution went through, from its history."""

from datetime import UTC, datetime, timedelta

from engine.api.visits import current_states, visits
from engine.language import HistoryEvent

START = datetime(2026, 1, 1, tzinfo=UTC)


def history(*rows: tuple[int, str, str]) -> list[HistoryEvent]:
    """Events with ids from 1 on, from (previous id, type, name or error)."""
    return [
        HistoryEvent(
            number,
            previous,
            kind,
            START + timedelta(seconds=number),
            {"error" if kind == "TaskFailed" else "name": text} if text else {},
        )
        for number, (previous, kind, text) in enumerate(rows, start=1)
    ]


def test_a_retried_task() -> None:
    (visit,) = visits(
        history(
            (0, "ExecutionStarted", ""),
            (1, "TaskStateEntered", "Charge"),
            (2, "TaskScheduled", ""),
            (3, "TaskStarted", ""),
            (4, "TaskFailed", "Busy"),
            (5, "TaskScheduled", ""),
            (6, "TaskStarted", ""),
            (7, "TaskSucceeded", ""),
            (8, "TaskStateExited", "Charge"),
        )
    )
    assert (visit.state, visit.type, visit.attempts, visit.error) == ("Charge", "Task", 2, "Busy")
    assert (visit.entered_at, visit.left_at) == (START + timedelta(seconds=2), START + timedelta(seconds=9))


def test_a_parallel_state_is_left_by_name() -> None:
    rows = [
        (0, "ExecutionStarted", ""),
        (1, "ParallelStateEntered", "Both"),
        (2, "ParallelStateStarted", ""),
        (3, "WaitStateEntered", "Left"),
        (3, "WaitStateEntered", "Right"),
    ]
    assert current_states(visits(history(*rows))) == ["Both", "Left", "Right"]
    rows += [(4, "WaitStateExited", "Left")]
    assert current_states(visits(history(*rows))) == ["Both", "Right"]
    rows += [
        (5, "WaitStateExited", "Right"),
        (7, "ParallelStateSucceeded", ""),
        (8, "ParallelStateExited", "Both"),
    ]
    assert current_states(visits(history(*rows))) == []


def test_a_state_that_is_visited_again() -> None:
    found = visits(
        history(
            (0, "ExecutionStarted", ""),
            (1, "PassStateEntered", "Again"),
            (2, "PassStateExited", "Again"),
            (3, "PassStateEntered", "Again"),
        )
    )
    assert [visit.left_at is None for visit in found] == [False, True]
