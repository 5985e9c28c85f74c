"""Calls handlers: async ones on the event loop, others in threads."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.tasks.context import TaskContext
from engine.tasks.handlers import Handler
from engine.tasks.requests import TaskError, TaskRequest


class HandlerCalls:
    """Runs handlers with the retries and the time limit that they bring.

    Functions that aren't async run in up to `threads` threads. They can't be interrupted: one whose task was cancelled
    runs to its end with its result ignored, unless it looks at `TaskContext.cancelled`.
    """

    def __init__(self, threads: int = 64) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="handler")

    async def run(self, handler: Handler[..., Any], request: TaskRequest) -> object:
        """Give the handler's result as a JSON value. Raises `TaskError`."""
        once = self._await if handler.is_async else self._run_in_thread
        if handler.attempts.is_single:
            return await once(handler, request)
        return await handler.attempts.run(lambda: once(handler, request), request.task_id)

    def close(self) -> None:
        """Let the threads end once their functions have."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _await(self, handler: Handler[..., Any], request: TaskRequest) -> object:
        try:
            return handler.result(await handler.bind(request)())
        except (TaskError, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise _failure(error) from error

    async def _run_in_thread(self, handler: Handler[..., Any], request: TaskRequest) -> object:
        context, cancelled = contextvars.copy_context(), threading.Event()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, context.run, _call, handler, request, cancelled)
        except asyncio.CancelledError:
            cancelled.set()
            raise


def call_at_once(handler: Handler[..., Any], given: object, request: Callable[[], TaskRequest]) -> object:
    """Give the result of an async handler that never waits: its first step is its last; see `Immediate`."""
    try:
        handler.bound(given, lambda: TaskContext.of(request()))().send(None)
    except StopIteration as end:
        return handler.result(end.value)
    except (TaskError, asyncio.CancelledError):
        raise
    except BaseException as error:
        raise _failure(error) from error
    raise TaskError("States.TaskFailed", f"The handler {handler.name!r} waits, though nothing in its code does.")


def _call(handler: Handler[..., Any], request: TaskRequest, cancelled: threading.Event) -> object:
    try:
        return handler.result(handler.bind(request, cancelled)())
    except TaskError:
        raise
    except BaseException as error:
        raise _failure(error) from error


def _failure(error: BaseException) -> TaskError:
    """What any exception of a handler is: SystemExit, too, ends the task and not the process."""
    try:
        cause = str(error)
    except Exception:  # noqa: BLE001 - its __str__ is a handler's code as well
        cause = "the exception can't be shown"
    return TaskError(type(error).__name__, cause)
