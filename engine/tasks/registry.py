"""Finds what a Task state's resource names and runs it."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any, Protocol

from engine.tasks.calls import HandlerCalls, call_at_once
from engine.tasks.handlers import HANDLER_PREFIX, Handler
from engine.tasks.requests import Immediate, TaskError, TaskRequest

AWS_PREFIX = "arn:aws"
HTTP_INVOKE = re.compile(r"(?:arn:aws[a-z-]*:states:[a-z0-9-]*:\d*:)?http:invoke")


class ServiceTasks(Protocol):
    """What runs `http:invoke`, or the resources of AWS."""

    async def run(self, request: TaskRequest) -> object:
        """The service's answer. Raises `TaskError`."""


class DuplicateHandlerError(Exception):
    """Two handlers of one name."""


class Registry:
    """The engine's `TaskRunner`: handlers by name, HTTP, and AWS when there is an `aws`.

    Handlers that aren't async run in up to `threads` threads.
    """

    def __init__(
        self,
        handlers: Iterable[Handler[..., Any]],
        http: ServiceTasks,
        aws: ServiceTasks | None = None,
        *,
        threads: int = 64,
    ) -> None:
        self._handlers: dict[str, Handler[..., Any]] = {}
        self._names: frozenset[str] | None = None
        self._immediate: dict[str, Immediate] = {}
        self._http = http
        self._aws = aws
        self._calls = HandlerCalls(threads)
        for each in handlers:
            self.add(each)

    @property
    def names(self) -> frozenset[str]:
        """Names of the handlers."""
        if self._names is None:
            self._names = frozenset(self._handlers)
        return self._names

    def add(self, new: Handler[..., Any]) -> None:
        """Make a handler callable. Raises `DuplicateHandlerError` when its name is taken by another function."""
        known = self._handlers.setdefault(new.name, new)
        if known is not new:
            raise DuplicateHandlerError(_twice(new, known))
        self._names = None
        self._immediate |= _immediate([new])

    def replace(self, old: Iterable[Handler[..., Any]], new: Iterable[Handler[..., Any]]) -> None:
        """Serve a component's new handlers in place of its old ones; what runs goes on with the old.

        Raises `DuplicateHandlerError`, and then nothing has changed.
        """
        kept = {name: each for name, each in self._handlers.items() if each not in set(old)}
        for each in new:
            known = kept.setdefault(each.name, each)
            if known is not each:
                raise DuplicateHandlerError(_twice(each, known))
        self._handlers, self._names, self._immediate = kept, None, _immediate(kept.values())

    async def run(self, request: TaskRequest) -> object:
        """Run one task and give its result as a JSON value. Raises `TaskError`."""
        if request.resource.startswith(HANDLER_PREFIX):
            return await self._run_handler(request.resource.removeprefix(HANDLER_PREFIX), request)
        if HTTP_INVOKE.fullmatch(request.resource):
            return await self._http.run(request)
        if self._aws is not None and request.resource.startswith(AWS_PREFIX):
            return await self._aws.run(request)
        raise TaskError("UnknownResource", f"nothing here runs the resource {request.resource!r}")

    def immediate(self, resource: str) -> Immediate | None:
        """Give what calls the resource's handler, if that is an async function which never waits."""
        return self._immediate.get(resource)

    def close(self) -> None:
        """Let the threads end once their functions have."""
        self._calls.close()

    async def _run_handler(self, name: str, request: TaskRequest) -> object:
        found = self._handlers.get(name)
        if found is None:
            raise TaskError("HandlerNotFound", f"no component defines the handler {name!r}")
        return await self._calls.run(found, request)


def _immediate(handlers: Iterable[Handler[..., Any]]) -> dict[str, Immediate]:
    """Give what calls the handlers that never wait, by the resources that name them."""
    at_once = [each for each in handlers if not each.waits and each.attempts.is_single]
    return {each.resource: partial(call_at_once, each) for each in at_once}


def _twice(new: Handler[..., Any], known: Handler[..., Any]) -> str:
    return f"handler {new.name!r} is defined twice: in {known.place} and {new.place}"
