"""Starts the processes, starts those again that die, and stops all of them together."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

import msgspec
import structlog

from engine.processes.child import Child
from engine.processes.deaths import Deaths
from engine.processes.listening import bind, listeners
from engine.processes.place import Place
from engine.settings import Settings

log = structlog.get_logger(source=__name__)

STOPPED = frozenset({0, -signal.SIGTERM, -signal.SIGINT})
"""Exit codes of one that was asked to stop: the signals themselves end one that hasn't begun to serve."""


def supervise(settings: Settings, config: Path | None, count: int) -> int:
    """Run so many processes on the same addresses until SIGTERM or Ctrl-C, and give the exit code.

    Raises `ListenError`.
    """
    with ExitStack() as stack:
        bound = {each.kind: [stack.enter_context(one) for one in bind(each)] for each in listeners(settings)}
        folder = tempfile.TemporaryDirectory(prefix="engine-", ignore_cleanup_errors=True)
        place = Place(
            number=0,
            count=count,
            folder=stack.enter_context(folder),
            config=None if config is None else str(config),
            listening={kind: tuple(one.fileno() for one in sockets) for kind, sockets in bound.items()},
            supervisor=-1,
        )
        log.info("starting", processes=count)
        return asyncio.run(Supervisor(place, [one for sockets in bound.values() for one in sockets]).run())


class Supervisor:
    """Keeps a process in each of the places that are like `place` but for their number; `sockets` are those in it."""

    def __init__(self, place: Place, sockets: Sequence[socket.socket]) -> None:
        self._place = place
        self._sockets = sockets
        self._children: dict[int, Child] = {}
        self._deaths = Deaths()
        self._settled = asyncio.Event()
        self._stopping = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        """Keep them until asked to stop, or until they can't be kept.

        The first starts alone: what keeps it from serving would keep them all, and is said once. The others find the
        state machines of the components registered.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        async with asyncio.TaskGroup() as kept:
            kept.create_task(self._keep(1))
            await self._settled.wait()
            for place in range(2, self._place.count + 1):
                kept.create_task(self._keep(place))
        return self._code

    def _stop(self) -> None:
        """Stop all. Clients are refused from the moment that the last process has closed its sockets."""
        self._stopping.set()
        self._settled.set()
        for each in self._sockets:
            each.close()
        for child in self._children.values():
            child.stop()

    async def _keep(self, number: int) -> None:
        """Keep a process in one place."""
        while not self._stopping.is_set():
            try:
                child = await Child.start(msgspec.structs.replace(self._place, number=number))
            except OSError as error:  # the machine has no room for it now
                log.error("a process could not be started", process=number, error=str(error))  # noqa: TRY400 - it says all
                await self._after(number, 1)
            else:
                await self._after(number, await self._end_of(number, child))

    async def _end_of(self, number: int, child: Child) -> int:
        """Wait for the end of one that was just started, and give its exit code."""
        self._children[number] = child
        if self._stopping.is_set():
            child.stop()
        if await child.serves():
            self._settled.set()
        code = await child.end()
        del self._children[number]
        return code

    async def _after(self, number: int, code: int) -> None:
        """See to it that one of them has ended; it returns when another should take its place."""
        if self._stopping.is_set():
            if code not in STOPPED:
                self._fail("a process failed to stop", number, code)
        elif not self._settled.is_set():
            self._code = max(code, 1)
            self._stop()
        elif (seconds := self._deaths.another(time.monotonic())) is None:
            self._fail("too many processes died", number, code)
            self._stop()
        else:
            log.error("a process died", process=number, exitCode=code, startedAgainSeconds=seconds)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)

    def _fail(self, what: str, number: int, code: int) -> None:
        log.error(what, process=number, exitCode=code)
        self._code = 1
