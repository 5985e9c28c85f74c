"""Tasks that start executions in this engine: ``states:startExecution`` in all patterns, and ``aws-sdk:sfn``.

Nothing is held in memory while a child runs: its last commit leaves word for the parent (see `nesting`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Final
from uuid import UUID, uuid4, uuid5

import msgspec

from engine.language.context import timestamp_text
from engine.runtime.children.nesting import Link, abort_of_parent, mode_of, sdk_output, started_output, starts_execution
from engine.runtime.control_plane.targets import Targets
from engine.runtime.errors import EngineError, InvalidDefinition, Overloaded
from engine.runtime.executions import Executions
from engine.runtime.express import Express
from engine.runtime.records import ExecutionRecord, SyncExecutionRecord
from engine.runtime.running.outgoing import encode_message
from engine.runtime.starter import Parent, Starter
from engine.storage import StorageError, StorageUnavailable
from engine.storage.protocol import Storage
from engine.tasks.requests import UNWANTED, Immediate, ImmediateRunner, Submitted, TaskError, TaskRequest, TaskRunner

_SDK: Final = ":aws-sdk:sfn:"
_CHILDREN: Final = UUID("8d6bd8e9-5f6c-4c1e-9a53-0f6b0a4a4f0d")
"""Namespace of the names of children that are given none."""

_RETRY_SECONDS: Final = 1.0

_ARN_PARTS: Final = 7
"""Of a state machine's ARN; what follows names a version or an alias."""


class Call(msgspec.Struct, frozen=True):
    """What a task asks to be started."""

    machine_arn: str
    name: str
    text: str
    trace_header: str | None


def is_own(resource: str) -> bool:
    """Whether a task starts an execution in this engine."""
    if _SDK not in resource:
        return starts_execution(resource)
    action = resource.partition(_SDK)[2].removesuffix(".waitForTaskToken")
    return action in ("startExecution", "startSyncExecution")


class TaskRouter:
    """A TaskRunner that keeps to itself the tasks that start executions; all others are for `others`."""

    def __init__(self, others: TaskRunner) -> None:
        self._others = others
        self._immediate = others.immediate if isinstance(others, ImmediateRunner) else None
        self._children: Children | None = None

    def connect(self, children: Children) -> None:
        """Say who starts executions."""
        self._children = children

    def immediate(self, resource: str) -> Immediate | None:
        """See `ImmediateRunner.immediate`; to start an execution is to wait for it."""
        return None if self._immediate is None else self._immediate(resource)

    async def run(self, request: TaskRequest) -> object:
        """Run a task. Raises TaskError."""
        if self._children is not None and is_own(request.resource):
            return await self._children.run(request)
        return await self._others.run(request)


class Children:
    """Starts the executions that tasks ask for. Asked again for the same task, it gives the same execution."""

    def __init__(
        self, storage: Storage, targets: Targets, starter: Starter, express: Express, executions: Executions
    ) -> None:
        self._storage = storage
        self._targets = targets
        self._starter = starter
        self._express = express
        self._executions = executions
        self._cleaning: set[asyncio.Task[None]] = set()

    async def run(self, request: TaskRequest) -> object:
        """Run the task; with ``.sync`` its end is told by the child. Raises TaskError."""
        call = _read(request)
        try:
            while True:
                try:
                    return await self._start(request, call)
                except Overloaded as busy:
                    await asyncio.sleep(busy.retry_after_seconds)
                except StorageUnavailable:
                    await asyncio.sleep(_RETRY_SECONDS)
        except (EngineError, InvalidDefinition) as refusal:
            raise _refused(request, refusal) from refusal
        except asyncio.CancelledError as canceled:
            if request.pattern == "sync" and canceled.args == (UNWANTED,):
                self._later(self._clean_up(request, call))
            raise

    def stop(self, child_id: UUID, parent_arn: str) -> None:
        """Stop a child that nobody waits for; it may be over."""
        self._later(self._stop(child_id, parent_arn))

    def _later(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)

    async def _stop(self, child_id: UUID, parent_arn: str) -> None:
        with contextlib.suppress(StorageError):
            await self._storage.send(child_id, encode_message(abort_of_parent(parent_arn)))

    async def _start(self, request: TaskRequest, call: Call) -> object:
        target = await self._targets.resolve(request.organization, call.machine_arn)
        if _SDK in request.resource and request.resource.endswith(":startSyncExecution"):
            record = await self._express.run(target.definition, call.name, call.text, call.trace_header)
            return sdk_output(record)
        if target.definition.machine.kind == "EXPRESS":
            flight = self._express.start(target.definition, call.name, call.text, call.trace_header)
            return _answer(request, flight.record(None, None), flight.id)
        child = await self._starter.start(
            target, call.name, call.text, trace_header=call.trace_header, parent=_parent(request)
        )
        output = _answer(request, child, UUID(child.id))
        return Submitted(output) if request.pattern == "sync" else output

    async def _clean_up(self, request: TaskRequest, call: Call) -> None:
        """Stop a child that may have started just when its parent gave the task up."""
        with contextlib.suppress(StorageError, EngineError):
            target = await self._targets.resolve(request.organization, call.machine_arn)
            arn = target.definition.arn.execution(call.name)
            child = await self._executions.find(request.organization, arn)
            if child.origin.parent == UUID(request.execution_id):
                await self._stop(child.id, request.execution_arn)


def _read(request: TaskRequest) -> Call:
    """Read the task's arguments."""
    given = request.input if isinstance(request.input, dict) else {}
    wrong = [name for name in ("StateMachineArn", "Name", "TraceHeader") if not isinstance(given.get(name, ""), str)]
    problems = [f"The value for the field '{name}' must be a STRING" for name in wrong]
    if "StateMachineArn" not in given:
        problems.append("The field 'StateMachineArn' is required but was missing")
    if problems:
        raise TaskError("States.Runtime", _unusable(request, problems))
    value = given.get("Input", {})
    name = _name(given, request.execution_id, request.task_id)
    return Call(given["StateMachineArn"], name, _as_text(value), given.get("TraceHeader"))


def child_arn(execution_id: str, task_id: str, arguments: object) -> str | None:
    """Give the ARN of the execution that a task starts in a state machine; None if it can't be told."""
    given = arguments if isinstance(arguments, dict) else {}
    match given:
        case {"StateMachineArn": str(machine)}:
            name = _name(given, execution_id, task_id)
            own = ":".join(machine.split(":")[:_ARN_PARTS])
            return f"{own.replace(':stateMachine:', ':execution:', 1)}:{name}"
    return None


def _name(arguments: dict[str, object], execution_id: str, task_id: str) -> str:
    """Give a child's name; one that was given none gets one that is the same for every run of the attempt."""
    return str(arguments.get("Name") or uuid5(_CHILDREN, f"{execution_id}/{task_id}"))


def _as_text(value: object) -> str:
    """Give the child's input: a text that is JSON already stays as it is."""
    if isinstance(value, str):
        with contextlib.suppress(msgspec.DecodeError, UnicodeEncodeError):
            msgspec.json.decode(value)
            return value
    return msgspec.json.encode(value).decode()


def _parent(request: TaskRequest) -> Parent | None:
    """Link the child to its parent, unless that is an EXPRESS execution, of which nothing is kept."""
    if ":express:" in request.execution_arn:
        return None
    link = Link(request.task_id, mode_of(request.resource))
    return Parent(UUID(request.execution_id), link.text())


def _answer(request: TaskRequest, child: ExecutionRecord | SyncExecutionRecord, child_id: UUID) -> dict[str, object]:
    if _SDK in request.resource:
        return {"ExecutionArn": child.arn, "StartDate": timestamp_text(child.started_at)}
    return started_output(child.arn, child.started_at, child_id)


def _refused(request: TaskRequest, refusal: EngineError | InvalidDefinition) -> TaskError:
    """Give the failure as the integration names it: after the exceptions of AWS's SDK for Java."""
    code = type(refusal).__name__
    exception = code if code.endswith("Exception") else f"{code}Exception"
    if _SDK in request.resource:
        cause = f"{refusal} (Service: Sfn, Status Code: 400, Request ID: {uuid4()})"
        return TaskError(f"Sfn.{exception}", cause)
    cause = (
        f"{refusal} (Service: AWSStepFunctions; Status Code: 400; Error Code: {code}; Request ID: {uuid4()}; "
        "Proxy: null)"
    )
    return TaskError(f"StepFunctions.{exception}", cause)


def _unusable(request: TaskRequest, problems: list[str]) -> str:
    event_id = request.idempotency_key.rpartition(":")[2].partition("r")[0]
    given = msgspec.json.encode(request.input).decode()
    return (
        f"An error occurred while executing the state '{request.state_name}' (entered at the event id #{event_id}). "
        f"The Parameters '{given}' could not be used to start the Task: [{', '.join(problems)}]"
    )
