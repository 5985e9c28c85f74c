"""EXPRESS executions: in memory alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from uuid import UUID

import pytest

from engine.language import HistoryEvent
from engine.runtime import ExecutionInfo, SilentObserver, StateMachineRecord
from engine.runtime.errors import (
    InvalidArn,
    InvalidExecutionInput,
    InvalidName,
    Overloaded,
    StateMachineTypeNotSupported,
    Unavailable,
)
from engine.storage.memory import MemoryStorage
from tests.engine.runtime.conftest import Launch
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    begin_express,
    create,
    eventually,
    make_engine,
    run_sync,
    sequence,
    waiting,
)


class Log(SilentObserver):
    """Notes what is told of executions."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def execution_started(self, execution: ExecutionInfo) -> None:
        """Note a start."""
        self.told.append(f"started {execution.arn}")

    def transition_committed(self, execution: ExecutionInfo, events: Sequence[HistoryEvent]) -> None:
        """Note events."""
        assert ":express:" in execution.arn
        self.told += [event.type for event in events]

    def execution_finished(
        self, execution: ExecutionInfo, status: str, error: str | None, duration_seconds: float
    ) -> None:
        """Note an end."""
        assert duration_seconds >= 0
        self.told.append(f"{status} {execution.arn} {error}")


async def test_the_caller_waits_for_the_end(launch: Launch) -> None:
    tasks, log = Tasks(), Log()
    engine = await launch(MemoryStorage(), tasks, log)
    machine = await create(engine, sequence("count", "count"), kind="EXPRESS")
    record = await run_sync(engine, machine, '{"n": 1}', name="x")
    assert (record.status, json.loads(record.output or ""), record.input) == ("SUCCEEDED", {"n": 3}, '{"n": 1}')
    assert record.arn.startswith("arn:aws:states:us-east-1:000000000000:express:orders:x:")
    assert (record.name, record.state_machine_arn) == ("x", machine.arn)
    assert record.stopped_at is not None
    assert (record.billed_milliseconds, record.billed_megabytes) == (100, 64)
    assert (log.told[0], log.told[-1]) == (f"started {record.arn}", f"SUCCEEDED {record.arn} None")
    assert log.told.count("TaskSucceeded") == 2


async def test_a_failure_is_told_with_its_error(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    record = await run_sync(engine, await create(engine, sequence("fail"), kind="EXPRESS"))
    assert (record.status, record.error, record.cause) == ("FAILED", "Custom.Failure", "attempt 1")
    assert record.output is None


async def test_a_start_answers_at_once_and_names_are_free_again(launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(MemoryStorage(), tasks)
    machine = await create(engine, sequence("gate", "count"), kind="EXPRESS")
    first, second = await begin_express(engine, machine, "x"), await begin_express(engine, machine, "x")
    assert first.status == "RUNNING"
    assert first.arn != second.arn
    tasks.gate.set()
    await engine.stop(5)
    assert tasks.runs() == {"S1": 2, "S2": 2}


async def test_waits_and_limits_of_time_end(launch: Launch) -> None:
    engine = await launch(MemoryStorage(), express_seconds=0.05)
    waited = await run_sync(engine, await create(engine, waiting(0), "short", kind="EXPRESS"))
    assert waited.status == "SUCCEEDED"
    tasks_end = await run_sync(engine, await create(engine, sequence("gate"), "long", kind="EXPRESS"))
    assert tasks_end.status == "TIMED_OUT"
    assert engine._executor.tasks.running == 0


async def test_as_many_run_as_may_run(launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(MemoryStorage(), tasks, max_express=2)
    machine = await create(engine, sequence("gate"), kind="EXPRESS")
    await asyncio.gather(*(begin_express(engine, machine) for _ in range(2)))
    with pytest.raises(Overloaded, match="2 EXPRESS executions"):
        await begin_express(engine, machine)
    tasks.gate.set()


async def test_a_stopping_engine_lets_them_end_or_tells_that_they_are_lost() -> None:
    tasks = Tasks()
    engine = make_engine(MemoryStorage(), tasks)
    await engine.start()
    machine = await create(engine, sequence("gate"), kind="EXPRESS")
    asked = asyncio.create_task(run_sync(engine, machine))
    await tasks.started.wait()
    await engine.stop(0.01)
    with pytest.raises(Unavailable, match="stops"):
        await asked
    assert tasks.canceled == 1


async def test_a_caller_that_goes_away_ends_its_execution(launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(MemoryStorage(), tasks)
    machine = await create(engine, sequence("gate"), kind="EXPRESS")
    asked = asyncio.create_task(run_sync(engine, machine))
    await tasks.started.wait()
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert len(engine._parts.express) == 0


async def test_what_needs_a_history_is_refused(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    express = await create(engine, sequence("count"), kind="EXPRESS")
    record = await run_sync(engine, express)
    with pytest.raises(StateMachineTypeNotSupported, match="not supported by this type of state machine"):
        await engine.list_executions(ORGANIZATION, express.arn)
    for operation in (engine.describe_execution, engine.get_history, engine.stop_execution, engine.redrive_execution):
        with pytest.raises(InvalidArn, match="Resource type not valid in this context: express"):
            await operation(ORGANIZATION, record.arn)
    standard = await create(engine, sequence("count"), "standard")
    with pytest.raises(StateMachineTypeNotSupported, match="not supported by this type of state machine"):
        await run_sync(engine, standard)
    with pytest.raises(InvalidExecutionInput):
        await run_sync(engine, express, "{")


async def test_the_loss_of_the_lease_is_no_business_of_theirs(launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(MemoryStorage(), tasks)
    standard = await begin(engine, await create(engine, sequence("gate"), "standard"))
    asked = asyncio.create_task(run_sync(engine, await create(engine, sequence("gate"), kind="EXPRESS")))
    await eventually(lambda: len(tasks.requests) == 2)
    engine._abandon()
    assert UUID(standard.id) not in engine._executor
    tasks.gate.set()
    assert (await asked).status == "SUCCEEDED"
    await eventually(lambda: tasks.canceled == 1)


async def test_bad_names_are_refused(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    machine = await create(engine, sequence("count"), kind="EXPRESS")
    with pytest.raises(InvalidName):
        await run_sync(engine, machine, name="a/b")


async def test_nothing_is_stored(launch: Launch) -> None:
    engine = await launch(MemoryStorage())
    machine: StateMachineRecord = await create(engine, sequence("count"), kind="EXPRESS")
    await run_sync(engine, machine)
    assert (await engine.list_executions(ORGANIZATION)).items == ()
