"""What can happen to a running execution: the input of the interpreter's `advance`.

All are final, as commands and awaits are, and told apart by their type: `isinstance` takes five times as long to say
no to an object of another class of msgspec.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, final

import msgspec

FailureKind = Literal["failed", "start-failed", "submit-failed"]
"""What failed of a task: the task itself, its start, or the call that was to submit it."""


@final
class TaskStarted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """A worker took the activity task ``task_id``; its name, if it gave one, is ``worker``."""

    task_id: str
    started_at: datetime
    worker: str | None = None


@final
class TaskSubmitted(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The call of the task ``task_id`` was made and answered ``output``; its end is still to come."""

    task_id: str
    output: object
    started_at: datetime


@final
class TaskSucceeded(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The task ``task_id`` returned ``output`` (any JSON value); ``started_at`` is when its attempt began to run."""

    task_id: str
    output: object
    started_at: datetime


@final
class TaskFailed(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The task ``task_id`` failed with the error name and the cause given, which Retry and Catch see."""

    task_id: str
    error: str | None
    cause: str | None
    started_at: datetime
    kind: FailureKind = "failed"


@final
class TaskHeartbeat(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The task ``task_id`` says that it is alive; its heartbeat timer is started anew with a later due time."""

    task_id: str


@final
class TimerFired(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The timer ``timer_id`` is due."""

    timer_id: str


@final
class Stopped(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Somebody asked for the execution to be aborted (AWS: StopExecution)."""

    error: str | None = None
    cause: str | None = None


Event = TaskStarted | TaskSubmitted | TaskSucceeded | TaskFailed | TaskHeartbeat | TimerFired | Stopped
