"""Events of an execution's history, with the names and contents of the Step Functions API (HistoryEvent)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

_TASK: Final = ("Scheduled", "Started", "StartFailed", "Submitted", "SubmitFailed", "Succeeded", "Failed", "TimedOut")
_LAMBDA: Final = ("Scheduled", "ScheduleFailed", "StartFailed", "Succeeded", "Failed", "TimedOut")
_ACTIVITY: Final = ("Scheduled", "ScheduleFailed", "Started", "Succeeded", "Failed", "TimedOut")
_EXECUTION: Final = ("Started", "Succeeded", "Failed", "TimedOut", "Aborted", "Redriven")
_ITERATION: Final = ("Started", "Succeeded", "Failed", "Aborted")
_MAP_RUN: Final = ("Started", "Failed", "Redriven")
_STATES: Final = ("Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map")

ENTERED: Final[Mapping[str, str]] = {state: f"{state}StateEntered" for state in _STATES}
"""The event of the entry into a state, by the state's type."""

EXITED: Final[Mapping[str, str]] = {state: f"{state}StateExited" for state in _STATES if state != "Fail"}
"""The event of the exit from a state, by the state's type."""


class HistoryEvent(msgspec.Struct, frozen=True, gc=False):
    """One event of a history.

    Attributes:
        id: 1 for the first event of the execution, then one more each, without gaps.
        previous_id: the event that caused this one; 0 for the first event and for the first state's entry.
        type: a HistoryEventType of the Step Functions API, such as ``TaskStateEntered``.
        timestamp: when it happened.
        details: the members of the event's details, such as ``taskScheduledEventDetails``; input and output
            are JSON texts. Empty for types that have none.
    """

    id: int
    previous_id: int
    type: str
    timestamp: datetime
    details: dict[str, object]


def present(**details: object) -> dict[str, object]:
    """Give the details of an event without those that are None: the history doesn't tell of them."""
    return {name: value for name, value in details.items() if value is not None}


def details_key(event_type: str) -> str | None:
    """Name the member of the API's HistoryEvent that carries the details of ``event_type``; None if it has none."""
    return _KEYS.get(event_type)


def api_details(event: HistoryEvent) -> dict[str, object]:
    """Give the details as the API shows them: each text of data has a member beside it that says it is whole."""
    marks: dict[str, object] = {
        f"{name}Details": {"truncated": False}
        for name in ("input", "output", "assignedVariables")
        if name in event.details
    }
    return {**event.details, **marks}


def _keys() -> dict[str, str]:
    families = {
        "Task": _TASK,
        "LambdaFunction": _LAMBDA,
        "Activity": _ACTIVITY,
        "Execution": _EXECUTION,
        "MapIteration": _ITERATION,
        "MapRun": _MAP_RUN,
        "MapState": ("Started",),
        "Evaluation": ("Failed",),
    }
    names = [family + ending for family, endings in families.items() for ending in endings]
    keys = {name: f"{name[0].lower()}{name[1:]}EventDetails" for name in names}
    keys |= dict.fromkeys(ENTERED.values(), "stateEnteredEventDetails")
    return keys | dict.fromkeys(EXITED.values(), "stateExitedEventDetails")


_KEYS: Final = _keys()
