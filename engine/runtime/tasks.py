"""What the engine asks of whoever runs Task states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec


class TaskRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt of a Task state.

    Attributes:
        resource: the state's ``Resource``.
        input: the state's effective input, any JSON value.
        execution_arn: the execution that asks.
        execution_name: its name.
        state_machine_arn: its state machine.
        organization: whose it is.
        state_name: the state's name.
        task_id: unique for this attempt within the execution.
        idempotency_key: the same for every run of every attempt of this visit to the state, and for no other: an
            attempt runs again when the process that ran it died before its result was committed.
        attempt: 1 for the first attempt.
        heartbeat_seconds: the state's HeartbeatSeconds; None without.
        heartbeat: says that the task is alive, which starts its heartbeat's deadline anew; from any thread, as often
            as one likes. Does nothing without HeartbeatSeconds, and once nobody waits for the task any more.
    """

    resource: str
    input: object
    execution_arn: str
    execution_name: str
    state_machine_arn: str
    organization: str
    state_name: str
    task_id: str
    idempotency_key: str
    attempt: int
    heartbeat_seconds: float | None
    heartbeat: Callable[[], None]


class TaskError(Exception):
    """A task failed with an error name that Retry and Catch can match; anything else is ``States.TaskFailed``."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}" if cause else error)
        self.error = error
        self.cause = cause


class TaskRunner(Protocol):
    """Runs tasks."""

    async def run(self, request: TaskRequest) -> object:
        """Run the task and give its output, any JSON value.

        Raises TaskError to fail with an error name. Cancelled when nobody waits for the result any more: at a
        timeout, when the execution is stopped, and when the engine stops.
        """
        ...
