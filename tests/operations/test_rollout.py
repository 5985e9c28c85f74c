"""What is said of a deployment while it happens."""

import datetime
from typing import Any

import pytest

from operations import rollout
from operations.rollout import Rollout


class Ecs:
    """Answers DescribeServices with one state after the other, the last one again and again."""

    def __init__(self, *states: dict[str, Any] | None) -> None:
        self.states = list(states)

    def describe_services(self, **_: object) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"services": [] if state is None else [state]}


def state(running: int, *events: str, rollout_state: str = "IN_PROGRESS", age: int = -60) -> dict[str, Any]:
    created = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=age)
    return {
        "runningCount": running,
        "desiredCount": 2,
        "pendingCount": 2 - running,
        "events": [{"id": text, "message": text, "createdAt": created} for text in events],
        "deployments": [
            {
                "id": "d-1",
                "rolloutState": rollout_state,
                "rolloutStateReason": "tasks failed to start",
                "createdAt": created,
                "taskDefinition": "td:2",
            }
        ],
    }


def said(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *states: dict[str, Any] | None
) -> list[str]:
    monkeypatch.setattr(rollout, "LOOK_SECONDS", 0.001)
    client = Ecs(*states)
    with Rollout(client, "cluster", "service", on_failure=lambda: None):  # type: ignore[arg-type]
        while len(client.states) > 1:
            pass
    return [line.partition("] ")[2] for line in capsys.readouterr().out.splitlines()]


def test_events_and_counts_are_said_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    states = (
        state(0),
        state(1, "has started 1 tasks"),
        state(1, "has started 1 tasks"),
        state(2, "is steady", "has started 1 tasks"),
    )
    assert said(capsys, monkeypatch, *states) == [
        "ecs: 0 of 2 tasks run, 2 start",
        "ecs: has started 1 tasks",
        "ecs: 1 of 2 tasks run, 1 start",
        "ecs: is steady",
        "ecs: 2 of 2 tasks run, 0 start",
    ]


def test_a_rollback_is_said_when_it_begins(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    failed = state(2, rollout_state="FAILED")
    assert said(capsys, monkeypatch, failed, failed) == [
        "ecs: rolling back: tasks failed to start",
        "ecs: 2 of 2 tasks run, 0 start",
    ]


def test_who_waits_is_told_once_of_a_rollback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "LOOK_SECONDS", 0.001)
    failed = state(2, rollout_state="FAILED")
    client, told = Ecs(state(1), failed, failed), list[bool]()

    with Rollout(client, "cluster", "service", lambda: told.append(True)) as watch:  # type: ignore[arg-type]
        while len(client.states) > 1:
            pass

    assert (told, watch.failed) == ([True], "td:2")


def test_a_deployment_that_failed_before_is_old_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "LOOK_SECONDS", 0.001)
    told = list[bool]()

    client = Ecs(state(2, rollout_state="FAILED", age=60))
    with Rollout(client, "cluster", "service", lambda: told.append(True)) as watch:  # type: ignore[arg-type]
        pass

    assert (told, watch.failed) == ([], None)


def test_events_before_the_deployment_are_old_news(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(capsys, monkeypatch, state(2, "long ago", age=60)) == ["ecs: 2 of 2 tasks run, 0 start"]


def test_a_service_that_cannot_be_seen_is_the_updates_to_tell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(capsys, monkeypatch, None, state(2)) == ["ecs: 2 of 2 tasks run, 0 start"]
