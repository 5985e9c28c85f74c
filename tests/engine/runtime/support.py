"""Definitions, tasks and engines for tests of the runtime."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

from engine.language import HistoryEvent
from engine.runtime import (
    Engine,
    EngineOptions,
    ExecutionRecord,
    Observer,
    StateMachineRecord,
    SyncExecutionRecord,
)
from engine.storage import Storage
from engine.tasks.requests import TaskError, TaskRequest

ROLE: Final = "arn:aws:iam::000000000000:role/orders"
ORGANIZATION: Final = "default"

Handler = Callable[[TaskRequest], Awaitable[object]]


class Tasks:
    """A TaskRunner with a function for each resource, that remembers what it was asked to run.

    ``count`` adds one to ``n`` of its input; ``gate`` waits until `gate` is set; ``fail`` fails; ``crash`` raises.
    """

    def __init__(self) -> None:
        self.requests: list[TaskRequest] = []
        self.gate = asyncio.Event()
        self.started = asyncio.Event()
        self.canceled = 0
        self.handlers: dict[str, Handler] = {
            "handler:count": self._count,
            "handler:gate": self._wait,
            "handler:fail": self._fail,
            "handler:crash": self._crash,
        }

    async def run(self, request: TaskRequest) -> object:
        """Run the resource's function."""
        self.requests.append(request)
        self.started.set()
        try:
            return await self.handlers[request.resource](request)
        except asyncio.CancelledError:
            self.canceled += 1
            raise

    def runs(self) -> Counter[str]:
        """Count the runs of each state."""
        return Counter(request.state_name for request in self.requests)

    async def _count(self, request: TaskRequest) -> object:
        assert isinstance(request.input, dict)
        return {**request.input, "n": request.input.get("n", 0) + 1}

    async def _wait(self, request: TaskRequest) -> object:
        await self.gate.wait()
        return request.input

    async def _fail(self, request: TaskRequest) -> object:
        raise TaskError("Custom.Failure", f"attempt {request.attempt}")

    async def _crash(self, request: TaskRequest) -> object:
        raise RuntimeError(f"no {request.state_name}")


def sequence(*resources: str) -> dict[str, object]:
    """Give a definition that runs resources one after another, in states S1, S2, …"""
    states: dict[str, object] = {}
    for number, resource in enumerate(resources, 1):
        following = {"Next": f"S{number + 1}"} if number < len(resources) else {"End": True}
        states[f"S{number}"] = {"Type": "Task", "Resource": f"handler:{resource}", **following}
    return {"StartAt": "S1", "States": states}


def waiting(seconds: int) -> dict[str, object]:
    """Give a definition that waits and ends."""
    return {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": seconds, "End": True}}}


def make_engine(
    storage: Storage,
    tasks: Tasks | None = None,
    observer: Observer | None = None,
    *,
    handlers: Callable[[], frozenset[str]] | None = None,
    **options: object,
) -> Engine:
    """Make an engine with quick leases and polls."""
    quick = {"lease_seconds": 30.0, "poll_seconds": 0.1, "instance": "test"} | options
    return Engine(storage, tasks or Tasks(), EngineOptions(**quick), observer, handlers=handlers)  # type: ignore[arg-type]


def single(resource: str, **fields: object) -> dict[str, object]:
    """Give a definition of one Task state, S1."""
    return {"StartAt": "S1", "States": {"S1": {"Type": "Task", "Resource": resource, **fields, "End": True}}}


async def create(
    engine: Engine, definition: dict[str, object], name: str = "orders", kind: str = "STANDARD"
) -> StateMachineRecord:
    """Create a state machine."""
    return await engine.machines.create(
        organization=ORGANIZATION, name=name, definition=json.dumps(definition), role_arn=ROLE, kind=kind
    )


async def begin(
    engine: Engine,
    machine: StateMachineRecord,
    name: str | None = None,
    text: str = '{"n": 0}',
    organization: str = ORGANIZATION,
) -> ExecutionRecord:
    """Start a STANDARD execution."""
    record = await engine.start_execution(
        organization=organization, state_machine_arn=machine.arn, name=name, input=text
    )
    assert isinstance(record, ExecutionRecord)
    return record


async def begin_express(engine: Engine, machine: StateMachineRecord, name: str | None = None) -> SyncExecutionRecord:
    """Start an EXPRESS execution."""
    record = await engine.start_execution(
        organization=ORGANIZATION, state_machine_arn=machine.arn, name=name, input='{"n": 0}'
    )
    assert isinstance(record, SyncExecutionRecord)
    return record


async def run_sync(
    engine: Engine, machine: StateMachineRecord, text: str = '{"n": 0}', name: str | None = None
) -> SyncExecutionRecord:
    """Run an EXPRESS execution to its end."""
    return await engine.start_sync_execution(
        organization=ORGANIZATION, state_machine_arn=machine.arn, name=name, input=text
    )


async def finished(engine: Engine, execution: ExecutionRecord, seconds: float = 60) -> ExecutionRecord:
    """Wait for an execution's end."""
    record = await engine.wait_for_execution(ORGANIZATION, execution.arn, seconds)
    assert record.finished, record
    return record


async def events(engine: Engine, execution: ExecutionRecord) -> list[HistoryEvent]:
    """Give the whole history, which has no gap and nothing twice."""
    page = await engine.get_history(ORGANIZATION, execution.arn, limit=1000)
    assert [event.id for event in page.items] == list(range(1, len(page.items) + 1))
    return list(page.items)


async def types(engine: Engine, execution: ExecutionRecord) -> Counter[str]:
    """Count the history's events by type."""
    return Counter(event.type for event in await events(engine, execution))


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    while not condition():  # noqa: ASYNC110 - nobody tells when it does
        await asyncio.sleep(0.002)


async def draining(engine: Engine) -> None:
    """Wait until an engine that was asked to stop begins no more tasks."""
    await eventually(lambda: engine._executor._work.draining)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a question to an engine is answered with yes."""
    while not await condition():  # noqa: ASYNC110 - nobody tells when it does
        await asyncio.sleep(0.005)


async def crash(engine: Engine) -> None:
    """End an engine as kill -9 would: nothing is handed back, nothing more is written."""
    tasks = [*engine._background, *([engine._committing] if engine._committing else [])]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    engine._executor.abandon()
    await engine._storage.close()
