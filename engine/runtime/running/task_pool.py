"""Runs tasks, so many at a time: as asyncio tasks, or at once where they never wait."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Container, Set
from datetime import datetime
from functools import partial
from typing import Final, Protocol
from uuid import UUID

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from engine.language import FailureKind, RunTask, TaskFailed, TaskHeartbeat, TaskSubmitted, TaskSucceeded
from engine.runtime.clock import DatabaseClock
from engine.runtime.observer import ExecutionInfo, Observer
from engine.runtime.running.heartbeats import Heartbeat
from engine.tasks.requests import UNWANTED, Immediate, ImmediateRunner, Submitted, TaskError, TaskRequest, TaskRunner

_LONGEST_ERROR: Final = 256
_LONGEST_CAUSE: Final = 32_768
_AT_A_TIME: Final = 64
"""Tasks that are begun before others on the event loop have their turn."""

_ENCODER: Final = msgspec.json.Encoder()
_DECODER: Final = msgspec.json.Decoder()
_UNHEARD: Final = Heartbeat(None)

Key = tuple[UUID, str]
Outcome = TaskSucceeded | TaskFailed | TaskSubmitted


class Owner(Protocol):
    """Who runs the execution that a task belongs to. A canceled task tells nothing."""

    def task_ended(self, execution_id: UUID, event: Outcome) -> None:
        """Hear how the task ended: for good, or with its call made and its end still to come."""
        ...

    async def task_submitted(self, execution_id: UUID, event: TaskSubmitted) -> None:
        """Make it durable that the task's call was made; the task goes on."""
        ...

    def task_lives(self, execution_id: UUID, event: TaskHeartbeat) -> None:
        """Hear of a heartbeat."""
        ...


class Job(msgspec.Struct, frozen=True):
    """A task to run: of which execution, what, under which role, and who wants to know."""

    execution_id: UUID
    info: ExecutionInfo
    role_arn: str
    command: RunTask
    owner: Owner


class TaskPool:
    """Runs at most `limit` tasks at a time, in the order in which they were asked for.

    A task that has submitted its call and waits for the end (``.sync``) doesn't count any more.
    """

    def __init__(self, runner: TaskRunner, clock: DatabaseClock, observer: Observer, limit: int) -> None:
        self._runner = runner
        self._immediate = runner.immediate if isinstance(runner, ImmediateRunner) else _never
        self._clock = clock
        self._observer = observer
        self._limit = limit
        self._waiting: OrderedDict[Key, Job] = OrderedDict()
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._submitted: dict[Key, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()
        self._filling = False

    @property
    def running(self) -> int:
        """Tasks that run; those that only wait for the end of what they submitted aren't among them."""
        return len(self._running)

    @property
    def queued(self) -> int:
        """Tasks that wait for their turn."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Run a task as soon as there is room; one that is submitted already needs none."""
        key = (job.execution_id, job.command.task_id)
        if job.command.submission is UNSET:
            self._waiting[key] = job
            self._fill_soon()
        else:
            self._submitted[key] = asyncio.create_task(self._run(key, job))

    def cancel(self, execution_id: UUID, task_id: str) -> bool:
        """Cancel a task that nobody waits for, or keep it from running; False if there is no such task any more."""
        return self._cancel((execution_id, task_id), UNWANTED)

    def abandon(self, execution_id: UUID, task_id: str) -> None:
        """Cancel a task that another process may go on with."""
        self._cancel((execution_id, task_id), None)

    def leave(self, execution_id: UUID) -> int:
        """Drop an execution's tasks that another process can go on with as they are; gives how many run on here."""
        for key in [key for key in (*self._waiting, *self._submitted) if key[0] == execution_id]:
            self._cancel(key, None)
        return sum(key[0] == execution_id for key in self._running)

    def cancel_of(self, execution_ids: Container[UUID]) -> None:
        """Cancel all tasks of these executions, with which another process may go on."""
        for key in [*self._running, *self._submitted, *self._waiting]:
            if key[0] in execution_ids:
                self._cancel(key, None)

    def withdraw(self, owner: Owner, committing: Set[UUID]) -> Counter[UUID]:
        """Drop the owner's tasks that wait for their turn, and those that wait for the end of what they submitted.

        Another process can go on with these. Where another task of the execution runs, which may end it, or what
        may be its end is being committed, what was submitted is kept, so that it can be given up with it. Gives how
        many tasks of each execution are left.
        """
        for key in [key for key, job in self._waiting.items() if job.owner is owner]:
            del self._waiting[key]
        running = {execution_id for execution_id, _ in self._running} | committing
        for key in [key for key in self._submitted if key[0] not in running]:
            self._submitted.pop(key).cancel()
        return Counter(execution_id for execution_id, _ in [*self._running, *self._submitted])

    def cancel_all(self) -> None:
        """Cancel everything."""
        self._waiting.clear()
        tasks = [*self._running.values(), *self._submitted.values()]
        self._running, self._submitted = {}, {}
        for task in tasks:
            task.cancel()
        self._ended.set()

    async def wait_for_end(self) -> None:
        """Wait until the next task ends."""
        self._ended.clear()
        await self._ended.wait()

    def _cancel(self, key: Key, message: str | None) -> bool:
        task = self._running.pop(key, None) or self._submitted.pop(key, None)
        if task is None:
            return self._waiting.pop(key, None) is not None
        task.cancel(message)
        self._ended.set()
        self._fill_soon()
        return True

    def _fill_soon(self) -> None:
        if not self._filling and self._waiting and len(self._running) < self._limit:
            self._filling = True
            asyncio.get_running_loop().call_soon(self._fill)

    def _fill(self) -> None:
        """Begin what there is room for, some at a time: what never waits ends here, and others want their turn."""
        self._filling = False
        for _ in range(min(_AT_A_TIME, len(self._waiting))):
            if len(self._running) >= self._limit or not self._waiting:
                return
            key, job = self._waiting.popitem(last=False)
            immediate = self._immediate(job.command.resource)
            if immediate is None:
                self._running[key] = asyncio.create_task(self._run(key, job))
            else:
                self._run_at_once(key, job, immediate)
        self._fill_soon()

    def _run_at_once(self, key: Key, job: Job, immediate: Immediate) -> None:
        """Run a task that never waits, in a context of its own as an asyncio task has it."""
        started, started_at = time.perf_counter(), self._clock.now()
        request = partial(self._request, key, job, started_at)
        try:
            output = contextvars.copy_context().run(immediate, job.command.input, request)
            event: Outcome = _ended(job.command)(job.command.task_id, output, started_at)
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - see `_failure`
            event = _failure(job.command.task_id, error, started_at)
        self._tell(job, event, started)

    async def _run(self, key: Key, job: Job) -> None:
        started = time.perf_counter()
        event = await self._event(key, job)
        if event is None:
            return
        if self._running.pop(key, None) is None:
            self._submitted.pop(key, None)
        self._tell(job, event, started)
        self._fill_soon()

    def _tell(self, job: Job, event: Outcome, started: float) -> None:
        error = event.error if type(event) is TaskFailed else None
        self._observer.task_finished(job.info, job.command.resource, error, time.perf_counter() - started)
        job.owner.task_ended(job.execution_id, event)
        self._ended.set()

    async def _event(self, key: Key, job: Job) -> Outcome | None:
        """Run the task and say how it ended; None if it was canceled."""
        started_at = self._clock.now()
        try:
            output = await self._runner.run(self._request(key, job, started_at))
            return _succeeded(job.command, output, started_at)
        except asyncio.CancelledError as error:
            if asyncio.current_task() not in (self._running.get(key), self._submitted.get(key)):
                return None
            return _failure(job.command.task_id, error, started_at)
        except Exception as error:  # noqa: BLE001 - see `_failure`
            return _failure(job.command.task_id, error, started_at)

    def _request(self, key: Key, job: Job, started_at: datetime) -> TaskRequest:
        command, info, execution_id = job.command, job.info, str(job.execution_id)
        request = TaskRequest(
            resource=command.resource,
            input=command.input,
            execution_arn=info.arn,
            execution_name=info.name,
            state_machine_arn=info.state_machine_arn,
            organization=info.organization,
            state_name=command.state_name,
            task_id=command.task_id,
            idempotency_key=f"{execution_id}:{command.entry_id}",
            attempt=command.attempt,
            heartbeat_seconds=command.heartbeat_seconds,
            heartbeat=_UNHEARD if command.heartbeat_seconds is None else self._heartbeat(key, job),
            execution_id=execution_id,
            pattern=command.pattern,
            token=command.token,
            credentials=command.credentials,
            role_arn=job.role_arn,
            timeout_seconds=command.timeout_seconds,
            submission=command.submission,
        )
        return request if command.pattern != "sync" else replace(request, submit=self._submit(key, job, started_at))

    def _submit(self, key: Key, job: Job, started_at: datetime) -> Callable[[object], Awaitable[None]]:
        async def submit(output: object) -> None:
            event = TaskSubmitted(job.command.task_id, _as_json(output), started_at)
            await job.owner.task_submitted(job.execution_id, event)
            self._free(key)

        return submit

    def _free(self, key: Key) -> None:
        """Give the task's place to another: it waits for the end of what it submitted."""
        task = self._running.pop(key, None)
        if task is not None:
            self._submitted[key] = task
            self._ended.set()
            self._fill_soon()

    def _heartbeat(self, key: Key, job: Job) -> Heartbeat:
        def tell() -> None:
            if key in self._running or key in self._submitted:
                job.owner.task_lives(job.execution_id, TaskHeartbeat(job.command.task_id))

        return Heartbeat(tell)


def _succeeded(task: RunTask, output: object, started_at: datetime) -> TaskSucceeded | TaskSubmitted:
    """Say that the task is done, or that its call is and somebody will tell of its end. Raises TaskError."""
    if type(output) is Submitted:
        return TaskSubmitted(task.task_id, _as_json(output.output), started_at)
    return _ended(task)(task.task_id, _as_json(output), started_at)


def _ended(task: RunTask) -> type[TaskSucceeded | TaskSubmitted]:
    """Say what the end of a task's call is: the task's, or with a token that of its call alone."""
    return TaskSubmitted if task.pattern == "token" else TaskSucceeded


def _failure(task_id: str, error: BaseException, started_at: datetime) -> TaskFailed:
    """Say how a task failed: whatever a handler raises is a failure of its task."""
    if isinstance(error, TaskError):
        return _failed(task_id, str(error.error), str(error.cause), started_at, error.kind)
    if isinstance(error, asyncio.CancelledError):
        return _failed(task_id, "States.TaskFailed", "The task canceled itself.", started_at)
    return _failed(task_id, "States.TaskFailed", f"{type(error).__name__}: {error}", started_at)


def _never(_resource: str) -> Immediate | None:
    """Know of no task that never waits."""
    return None


def _failed(task_id: str, error: str, cause: str, started_at: datetime, kind: FailureKind = "failed") -> TaskFailed:
    """Give a failure no longer than the Step Functions API has them, with text alone in it."""
    return TaskFailed(task_id, _text(error[:_LONGEST_ERROR]), _text(cause[:_LONGEST_CAUSE]), started_at, kind)


def _text(value: str) -> str:
    return value.encode(errors="replace").decode()


def _as_json(output: object) -> object:
    """Give the output as what its JSON says, shared with nobody. Raises TaskError."""
    try:
        return _DECODER.decode(_ENCODER.encode(output))
    except (TypeError, ValueError) as error:
        raise TaskError("States.TaskFailed", f"The task's output can't be written as JSON: {error}") from error
