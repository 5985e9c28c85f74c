"""Finds what a Task state's resource names and runs it."""

import asyncio
import contextvars
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from engine.runtime.tasks import TaskError, TaskRequest
from engine.tasks.handlers import Handler
from engine.tasks.http import RESOURCE as HTTP_INVOKE

HANDLER_PREFIX = "handler:"


class HttpRunner(Protocol):
    """What runs `http:invoke`."""

    async def run(self, request: TaskRequest) -> object:
        """The endpoint's answer. Raises `TaskError`."""


class DuplicateHandlerError(Exception):
    """Two handlers of one name."""


class Registry:
    """The engine's `TaskRunner`: handlers by name, and HTTP.

    Functions that aren't async run in up to `threads` threads; they can't be interrupted, so that a timeout leaves one
    running to its end with its result ignored.
    """

    def __init__(self, handlers: Iterable[Handler[..., Any]], http: HttpRunner, *, threads: int = 64) -> None:
        self._handlers: dict[str, Handler[..., Any]] = {}
        self._http = http
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="handler")
        for each in handlers:
            self.add(each)

    @property
    def names(self) -> frozenset[str]:
        """Names of the handlers."""
        return frozenset(self._handlers)

    def add(self, new: Handler[..., Any]) -> None:
        """Make a handler callable. Raises `DuplicateHandlerError` when its name is taken by another function."""
        known = self._handlers.setdefault(new.name, new)
        if known is not new:
            raise DuplicateHandlerError(f"handler {new.name!r} is defined twice: in {known.place} and {new.place}")

    async def run(self, request: TaskRequest) -> object:
        """Run one task and give its result as a JSON value. Raises `TaskError`."""
        if request.resource.rpartition(":states:::")[2] == HTTP_INVOKE:
            return await self._http.run(request)
        if request.resource.startswith(HANDLER_PREFIX):
            return await self._run_handler(request.resource.removeprefix(HANDLER_PREFIX), request)
        raise TaskError("UnknownResource", f"nothing here runs the resource {request.resource!r}")

    def close(self) -> None:
        """Let the threads end once their functions have."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run_handler(self, name: str, request: TaskRequest) -> object:
        found = self._handlers.get(name)
        if found is None:
            raise TaskError("HandlerNotFound", f"no component defines the handler {name!r}")
        if found.is_async:
            return await self._await(found, request)
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, _call, found, request)

    async def _await(self, found: Handler[..., Any], request: TaskRequest) -> object:
        try:
            return found.result(await found.bind(request)())
        except (TaskError, asyncio.CancelledError):
            raise
        except BaseException as error:
            raise _failure(error) from error


def _call(found: Handler[..., Any], request: TaskRequest) -> object:
    try:
        return found.result(found.bind(request)())
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
