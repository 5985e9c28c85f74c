"""What the runtime has to do once a transition is committed."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

ExecutionStatus = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]


class RunTask(msgspec.Struct, frozen=True, tag=True):
    """Run one attempt of a Task state and answer with `TaskSucceeded` or `TaskFailed`.

    Attributes:
        task_id: unique for every attempt within the execution.
        entry_id: the same for all attempts of one visit to the state; with the execution's ARN, an idempotency key.
        state_name: the state's name in the definition.
        resource: the state's ``Resource``.
        input: the state's effective input, any JSON value.
        attempt: 1 for the first attempt.
        heartbeat_seconds: how often the task must at least report with `TaskHeartbeat`; None when it need not.
    """

    task_id: str
    entry_id: str
    state_name: str
    resource: str
    input: object
    attempt: int
    heartbeat_seconds: float | None = None


class StartTimer(msgspec.Struct, frozen=True, tag=True):
    """Answer with `TimerFired` at ``due``. A timer that has this id already is replaced."""

    timer_id: str
    due: datetime


class CancelTimer(msgspec.Struct, frozen=True, tag=True):
    """Forget the timer; it may have fired already, which does no harm."""

    timer_id: str


class CancelTask(msgspec.Struct, frozen=True, tag=True):
    """Stop the task; nobody waits for its result any more."""

    task_id: str


class Finish(msgspec.Struct, frozen=True, tag=True):
    """The execution is over. ``output`` counts for ``SUCCEEDED``; ``error`` and ``cause`` for everything else."""

    status: ExecutionStatus
    output: object = None
    error: str | None = None
    cause: str | None = None


Command = RunTask | StartTimer | CancelTimer | CancelTask | Finish
