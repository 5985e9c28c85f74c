"""What the engine asks of whoever runs Task states."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, Protocol, runtime_checkable

import msgspec

from engine.language import FailureKind, Pattern

UNWANTED: Final = "nobody waits for the task"
"""The message of the cancellation after which nobody, in no process, waits for a task's result any more."""


class Submitted(msgspec.Struct, frozen=True, gc=False):
    """What `TaskRunner.run` may give instead of an output: the call was made, and somebody else tells of the end."""

    output: object


async def _submit_nothing(_output: object) -> None:
    """Take an output that nobody waits for."""


class TaskRequest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One attempt of a Task state.

    Attributes:
        resource: the state's ``Resource``, with its suffix.
        input: the state's effective input, any JSON value.
        execution_id: the UUID of the execution that asks.
        execution_arn: its ARN.
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
        pattern: what is waited for; with ``token`` the output is that of the call, and the wait goes on until somebody
            answers with the token.
        token: the task's token, a secret; None unless the pattern is ``token``.
        credentials: the state's evaluated ``Credentials``; None without.
        role_arn: the role that the state machine acts as.
        timeout_seconds: the state's TimeoutSeconds; None without.
        submission: with ``sync``, what `submit` made durable before another process died: the call was made and must
            not be made again, only waited for. UNSET when the call wasn't made yet.
        submit: with ``sync``, to be called once with the call's output (any JSON value), before waiting for the end.
            Returns when that is durable; afterwards the task counts no more among those that run at a time.
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
    execution_id: str = ""
    pattern: Pattern = "request-response"
    token: str | None = None
    credentials: dict[str, object] | None = None
    role_arn: str = ""
    timeout_seconds: float | None = None
    submission: object = msgspec.UNSET
    submit: Callable[[object], Awaitable[None]] = _submit_nothing

    def __repr__(self) -> str:
        """Name the task, without its token and its input."""
        return (
            f"TaskRequest(resource={self.resource!r}, execution_arn={self.execution_arn!r}, task_id={self.task_id!r})"
        )


class TaskError(Exception):
    """A task failed with an error name that Retry and Catch can match; anything else is ``States.TaskFailed``.

    Attributes:
        error: the error's name.
        cause: a text for people; also JSON, where the service that the task called has it so.
        kind: whether the task failed, couldn't start, or its call was refused; the history tells them apart.
    """

    def __init__(self, error: str, cause: str = "", kind: FailureKind = "failed") -> None:
        super().__init__(f"{error}: {cause}" if cause else error)
        self.error = error
        self.cause = cause
        self.kind: FailureKind = kind


Immediate = Callable[[object, Callable[[], TaskRequest]], object]
"""Runs a task to its end without waiting, and gives its output, a JSON value shared with nobody; raises TaskError.

It gets the task's input, and what makes the whole request: most handlers need nothing else of it.
"""


@runtime_checkable
class ImmediateRunner(Protocol):
    """A `TaskRunner` that has tasks which never wait: these need no asyncio task, which costs more than they do."""

    def immediate(self, resource: str) -> Immediate | None:
        """Give what runs the resource's tasks; None if they may have to wait, so that `TaskRunner.run` is for them."""
        ...


class TaskRunner(Protocol):
    """Runs tasks."""

    async def run(self, request: TaskRequest) -> object:
        """Run the task and give its output, any JSON value; see `TaskRequest.pattern` for what the output means.

        Raises TaskError to fail with an error name. Cancelled when nobody waits for the result any more: at a
        timeout, when the execution is stopped, and when the engine stops.
        """
        ...
