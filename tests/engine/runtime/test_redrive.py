"""Executions run again from where they failed, on every storage."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from datetime import datetime
from uuid import UUID

import pytest

from engine.runtime import Engine, ExecutionRecord
from engine.runtime.errors import ExecutionDoesNotExist, ExecutionNotRedrivable
from engine.runtime.running.commit_loop import Outcome
from engine.runtime.running.executor import Executor
from engine.runtime.running.run import Run, Step
from engine.storage.records import Write
from engine.tasks.requests import TaskError, TaskRequest
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    crash,
    create,
    events,
    eventually,
    finished,
    make_engine,
    sequence,
    types,
)


class Mendable(Tasks):
    """Tasks of which ``flaky`` fails until it is mended."""

    def __init__(self) -> None:
        super().__init__()
        self.mended = False
        self.handlers["handler:flaky"] = self._flaky

    async def _flaky(self, request: TaskRequest) -> object:
        if not self.mended:
            raise TaskError("Broken", "not yet")
        return request.input


async def failed(engine: Engine, *resources: str) -> ExecutionRecord:
    """Give an execution that has failed."""
    over = await finished(engine, await begin(engine, await create(engine, sequence(*resources)), "x"))
    assert (over.status, over.redrive_status, over.redrive_count) == ("FAILED", "REDRIVABLE", 0)
    return over


async def test_it_goes_on_where_it_failed(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Mendable()
    engine = await launch(open_new(), tasks)
    execution = await failed(engine, "count", "flaky", "count")
    tasks.mended = True
    redriven_at = await engine.redrive_execution(ORGANIZATION, execution.arn)
    over = await finished(engine, execution)
    assert (over.status, json.loads(over.output or ""), over.error) == ("SUCCEEDED", {"n": 2}, None)
    assert (over.redrive_count, over.redriven_at, over.started_at) == (1, redriven_at, execution.started_at)
    assert tasks.runs() == {"S1": 1, "S2": 2, "S3": 1}
    assert (await types(engine, execution))["ExecutionRedriven"] == 1
    history = await events(engine, execution)
    assert history[-1].type == "ExecutionSucceeded"


async def test_a_redrive_has_another_idempotency_key(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Mendable()
    engine = await launch(open_new(), tasks)
    execution = await failed(engine, "flaky")
    await engine.redrive_execution(ORGANIZATION, execution.arn)
    assert (await finished(engine, execution)).redrive_count == 1
    assert len({request.idempotency_key for request in tasks.requests}) == len(tasks.requests) == 2


async def test_the_definition_stays_the_one_that_started_it(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Mendable()
    engine = await launch(open_new(), tasks)
    execution = await failed(engine, "count", "flaky", "count")
    changed = json.dumps(sequence("count", "count"))
    await engine.machines.update(organization=ORGANIZATION, arn=execution.state_machine_arn, definition=changed)
    tasks.mended = True
    await engine.redrive_execution(ORGANIZATION, execution.arn)
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert tasks.runs()["S3"] == 1
    machine = await engine.describe_state_machine_for_execution(ORGANIZATION, execution.arn)
    assert json.loads(machine.definition) == sequence("count", "flaky", "count")


async def test_again_and_again(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), Mendable())
    execution = await failed(engine, "flaky")
    for count in (1, 2):
        await engine.redrive_execution(ORGANIZATION, execution.arn)
        over = await finished(engine, execution)
        assert (over.status, over.redrive_count) == ("FAILED", count)
    listed = await engine.list_executions(ORGANIZATION, execution.state_machine_arn, redriven=True)
    assert [each.arn for each in listed.items] == [execution.arn]


async def test_a_client_token_makes_it_once(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Mendable()
    engine, other = await launch(open_new(), tasks), await launch(open_new(), tasks)
    execution = await failed(engine, "flaky")
    first = await engine.redrive_execution(ORGANIZATION, execution.arn, client_token="a")
    await finished(engine, execution)
    again = await other.redrive_execution(ORGANIZATION, execution.arn, client_token="a")
    assert first == again
    assert (await engine.describe_execution(ORGANIZATION, execution.arn)).redrive_count == 1


async def test_of_two_requests_at_once_one_is_refused(
    open_new: OpenStorage, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks, storage = Mendable(), open_new()
    engine = await launch(storage, tasks)
    execution = await failed(engine, "flaky")
    other = await create(engine, sequence("count"), "other")
    tasks.mended = True
    commit, answers, came = storage.commit, asyncio.Event(), []

    async def held(epoch: int, writes: Sequence[Write]) -> frozenset[UUID]:
        await answers.wait()
        return await commit(epoch, writes)

    def start(run: Run, step: Step) -> Awaitable[Outcome]:
        came.append(run)
        return Executor.start(engine._executor, run, step)

    monkeypatch.setattr(storage, "commit", held)
    starting = asyncio.create_task(begin(engine, other))
    await eventually(lambda: engine._commits.queued == 1)
    monkeypatch.setattr(engine._executor, "start", start)  # what comes now shares the next commit
    requests = [asyncio.create_task(engine.redrive_execution(ORGANIZATION, execution.arn)) for _ in range(2)]
    await eventually(lambda: len(came) == len(requests))
    answers.set()
    told = await asyncio.gather(*requests, return_exceptions=True)
    over = await finished(engine, execution)
    assert [each for each in told if isinstance(each, datetime)] == [over.redriven_at]
    assert [type(each) for each in told if not isinstance(each, datetime)] == [ExecutionNotRedrivable]
    assert (await types(engine, execution))["ExecutionRedriven"] == 1
    assert (tasks.runs()["S1"], over.status) == (3, "SUCCEEDED")  # one of the other execution's
    await starting


async def test_what_runs_or_has_succeeded_is_refused(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks)
    execution = await begin(engine, await create(engine, sequence("gate")))
    with pytest.raises(ExecutionNotRedrivable, match="Execution is RUNNING and cannot be redriven"):
        await engine.redrive_execution(ORGANIZATION, execution.arn)
    tasks.gate.set()
    over = await finished(engine, execution)
    assert (over.redrive_status, over.redrive_status_reason) == (
        "NOT_REDRIVABLE",
        "Execution is SUCCEEDED and cannot be redriven",
    )
    with pytest.raises(ExecutionNotRedrivable, match="Execution is SUCCEEDED and cannot be redriven"):
        await engine.redrive_execution(ORGANIZATION, execution.arn)
    with pytest.raises(ExecutionDoesNotExist):
        await engine.redrive_execution(ORGANIZATION, execution.arn + "x")


async def test_a_stopped_one_goes_on_too(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks)
    execution = await begin(engine, await create(engine, sequence("count", "gate")))
    await tasks.started.wait()
    assert (await engine.stop_execution(ORGANIZATION, execution.arn)).redrive_status == "REDRIVABLE"
    tasks.gate.set()
    await engine.redrive_execution(ORGANIZATION, execution.arn)
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert tasks.runs()["S1"] == 1


async def test_a_redriven_execution_outlives_its_process(open_new: OpenStorage, launch: Launch) -> None:
    first = make_engine(open_new(), Mendable(), lease_seconds=0.5)
    await first.start()
    execution = await failed(first, "flaky", "gate")
    mended = Mendable()
    mended.mended = True
    second = make_engine(open_new(), mended, lease_seconds=0.5)
    await second.start()
    await second.redrive_execution(ORGANIZATION, execution.arn)
    await mended.started.wait()
    await crash(second)
    await crash(first)
    heir_tasks = Mendable()
    heir_tasks.mended = True
    heir_tasks.gate.set()
    heir = await launch(open_new(), heir_tasks, lease_seconds=0.5)
    over = await finished(heir, execution)
    assert (over.status, over.redrive_count) == ("SUCCEEDED", 1)
