"""A deployment as it happens: what ECS says and does while the Pulumi CLI waits for it."""

from __future__ import annotations

import contextlib
import datetime
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from botocore.exceptions import BotoCoreError, ClientError

from operations.deployment import find_service
from operations.errors import OperationError
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_ecs.client import ECSClient
    from mypy_boto3_ecs.type_defs import DeploymentTypeDef, ServiceTypeDef

LOOK_SECONDS = 2.0


class Rollout:
    """Says, within its `with` block, each new event of a service, its counts, and that ECS rolls back.

    `failed` is then the task definition that ECS gave up, and `on_failure` was called once: whoever waits for the
    deployment need not wait for ECS to have gone back.
    """

    failed: str | None = None

    def __init__(self, client: ECSClient, cluster: str, service: str, on_failure: Callable[[], None]) -> None:
        self._client, self._cluster, self._service, self._on_failure = client, cluster, service, on_failure
        self._since = datetime.datetime.now(datetime.UTC)
        self._said: set[str] = set()
        self._counts = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="rollout", daemon=True)

    def __enter__(self) -> Self:
        """Begin to look, every two seconds."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Look a last time."""
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while True:
            ended = self._ended.wait(LOOK_SECONDS)
            # What is wrong with the service, the update itself tells.
            with contextlib.suppress(ClientError, BotoCoreError, OperationError):
                self._look(find_service(self._client, self._cluster, self._service))
            if ended:
                return

    def _look(self, service: ServiceTypeDef) -> None:
        for event in reversed(service.get("events", [])):
            if event["createdAt"] >= self._since and event["id"] not in self._said:
                self._said.add(event["id"])
                say(f"ecs: {event['message']}")
        for deployment in service.get("deployments", []):
            if deployment.get("rolloutState") == "FAILED" and deployment["createdAt"] >= self._since:
                self._note_failure(deployment)
        self._say_counts(service)

    def _note_failure(self, deployment: DeploymentTypeDef) -> None:
        if self.failed is not None:
            return
        self.failed = deployment["taskDefinition"]
        say(f"ecs: rolling back: {deployment.get('rolloutStateReason', 'no reason is given')}")
        self._on_failure()

    def _say_counts(self, service: ServiceTypeDef) -> None:
        counts = f"{service['runningCount']} of {service['desiredCount']} tasks run, {service['pendingCount']} start"
        if counts != self._counts:
            self._counts = counts
            say(f"ecs: {counts}")
