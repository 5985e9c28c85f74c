"""What is asked for once more when an execution changes hands, and tasks that wait for others through a pause."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from engine.language import Event, RunMap, RunTask, StartTimer, Stopped, TaskFailed, TaskSubmitted, TaskSucceeded
from engine.runtime.lifecycle.reconciling import in_order, reconciled
from engine.runtime.running.run import Arrival
from engine.tasks.requests import TaskRequest
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.running.test_sync_tasks import DEFINITION, RUN_TASK, Cluster, submitted
from tests.engine.runtime.support import ORGANIZATION, begin, create, eventually, finished, types

NOW = datetime(2026, 5, 4, tzinfo=UTC)
TIMER = StartTimer("t1.timeout", NOW)
TASK = RunTask("t1", "e1", "S", "handler:a", None, 1)
TOKEN = replace(TASK, pattern="token")
SYNC = replace(TASK, pattern="sync")
SUCCEEDED = TaskSucceeded("t1", "done", NOW)
FAILED = TaskFailed("t1", "E", "c", NOW)
SUBMITTED = TaskSubmitted("t1", "called", NOW)


@pytest.mark.parametrize(
    ("task", "events", "kept"),
    [
        (TASK, [], [TASK]),
        (TASK, [SUCCEEDED], []),
        (TASK, [FAILED], []),
        (TASK, [replace(SUCCEEDED, task_id="t2")], [TASK]),
        (TOKEN, [SUCCEEDED], [TOKEN]),
        (TOKEN, [SUBMITTED], [replace(TOKEN, submission="called")]),
        (TOKEN, [SUBMITTED, SUCCEEDED], [replace(TOKEN, submission="called")]),
        (replace(TOKEN, submission="called"), [SUCCEEDED], []),
        (SYNC, [SUBMITTED], [replace(SYNC, submission="called")]),
    ],
)
def test_what_has_ended_is_not_run_again(task: RunTask, events: list[Event], kept: list[RunTask]) -> None:
    arrivals = [Arrival(event) for event in events]
    assert reconciled([task, TIMER], arrivals) == (*kept, TIMER)


def test_a_map_run_that_has_ended_is_not_begun_again() -> None:
    arn = "arn:aws:states:us-east-1:000000000000:mapRun:orders/Items:01b8dac5-d1dd-8770-ae58-f778a72593d1"
    map_run = RunMap("t1", "e1", "S", 1, "$.States.S", arn, "Items", "STANDARD", {})
    assert reconciled([map_run, TIMER], [Arrival(SUCCEEDED)]) == (TIMER,)
    assert reconciled([map_run, TIMER], [Arrival(replace(SUCCEEDED, task_id="t2"))]) == (map_run, TIMER)


def test_an_execution_that_is_stopped_starts_nothing() -> None:
    assert reconciled([TASK, TIMER], [Arrival(SUCCEEDED), Arrival(Stopped())]) == ()


def test_calls_come_before_their_ends() -> None:
    assert [arrival.event for arrival in in_order([Arrival(SUCCEEDED), Arrival(SUBMITTED)])] == [SUBMITTED, SUCCEEDED]


def test_a_stop_comes_before_results_that_were_told_earlier() -> None:
    arrivals = [Arrival(SUCCEEDED), Arrival(Stopped()), Arrival(SUBMITTED)]
    assert [arrival.event for arrival in in_order(arrivals)] == [SUBMITTED, Stopped(), SUCCEEDED]


async def test_a_call_that_was_made_is_only_waited_for_after_a_pause(open_new: OpenStorage, launch: Launch) -> None:
    cluster = Cluster()
    engine = await launch(open_new(), cluster, lease_seconds=0.6)
    execution = await begin(engine, await create(engine, DEFINITION))
    await submitted(engine, execution)
    await engine.pausing.pause(ORGANIZATION, execution.arn, paused_by="alice")
    await eventually(lambda: UUID(execution.id) not in engine._executor)
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    await eventually(lambda: len(cluster.requests) == 2)
    cluster.ended.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert (cluster.calls, cluster.unwanted) == (1, 0)


class SlowCluster(Cluster):
    """A cluster whose call is made only when `answer` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = asyncio.Event()
        self.handlers[RUN_TASK] = self._run_slowly

    async def _run_slowly(self, request: TaskRequest) -> object:
        if request.submission is UNSET:
            await self.answer.wait()
        return await self._run_task(request)


async def test_a_call_under_way_is_kept_through_a_pause(open_new: OpenStorage, launch: Launch) -> None:
    cluster = SlowCluster()
    engine = await launch(open_new(), cluster, lease_seconds=0.6)
    execution = await begin(engine, await create(engine, DEFINITION))
    await cluster.started.wait()
    await engine.pausing.pause(ORGANIZATION, execution.arn, paused_by="alice")
    await eventually(lambda: UUID(execution.id) not in engine._executor)
    cluster.answer.set()
    await eventually(lambda: engine._executor.tasks.running == 0)
    assert (await types(engine, execution))["TaskSubmitted"] == 0
    await engine.pausing.resume(ORGANIZATION, execution.arn)
    await submitted(engine, execution)
    cluster.ended.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert cluster.calls == 1
    assert (await types(engine, execution))["TaskSubmitted"] == 1
