from __future__ import annotations

from engine.language import details_key
from engine.language.history import HistoryEvent, api_details
from tests.engine.language.driver import NOW


def test_names_of_the_details() -> None:
    assert details_key("TaskScheduled") == "taskScheduledEventDetails"
    assert details_key("WaitStateEntered") == "stateEnteredEventDetails"
    assert details_key("WaitStateExited") == "stateExitedEventDetails"
    assert details_key("ExecutionTimedOut") == "executionTimedOutEventDetails"
    assert details_key("ParallelStateStarted") is None
    assert details_key("WaitStateAborted") is None


def test_the_api_says_that_nothing_was_cut() -> None:
    event = HistoryEvent(1, 0, "PassStateEntered", NOW, {"name": "A", "input": "{}"})
    assert api_details(event) == {"name": "A", "input": "{}", "inputDetails": {"truncated": False}}
    assert "inputDetails" not in event.details
