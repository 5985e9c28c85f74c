"""Runs tasks as asyncio tasks, so many at a time."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from engine.language import Event, RunTask, TaskFailed, TaskHeartbeat, TaskSucceeded
from engine.runtime.clock import DatabaseClock
from engine.runtime.observer import ExecutionInfo, Observer
from engine.runtime.tasks import TaskError, TaskRequest, TaskRunner

_LONGEST_ERROR: Final = 256
_LONGEST_CAUSE: Final = 32_768

Key = tuple[UUID, str]


class Job(msgspec.Struct, frozen=True):
    """A task to run: of which execution, and what."""

    execution_id: UUID
    info: ExecutionInfo
    command: RunTask


class TaskPool:
    """Runs at most `limit` tasks at a time, in the order in which they were asked for.

    `done` is told the execution and the event that the task's end is, `beat` of each heartbeat before. A canceled
    task tells nothing.
    """

    def __init__(
        self,
        runner: TaskRunner,
        clock: DatabaseClock,
        observer: Observer,
        limit: int,
        done: Callable[[UUID, Event], None],
        beat: Callable[[UUID, Event], None],
    ) -> None:
        self._runner = runner
        self._clock = clock
        self._observer = observer
        self._limit = limit
        self._done = done
        self._beat = beat
        self._waiting: OrderedDict[Key, Job] = OrderedDict()
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()

    @property
    def running(self) -> int:
        """Tasks that run."""
        return len(self._running)

    @property
    def queued(self) -> int:
        """Tasks that wait for their turn."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Run a task as soon as there is room."""
        self._waiting[job.execution_id, job.command.task_id] = job
        self._fill()

    def cancel(self, execution_id: UUID, task_id: str) -> bool:
        """Cancel a task, or keep it from running; False if there is no such task any more."""
        key = (execution_id, task_id)
        task = self._running.pop(key, None)
        if task is None:
            return self._waiting.pop(key, None) is not None
        task.cancel()
        self._ended.set()
        self._fill()
        return True

    def cancel_of(self, execution_id: UUID) -> None:
        """Cancel all tasks of an execution."""
        for owner, task_id in [*self._running, *self._waiting]:
            if owner == execution_id:
                self.cancel(owner, task_id)

    def withdraw(self) -> Counter[UUID]:
        """Drop all tasks that wait; gives how many tasks of each execution still run."""
        self._waiting.clear()
        return Counter(execution_id for execution_id, _ in self._running)

    def cancel_all(self) -> None:
        """Cancel everything."""
        self._waiting.clear()
        running, self._running = self._running, {}
        for task in running.values():
            task.cancel()
        self._ended.set()

    async def wait_for_end(self) -> None:
        """Wait until the next task ends."""
        self._ended.clear()
        await self._ended.wait()

    def _fill(self) -> None:
        while self._waiting and len(self._running) < self._limit:
            key, job = self._waiting.popitem(last=False)
            self._running[key] = asyncio.create_task(self._run(key, job))

    async def _run(self, key: Key, job: Job) -> None:
        started = time.perf_counter()
        event = await self._event(key, job)
        if event is None:
            return
        del self._running[key]
        error = event.error if isinstance(event, TaskFailed) else None
        self._observer.task_finished(job.info, job.command.resource, error, time.perf_counter() - started)
        self._done(job.execution_id, event)
        self._ended.set()
        self._fill()

    async def _event(self, key: Key, job: Job) -> TaskSucceeded | TaskFailed | None:
        """Run the task and say how it ended; None if it was canceled."""
        task_id, started_at = job.command.task_id, self._clock.now()
        try:
            output = await self._runner.run(_request(job, self._heartbeat(key, job)))
            return TaskSucceeded(task_id, _as_json(output), started_at)
        except TaskError as error:
            return _failed(task_id, str(error.error), str(error.cause), started_at)
        except asyncio.CancelledError:
            if self._running.get(key) is not asyncio.current_task():
                return None
            return TaskFailed(task_id, "States.TaskFailed", "The task canceled itself.", started_at)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is a failure of its task
            return _failed(task_id, "States.TaskFailed", f"{type(error).__name__}: {error}", started_at)

    def _heartbeat(self, key: Key, job: Job) -> Callable[[], None]:
        if job.command.heartbeat_seconds is None:
            return lambda: None
        loop, event = asyncio.get_running_loop(), TaskHeartbeat(job.command.task_id)
        under_way = threading.Event()

        def tell() -> None:
            under_way.clear()
            if key in self._running:
                self._beat(job.execution_id, event)

        def beat() -> None:
            if not under_way.is_set() and not loop.is_closed():
                under_way.set()
                with contextlib.suppress(RuntimeError):  # the loop may close at this very moment
                    loop.call_soon_threadsafe(tell)

        return beat


def _request(job: Job, heartbeat: Callable[[], None]) -> TaskRequest:
    command, info = job.command, job.info
    return TaskRequest(
        resource=command.resource,
        input=command.input,
        execution_arn=info.arn,
        execution_name=info.name,
        state_machine_arn=info.state_machine_arn,
        organization=info.organization,
        state_name=command.state_name,
        task_id=command.task_id,
        idempotency_key=f"{job.execution_id}:{command.entry_id}",
        attempt=command.attempt,
        heartbeat_seconds=command.heartbeat_seconds,
        heartbeat=heartbeat,
    )


def _failed(task_id: str, error: str, cause: str, started_at: datetime) -> TaskFailed:
    """Give a failure no longer than the Step Functions API has them, with text alone in it."""
    return TaskFailed(task_id, _text(error[:_LONGEST_ERROR]), _text(cause[:_LONGEST_CAUSE]), started_at)


def _text(value: str) -> str:
    return value.encode(errors="replace").decode()


def _as_json(output: object) -> object:
    """Give the output as what its JSON says, shared with nobody. Raises TaskError."""
    try:
        return msgspec.json.decode(msgspec.json.encode(output))
    except (TypeError, ValueError) as error:
        raise TaskError("States.TaskFailed", f"The task's output can't be written as JSON: {error}") from error
