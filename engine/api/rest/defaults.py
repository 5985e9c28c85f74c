"""What REST v1 adds to definitions that leave it out: a retry for every Task state and a timeout for the whole.

Definitions made through the Step Functions protocol, and those in component folders, run as they are written.
"""

from collections.abc import Iterator, Mapping
from typing import Any

BACKOFF_RATE = 2.0
FIRST_INTERVAL_SECONDS = 1

Json = dict[str, Any]


def with_defaults(definition: Mapping[str, Any], *, attempts: int, timeout_seconds: float) -> Json:
    """A copy of a definition in which every Task state without Retry is tried `attempts` times in all.

    Waits between attempts start at one second and double. The execution ends after `timeout_seconds` unless the
    definition has TimeoutSeconds. An empty Retry counts as one: such a task is tried once.
    """
    changed = _with_retries(dict(definition), _retry(attempts))
    changed.setdefault("TimeoutSeconds", int(timeout_seconds))
    return changed


def _retry(attempts: int) -> list[Json]:
    if attempts == 1:
        return []
    return [
        {
            "ErrorEquals": ["States.ALL"],
            "IntervalSeconds": FIRST_INTERVAL_SECONDS,
            "MaxAttempts": attempts - 1,
            "BackoffRate": BACKOFF_RATE,
        }
    ]


def _with_retries(machine: Json, retry: list[Json]) -> Json:
    states = machine.get("States")
    if not isinstance(states, dict):
        return machine
    return machine | {"States": {name: _state(state, retry) for name, state in states.items()}}


def _state(state: object, retry: list[Json]) -> object:
    if not isinstance(state, dict):
        return state
    changed = state | dict(_nested(state, retry))
    if state.get("Type") == "Task" and retry:
        changed.setdefault("Retry", retry)
    return changed


def _nested(state: Json, retry: list[Json]) -> Iterator[tuple[str, object]]:
    """Fields of a state that hold state machines of their own."""
    branches = state.get("Branches")
    if isinstance(branches, list):
        yield "Branches", [_with_retries(each, retry) if isinstance(each, dict) else each for each in branches]
    for name in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(name), dict):
            yield name, _with_retries(state[name], retry)
