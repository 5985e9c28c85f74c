"""Tasks that may wait, and tasks that never do: the same for whoever asks for them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from engine.language import RunTask, TaskFailed, TaskHeartbeat, TaskSubmitted, TaskSucceeded
from engine.runtime.clock import DatabaseClock
from engine.runtime.observer import ExecutionInfo, SilentObserver
from engine.runtime.running.task_pool import Job, Outcome, TaskPool
from engine.storage.identifiers import time_ordered_uuid
from engine.tasks import Handler, TaskContext, TaskError, handler
from engine.tasks.http import HttpTask
from engine.tasks.registry import Registry

SEEN: contextvars.ContextVar[str] = contextvars.ContextVar("SEEN", default="nothing")
CLOCK = DatabaseClock()


class Told:
    """An owner that notes how its tasks ended."""

    def __init__(self) -> None:
        self.events: list[Outcome] = []

    def task_ended(self, execution_id: UUID, event: Outcome) -> None:
        """Note an end."""
        assert isinstance(execution_id, UUID)
        self.events.append(event)

    async def task_submitted(self, execution_id: UUID, event: TaskSubmitted) -> None:
        """Hear of a call."""
        raise AssertionError(f"{event} of {execution_id}")

    def task_lives(self, execution_id: UUID, event: TaskHeartbeat) -> None:
        """Hear of a heartbeat."""
        raise AssertionError(f"{event} of {execution_id}")

    async def ends(self, count: int) -> list[Outcome]:
        """Wait until so many tasks have ended."""
        async with asyncio.timeout(60):
            while len(self.events) < count:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0)
        return self.events


@handler("at-once")
async def at_once(value: dict[str, int], /) -> dict[str, int]:
    return {"n": value["n"] + 1}


@handler("later")
async def later(value: dict[str, int], /) -> dict[str, int]:
    await asyncio.sleep(0)
    return {"n": value["n"] + 1}


@handler("for-ever")
async def for_ever(value: object, /) -> object:
    await asyncio.Event().wait()
    return value


@handler("refuse")
async def refuse() -> None:
    raise TaskError("OutOfStock", "none left")


@handler("break")
async def break_down() -> None:
    raise LookupError("no such thing")


@handler("exit")
async def leave() -> None:
    raise SystemExit(3)


@handler("cancel")
async def cancel() -> None:
    raise asyncio.CancelledError


@handler("look")
async def look() -> str:
    seen = SEEN.get()
    SEEN.set("another task's")
    return seen


@handler("whose")
async def whose(context: TaskContext) -> list[str | bool]:
    return [context.idempotency_key, asyncio.current_task() is None]


HANDLERS: list[Handler[..., Any]] = [at_once, later, for_ever, refuse, break_down, leave, cancel, look, whose]


@pytest.fixture
def told() -> Told:
    """Who is told."""
    return Told()


@pytest.fixture
def run(told: Told) -> Callable[..., TaskPool]:
    """Submits tasks: one for each handler named, with the ids t0, t1 …"""
    registry = Registry(HANDLERS, HttpTask())

    def submit(*names: str, limit: int = 10) -> TaskPool:
        pool = TaskPool(registry, CLOCK, SilentObserver(), limit)
        for number, name in enumerate(names):
            pool.submit(job(told, name, f"t{number}"))
        return pool

    return submit


EXECUTION = time_ordered_uuid()


def job(told: Told, name: str, task_id: str) -> Job:
    """Give a task of a handler."""
    info = ExecutionInfo("arn", "name", "machine", "orders", 1, "default", CLOCK.now())
    command = RunTask(task_id, "2", "S1", f"handler:{name}", {"n": 1}, 1)
    return Job(EXECUTION, info, "", command, told)


@pytest.mark.parametrize(("each", "waits"), [(at_once, False), (later, True), (for_ever, True), (whose, False)])
def test_what_waits_is_known_from_its_code(each: Handler[..., Any], waits: bool) -> None:
    assert each.waits is waits


def test_a_handler_in_a_thread_or_with_retries_is_waited_for() -> None:
    @handler("thread")
    def thread() -> None:
        """Return."""

    @handler("limited", timeout=3)
    async def limited() -> None:
        """Return."""

    registry = Registry([thread, limited, at_once], HttpTask())
    assert thread.waits
    assert registry.immediate("handler:thread") is None
    assert registry.immediate("handler:limited") is None
    assert registry.immediate("at-once") is None
    assert registry.immediate("handler:nobody") is None
    assert registry.immediate("handler:at-once") is not None


async def test_results_are_the_same_whether_a_task_waits_or_not(run: Callable[..., TaskPool], told: Told) -> None:
    run("at-once", "later")
    ended = await told.ends(2)
    assert [(type(event), event.task_id) for event in ended] == [(TaskSucceeded, "t0"), (TaskSucceeded, "t1")]
    assert [event.output for event in ended if isinstance(event, TaskSucceeded)] == [{"n": 2}, {"n": 2}]


async def test_nothing_runs_before_whoever_asked_has_gone_on(run: Callable[..., TaskPool], told: Told) -> None:
    pool = run("at-once")
    assert told.events == []
    assert pool.queued == 1
    await told.ends(1)
    assert (pool.queued, pool.running) == (0, 0)


@pytest.mark.parametrize(
    ("name", "error", "cause"),
    [
        ("refuse", "OutOfStock", "none left"),
        ("break", "LookupError", "no such thing"),
        ("exit", "SystemExit", "3"),
        ("cancel", "States.TaskFailed", "The task canceled itself."),
    ],
)
async def test_what_it_raises_is_a_failure(
    run: Callable[..., TaskPool], told: Told, name: str, error: str, cause: str
) -> None:
    run(name, "at-once")
    failed, succeeded = await told.ends(2)
    assert isinstance(failed, TaskFailed)
    assert (failed.error, failed.cause) == (error, cause)
    assert isinstance(succeeded, TaskSucceeded)


async def test_each_task_has_context_variables_of_its_own(run: Callable[..., TaskPool], told: Told) -> None:
    run("look", "look")
    ended = await told.ends(2)
    assert [event.output for event in ended if isinstance(event, TaskSucceeded)] == ["nothing", "nothing"]
    assert SEEN.get() == "nothing"


async def test_it_has_the_task_s_context_and_no_asyncio_task_that_it_could_cancel(
    run: Callable[..., TaskPool], told: Told
) -> None:
    run("whose")
    [event] = await told.ends(1)
    assert isinstance(event, TaskSucceeded)
    assert event.output == [f"{EXECUTION}:2", True]


async def test_a_task_that_is_canceled_before_its_turn_never_runs(run: Callable[..., TaskPool], told: Told) -> None:
    pool = run("at-once", "at-once", "later")
    assert pool.cancel(EXECUTION, "t0")
    assert not pool.cancel(EXECUTION, "t0")
    assert {event.task_id for event in await told.ends(2)} == {"t1", "t2"}


async def test_tasks_that_wait_are_limited_and_begin_in_order(run: Callable[..., TaskPool], told: Told) -> None:
    pool = run("for-ever", "for-ever", "at-once", "later", limit=2)
    await asyncio.sleep(0.01)
    assert (pool.running, pool.queued, told.events) == (2, 2, [])
    assert pool.cancel(EXECUTION, "t0")
    assert [event.task_id for event in await told.ends(2)] == ["t2", "t3"]
    pool.cancel_all()


async def test_many_tasks_leave_others_their_turn(run: Callable[..., TaskPool], told: Told) -> None:
    run(*["at-once"] * 200)
    seen = []
    while len(told.events) < 200:
        await asyncio.sleep(0)
        seen.append(len(told.events))
    assert len(set(seen)) >= 4


async def test_an_execution_s_tasks_are_left_to_another_process(run: Callable[..., TaskPool], told: Told) -> None:
    pool = run("for-ever", "for-ever", "at-once", limit=1)
    await asyncio.sleep(0.01)
    assert pool.leave(EXECUTION) == 1
    assert (pool.running, pool.queued) == (1, 0)
    pool.abandon(EXECUTION, "t0")
    await asyncio.sleep(0.01)
    assert (pool.running, told.events) == (0, [])
