"""Waiting for an ECS deployment: complete, failed, rolled back, too slow, and the deletion of a service."""

# ruff: noqa: ARG005 -- a client factory's parameters

from collections.abc import Iterable, Mapping

import pytest

from sandbox.aws.api import Api
from sandbox.aws.errors import NotReadyError
from sandbox.aws.steady_state import wait_for_steady_state, wait_until_inactive

SERVICE = "arn:aws:ecs:us-east-1:123456789012:service/app/app"
NEW, OLD = (f"arn:aws:ecs:us-east-1:123456789012:task-definition/app:{revision}" for revision in (2, 1))
STATE: dict[str, object] = {"cluster": "app", "taskDefinition": NEW, "waitForSteadyState": True}
STOPPED = {
    "taskArn": "arn:aws:ecs:us-east-1:123456789012:task/app/0123",
    "stoppedReason": "Essential container in task exited",
    "containers": [{"name": "engine", "exitCode": 1, "reason": None}, {"name": "migrate", "exitCode": 0}],
}


class Answers(Api):
    """An ECS API that describes the service as it is told, one description a call, the last for ever."""

    def __init__(
        self, descriptions: Iterable[Mapping[str, object]], stopped: Iterable[Mapping[str, object]] = ()
    ) -> None:
        super().__init__(lambda service, region: pytest.fail("nothing is called"), "ecs", "us-east-1", "123456789012")
        object.__setattr__(self, "descriptions", list(descriptions))
        object.__setattr__(self, "stopped", list(stopped))

    descriptions: list[Mapping[str, object]]
    stopped: list[Mapping[str, object]]

    def call(self, name: str, arguments: Mapping[str, object]) -> dict[str, object]:
        assert arguments["cluster"] == "app"
        if name == "ListTasks":
            return {"taskArns": [task["taskArn"] for task in self.stopped]}
        if name == "DescribeTasks":
            return {"tasks": self.stopped}
        found = self.descriptions.pop(0) if len(self.descriptions) > 1 else self.descriptions[0]
        return {"services": [found] if found else []}


def described(state: str, running: int, definition: str = NEW, **others: object) -> dict[str, object]:
    primary = {"status": "PRIMARY", "rolloutState": state, "runningCount": running, "desiredCount": 2}
    return {
        "serviceName": "app",
        "status": "ACTIVE",
        "desiredCount": 2,
        "deployments": [{**primary, "taskDefinition": definition, **others}],
    }


def test_complete() -> None:
    api = Answers([described("IN_PROGRESS", 0), described("IN_PROGRESS", 2), described("COMPLETED", 2)])
    wait_for_steady_state(api, SERVICE, STATE, 60)
    assert len(api.descriptions) == 1


def test_not_asked_for() -> None:
    wait_for_steady_state(Answers([described("FAILED", 0)]), SERVICE, {**STATE, "waitForSteadyState": False}, 60)


def test_failed() -> None:
    api = Answers([described("FAILED", 0, rolloutStateReason="tasks failed to start")], [STOPPED])
    with pytest.raises(NotReadyError) as failure:
        wait_for_steady_state(api, SERVICE, STATE, 60)
    assert str(failure.value) == (
        f"{SERVICE}: the deployment failed: tasks failed to start; the last tasks stopped: "
        "0123 (Essential container in task exited, container engine: exit code 1)"
    )


def test_rolled_back() -> None:
    with pytest.raises(NotReadyError, match=r"the deployment of app:2 was rolled back to app:1$"):
        wait_for_steady_state(Answers([described("COMPLETED", 2, OLD)]), SERVICE, STATE, 60)


def test_too_slow() -> None:
    api = Answers([described("IN_PROGRESS", 1)], [STOPPED])
    with pytest.raises(
        NotReadyError, match="isn't complete after -1 seconds, 1 of 2 tasks run; the last tasks stopped"
    ):
        wait_for_steady_state(api, SERVICE, STATE, -1)


def test_gone() -> None:
    with pytest.raises(NotReadyError, match="the service is gone"):
        wait_for_steady_state(Answers([{}]), SERVICE, STATE, 60)


def test_deleted() -> None:
    api = Answers([{"status": "DRAINING"}, {"status": "INACTIVE"}])
    wait_until_inactive(api, SERVICE, STATE, 60)
    with pytest.raises(NotReadyError, match="still has tasks"):
        wait_until_inactive(Answers([{"status": "DRAINING"}]), SERVICE, STATE, -1)
