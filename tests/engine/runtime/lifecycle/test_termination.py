"""Stopping an execution together with what it has started, on every storage."""

from __future__ import annotations

import json

from engine.language import Stopped
from engine.runtime import Engine, ExecutionRecord, StateMachineRecord
from engine.runtime.lifecycle.stopping import STOPPED
from engine.runtime.running.outgoing import encode_message
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import ORGANIZATION, Tasks, begin, create, finished, types, until, waiting

START = "arn:aws:states:::states:startExecution"
SDK = "arn:aws:states:::aws-sdk:sfn:startExecution"


def starting(machine: StateMachineRecord, resource: str = START, **arguments: object) -> dict[str, object]:
    """Give a definition that starts an execution and waits for nothing but time."""
    start = {
        "Type": "Task",
        "Resource": resource,
        "Parameters": {"StateMachineArn": machine.arn, "Input": {}, **arguments},
        "Next": "Rest",
    }
    return {"StartAt": "Start", "States": {"Start": start, "Rest": {"Type": "Wait", "Seconds": 600, "End": True}}}


async def all_of(engine: Engine, machine: StateMachineRecord) -> list[ExecutionRecord]:
    return list((await engine.list_executions(ORGANIZATION, machine.arn)).items)


async def rests(engine: Engine, execution: ExecutionRecord) -> bool:
    return "WaitStateEntered" in await types(engine, execution)


async def test_grandchildren_are_stopped_and_strangers_are_not(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    leaf = await create(engine, waiting(600), "leaf")
    middle = await create(engine, starting(leaf, SDK), "middle")
    top = await create(engine, starting(middle), "top")
    stranger = await begin(engine, leaf, "stranger")
    execution = await begin(engine, top)
    await until(lambda: rests(engine, execution))
    [child] = await all_of(engine, middle)
    await until(lambda: rests(engine, child))
    stopped = await engine.stop_execution(ORGANIZATION, execution.arn)
    assert stopped.status == "ABORTED"
    assert await engine.termination.stop_descendants(ORGANIZATION, execution.arn, error="Over") == 2
    over = await finished(engine, child)
    assert (over.status, over.error) == ("ABORTED", "Over")
    for each in await all_of(engine, leaf):
        if each.name != stranger.name:
            assert (await finished(engine, each)).status == "ABORTED"
    assert (await engine.describe_execution(ORGANIZATION, stranger.arn)).status == "RUNNING"
    assert await engine.termination.stop_descendants(ORGANIZATION, execution.arn) == 0


async def test_an_execution_that_somebody_else_started_is_no_child(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    leaf = await create(engine, waiting(600), "leaf")
    theirs = await begin(engine, leaf, "theirs", text="{}")
    execution = await begin(engine, await create(engine, starting(leaf, Name="theirs"), "top"))
    await until(lambda: rests(engine, execution))
    await engine.stop_execution(ORGANIZATION, execution.arn)
    assert await engine.termination.stop_descendants(ORGANIZATION, execution.arn) == 0
    assert (await engine.describe_execution(ORGANIZATION, theirs.arn)).status == "RUNNING"


async def test_children_of_children_of_map_runs_are_found(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    leaf = await create(engine, waiting(600), "leaf")
    each = starting(leaf) | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": each, "End": True}
    machine = await create(engine, {"StartAt": "M", "States": {"M": state}}, "mapped")
    execution = await begin(engine, machine, text=json.dumps({"items": [1, 2, 3]}))

    async def all_started() -> bool:
        return len(await all_of(engine, leaf)) == 3

    await until(all_started)
    await engine.stop_execution(ORGANIZATION, execution.arn)
    assert await engine.termination.stop_descendants(ORGANIZATION, execution.arn) >= 3
    for child in await all_of(engine, leaf):
        assert (await finished(engine, child)).status == "ABORTED"


async def test_a_machine_that_starts_nothing_has_no_children(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), Tasks())
    execution = await begin(engine, await create(engine, waiting(600)))
    await engine.stop_execution(ORGANIZATION, execution.arn)
    assert await engine.termination.stop_descendants(ORGANIZATION, execution.arn) == 0


def test_stops_begin_as_they_are_looked_for() -> None:
    assert encode_message(Stopped("Error", "cause")).startswith(STOPPED)
