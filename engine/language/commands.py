"""What the runtime has to do once a transition is committed."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal, final

import msgspec
from msgspec import UNSET

ExecutionStatus = Literal["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"]
Pattern = Literal["request-response", "sync", "token"]
"""How a task waits: for the call's answer, for the end of what it started, or for its token to come back."""


REQUEST_RESPONSE: Final[Pattern] = "request-response"
"""The pattern of resources without a suffix."""


@final
class RunTask(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, gc=False):
    """Run one attempt of a Task state and answer with `TaskSucceeded` or `TaskFailed`.

    Attributes:
        task_id: unique for every attempt within the execution.
        entry_id: the same for all attempts of one visit to the state; with the execution's ARN, an idempotency key.
        state_name: the state's name in the definition.
        resource: the state's ``Resource``.
        input: the state's effective input, any JSON value.
        attempt: 1 for the first attempt.
        heartbeat_seconds: how often the task must at least report with `TaskHeartbeat`; None when it need not.
        pattern: the suffix of the resource: none, ``.sync`` and ``.sync:2``, or ``.waitForTaskToken``.
        token: the task token, of the pattern ``token`` and of activities; a secret.
        timeout_seconds: how long the attempt may take; None when it may take any time.
        credentials: the state's ``Credentials``, evaluated; None if it has none.
        submission: what `TaskSubmitted` told; then the call was made and is only waited for. UNSET before.
    """

    task_id: str
    entry_id: str
    state_name: str
    resource: str
    input: object
    attempt: int
    heartbeat_seconds: float | None = None
    pattern: Pattern = REQUEST_RESPONSE
    token: str | None = None
    timeout_seconds: float | None = None
    credentials: dict[str, object] | None = None
    submission: object = UNSET

    def __repr__(self) -> str:
        """Show the task without its token, wherever it stands."""
        text = super().__repr__()
        return text if self.token is None else text.replace(self.token, "***")


@final
class RunMap(msgspec.Struct, frozen=True, tag=True, omit_defaults=True, gc=False):
    """Run one attempt of a distributed Map state; answer with `TaskSucceeded` or `TaskFailed`, `CancelTask` ends it.

    Attributes:
        task_id: unique for every attempt within the execution.
        entry_id: the same for all attempts of one visit to the state.
        state_name: the state's name in the definition.
        attempt: 1 for the first attempt.
        pointer: where the Map state is in the definition, for `StateMachine.processor`.
        map_run_arn: the map run's ARN; the same again when a map run is redriven.
        label: the state's ``Label``, or one made of its name.
        execution_type: the type of the child executions.
        input: the state's effective input, before ``ItemReader`` and ``ItemsPath``.
        max_concurrency: most children at a time; 0 means as many as the service allows.
        tolerated_failure_count: most items that may fail; None when no count is given.
        tolerated_failure_percentage: most items that may fail, in percent; None when no percentage is given.
        variables: the variables that the state can read.
        items: the items, an array or an object, when the state has no ``ItemReader``; UNSET otherwise.
        reader: ``ItemReader``, evaluated, as ``Resource``, ``ReaderConfig`` and ``Parameters``.
        batcher: ``ItemBatcher``, evaluated, as ``MaxItemsPerBatch``, ``MaxInputBytesPerBatch`` and ``BatchInput``.
        writer: ``ResultWriter``, evaluated, as ``Resource``, ``Parameters`` and ``WriterConfig``.
        credentials: the state's ``Credentials``, evaluated; None if it has none.
        redrive_count: how often this map run was redriven; above 0, only what has failed is run again.
    """

    task_id: str
    entry_id: str
    state_name: str
    attempt: int
    pointer: str
    map_run_arn: str
    label: str
    execution_type: Literal["STANDARD", "EXPRESS"]
    input: object
    max_concurrency: int = 0
    tolerated_failure_count: int | None = None
    tolerated_failure_percentage: float | None = None
    variables: dict[str, object] = {}
    items: object = UNSET
    reader: dict[str, object] | None = None
    batcher: dict[str, object] | None = None
    writer: dict[str, object] | None = None
    credentials: dict[str, object] | None = None
    redrive_count: int = 0


@final
class StartTimer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Answer with `TimerFired` at ``due``. A timer that has this id already is replaced."""

    timer_id: str
    due: datetime


@final
class CancelTimer(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Forget the timer; it may have fired already, which does no harm."""

    timer_id: str


@final
class CancelTask(msgspec.Struct, frozen=True, tag=True, gc=False):
    """Stop the task or map run; nobody waits for its result any more."""

    task_id: str


@final
class Finish(msgspec.Struct, frozen=True, tag=True, gc=False):
    """The execution is over. ``output`` counts for ``SUCCEEDED``; ``error`` and ``cause`` for everything else."""

    status: ExecutionStatus
    output: object = None
    error: str | None = None
    cause: str | None = None


Command = RunTask | RunMap | StartTimer | CancelTimer | CancelTask | Finish
