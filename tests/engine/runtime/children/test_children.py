"""Executions that executions start, on every storage."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from uuid import UUID

import pytest

from engine.language import TaskSubmitted
from engine.runtime import Engine, ExecutionRecord, StateMachineRecord
from engine.runtime.children.nesting import started_output
from engine.runtime.running.run import Run
from engine.runtime.running.task_pool import Outcome
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    crash,
    create,
    eventually,
    finished,
    make_engine,
    run_sync,
    sequence,
    single,
    types,
    until,
    waiting,
)

START = "arn:aws:states:::states:startExecution"


def starting(machine: StateMachineRecord, suffix: str = ".sync", **fields: object) -> dict[str, object]:
    """A definition that starts an execution of the machine with its own input."""
    parameters = {"StateMachineArn": machine.arn, "Input.$": "$", **fields}
    return single(START + suffix, Parameters=parameters)


async def run(engine: Engine, definition: dict[str, object], text: str = '{"n": 0}') -> ExecutionRecord:
    """Run a new parent to its end."""
    return await finished(engine, await begin(engine, await create(engine, definition, "parent"), "p", text))


async def children(engine: Engine) -> list[ExecutionRecord]:
    """Give the executions of the child's machine."""
    listed = await engine.list_executions(ORGANIZATION)
    return [record for record in listed.items if record.state_machine_arn.endswith(":child")]


async def submitted(engine: Engine, parent: ExecutionRecord) -> None:
    """Wait until it is durable that the child was started."""

    async def is_noted() -> bool:
        return (await types(engine, parent))["TaskSubmitted"] > 0

    await until(is_noted)


def lose_submissions(engine: Engine) -> asyncio.Event:
    """Lose what tasks tell of calls that were made, as if the process died just then; set when one was."""
    executor, lost = engine._executor, asyncio.Event()
    take = executor._submitted

    def take_all_else(run: Run, event: Outcome, noted: Callable[[], None] | None = None) -> None:
        if isinstance(event, TaskSubmitted):
            lost.set()
        else:
            take(run, event, noted)

    executor._submitted = take_all_else  # type: ignore[method-assign]
    return lost


async def test_the_parent_gets_the_childs_output(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, sequence("count"), "child")
    over = await run(engine, starting(child, ".sync:2", Name="c"))
    output = json.loads(over.output or "")
    assert (over.status, output["Output"], output["Name"], output["Status"]) == (
        "SUCCEEDED",
        {"n": 1},
        "c",
        "SUCCEEDED",
    )
    assert output["ExecutionArn"].endswith(":execution:child:c")
    counted = await types(engine, over)
    assert [counted[kind] for kind in ("TaskStarted", "TaskSubmitted", "TaskSucceeded")] == [1, 1, 1]


async def test_a_child_that_fails_fails_the_task(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, sequence("fail"), "child")
    over = await run(engine, starting(child))
    assert (over.status, over.error) == ("FAILED", "States.TaskFailed")
    cause = json.loads(over.cause or "")
    assert (cause["Status"], cause["Error"], cause["RedriveStatus"]) == ("FAILED", "Custom.Failure", "REDRIVABLE")


async def test_without_sync_the_start_is_enough(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, waiting(1000), "child")
    over = await run(engine, starting(child, ""))
    output = json.loads(over.output or "")
    record = await engine.describe_execution(ORGANIZATION, output["ExecutionArn"])
    assert (record.status, json.loads(record.input)) == ("RUNNING", {"n": 0})
    assert output["StartDate"] == round(record.started_at.timestamp() * 1000)
    await engine.stop_execution(ORGANIZATION, record.arn)


async def test_refusals_are_failures_that_can_be_caught(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, sequence("count"), "child")
    absent = child.arn + "x"
    definition = single(START, Parameters={"StateMachineArn": absent})
    over = await run(engine, definition)
    assert over.error == "StepFunctions.StateMachineDoesNotExistException"
    assert (over.cause or "").startswith(f"State Machine Does Not Exist: '{absent}' (Service: AWSStepFunctions; ")


async def test_nothing_is_held_in_memory_while_a_child_runs(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks)
    child = await create(engine, sequence("gate"), "child")
    parent = await begin(engine, await create(engine, starting(child), "parent"))
    await tasks.started.wait()
    await eventually(lambda: len(engine._executor) == 1)
    assert engine._executor.tasks.running == 1
    tasks.gate.set()
    assert (await finished(engine, parent)).status == "SUCCEEDED"


async def test_a_parent_that_is_stopped_stops_its_child(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, waiting(1000), "child")
    parent = await begin(engine, await create(engine, starting(child), "parent"))
    await submitted(engine, parent)
    await engine.stop_execution(ORGANIZATION, parent.arn)
    stopped = await finished(engine, (await children(engine))[0])
    assert stopped.status == "ABORTED"
    assert f"[{parent.arn}] which was managing this resource was aborted" in (stopped.cause or "")


async def test_a_parent_that_gives_up_stops_its_child(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, waiting(1000), "child")
    definition = starting(child)
    definition["States"]["S1"]["TimeoutSeconds"] = 1  # type: ignore[index]
    over = await run(engine, definition)
    assert (over.status, over.error) == ("FAILED", "States.Timeout")
    assert (await finished(engine, (await children(engine))[0])).status == "ABORTED"


async def test_a_child_that_nobody_waits_for_is_stopped(open_new: OpenStorage, launch: Launch) -> None:
    """The task's deadline passes just before the news of its call is taken in."""
    tasks = Tasks()
    engine = await launch(open_new(), tasks)
    child = await begin(engine, await create(engine, waiting(1000), "child"))
    parent = await begin(engine, await create(engine, sequence("gate"), "parent"))
    await tasks.started.wait()
    output = started_output(child.arn, child.started_at, UUID(child.id))
    engine._executor._submitted(
        engine._executor._residents.awake[UUID(parent.id)], TaskSubmitted("gone.1", output, child.started_at)
    )
    stopped = await finished(engine, child)
    assert stopped.status == "ABORTED"
    assert f"[{parent.arn}]" in (stopped.cause or "")
    tasks.gate.set()
    assert (await finished(engine, parent)).status == "SUCCEEDED"


async def test_a_token_is_answered_by_the_child(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, waiting(1000), "child")
    definition = starting(child, ".waitForTaskToken", Input={"token.$": "$$.Task.Token"})
    del definition["States"]["S1"]["Parameters"]["Input.$"]  # type: ignore[index]
    parent = await begin(engine, await create(engine, definition, "parent"))
    await submitted(engine, parent)
    running = (await children(engine))[0]
    await engine.callbacks.succeed(ORGANIZATION, json.loads(running.input)["token"], '"done"')
    assert (await finished(engine, parent)).output == '"done"'
    assert (await engine.stop_execution(ORGANIZATION, running.arn)).status == "ABORTED"


async def test_another_process_hears_of_the_childs_end(open_new: OpenStorage, launch: Launch) -> None:
    """The parent's process dies once the child was started; whoever takes over doesn't start it again."""
    tasks = Tasks()
    first = make_engine(open_new(), tasks, lease_seconds=0.5)
    await first.start()
    child = await create(first, sequence("gate"), "child")
    parent = await begin(first, await create(first, starting(child), "parent"))
    await tasks.started.wait()
    await submitted(first, parent)
    await crash(first)
    heir_tasks = Tasks()
    heir_tasks.gate.set()
    heir = await launch(open_new(), heir_tasks, lease_seconds=0.5)
    assert (await finished(heir, parent)).status == "SUCCEEDED"
    assert (await types(heir, parent))["TaskSubmitted"] == 1
    assert len(await children(heir)) == 1


async def test_a_start_that_was_not_noted_is_not_made_twice(open_new: OpenStorage, launch: Launch) -> None:
    """The parent's process dies after the child's start and before TaskSubmitted; the child is over by then."""
    first = make_engine(open_new(), lease_seconds=0.5)
    await first.start()
    child = await create(first, sequence("count"), "child")
    machine = await create(first, starting(child), "parent")
    noted = lose_submissions(first)
    parent = await begin(first, machine)
    await asyncio.wait_for(noted.wait(), 60)
    started = await children(first)
    await finished(first, started[0])
    await crash(first)
    heir = await launch(open_new(), lease_seconds=0.5)
    assert (await finished(heir, parent)).status == "SUCCEEDED"
    assert [record.id for record in await children(heir)] == [started[0].id]


async def test_an_express_child_is_started_or_run(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, sequence("count"), "child", kind="EXPRESS")
    sdk = single(
        "arn:aws:states:::aws-sdk:sfn:startSyncExecution",
        Parameters={"StateMachineArn": child.arn, "Input": '{"n": 4}'},
        OutputPath="$.Output",
    )
    over = await run(engine, sdk)
    assert json.loads(json.loads(over.output or "")) == {"n": 5}


async def test_an_express_parent_starts_children(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    child = await create(engine, sequence("count"), "child")
    record = await run_sync(engine, await create(engine, starting(child, "", Name="c"), "parent", kind="EXPRESS"))
    assert record.status == "SUCCEEDED", record
    assert (await finished(engine, (await children(engine))[0])).name == "c"


@pytest.mark.parametrize(("given", "seen"), [('{"a": 1}', {"a": 1}), ("hello", "hello"), (None, None), ([1], [1])])
async def test_the_childs_input_is_json(open_new: OpenStorage, launch: Launch, given: object, seen: object) -> None:
    engine = await launch(open_new())
    child = await create(engine, {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}, "child")
    definition = single(START + ".sync:2", Parameters={"StateMachineArn": child.arn, "Input": given})
    over = await run(engine, definition)
    assert json.loads(over.output or "")["Output"] == seen
