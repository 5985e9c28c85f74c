"""Starting by version and alias, and what is recorded of it, on every storage."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine.runtime import Engine, ExecutionRecord
from engine.runtime.control_plane.aliases import Route
from engine.runtime.errors import ExecutionAlreadyExists, InvalidExecutionInput, StateMachineDoesNotExist
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    crash,
    create,
    finished,
    make_engine,
    sequence,
    waiting,
)


async def start(engine: Engine, arn: str, name: str | None = None, **fields: str) -> ExecutionRecord:
    """Start an execution by any ARN."""
    record = await engine.start_execution(
        organization=ORGANIZATION, state_machine_arn=arn, name=name, input='{"n": 0}', **fields
    )
    assert isinstance(record, ExecutionRecord)
    return record


async def test_a_version_runs_its_revision(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    machine = await create(engine, sequence("count"))
    version = await engine.versions.publish(ORGANIZATION, machine.arn)
    changed = json.dumps(sequence("count", "count"))
    await engine.machines.update(organization=ORGANIZATION, arn=machine.arn, definition=changed)
    old, new = await start(engine, version.arn), await start(engine, machine.arn)
    assert (old.version_arn, old.alias_arn, old.state_machine_arn) == (version.arn, None, machine.arn)
    assert (new.version_arn, new.alias_arn) == (None, None)
    assert (await finished(engine, old)).output == '{"n":1}'
    assert (await finished(engine, new)).output == '{"n":2}'
    described = await engine.describe_execution(ORGANIZATION, old.arn)
    assert described.version_arn == version.arn
    listed = await engine.list_executions(ORGANIZATION, version.arn)
    assert [each.arn for each in listed.items] == [old.arn]
    assert len((await engine.list_executions(ORGANIZATION, machine.arn)).items) == 2
    with pytest.raises(StateMachineDoesNotExist):
        await start(engine, f"{machine.arn}:7")


async def test_an_alias_leads_to_a_version(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    machine = await create(engine, sequence("count"))
    version = await engine.versions.publish(ORGANIZATION, machine.arn)
    alias = await engine.aliases.create(ORGANIZATION, "live", [Route(version.arn, 100)])
    execution = await finished(engine, await start(engine, alias.arn))
    assert (execution.version_arn, execution.alias_arn) == (version.arn, alias.arn)
    listed = await engine.list_executions(ORGANIZATION, alias.arn)
    assert [each.arn for each in listed.items] == [execution.arn]


async def test_the_trace_header_is_kept(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    machine = await create(engine, sequence("count"))
    execution = await start(engine, machine.arn, trace_header="Root=1-2-3")
    assert (await finished(engine, execution)).trace_header == "Root=1-2-3"


async def test_names_are_for_the_whole_state_machine(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    machine = await create(engine, waiting(1000))
    version = await engine.versions.publish(ORGANIZATION, machine.arn)
    first = await start(engine, machine.arn, "x")
    assert (await start(engine, version.arn, "x")).id == first.id
    await engine.stop_execution(ORGANIZATION, first.arn)
    with pytest.raises(ExecutionAlreadyExists, match=f"Execution Already Exists: '{first.arn}'"):
        await start(engine, machine.arn, "x")


async def test_the_payload_limit_is_an_option(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), max_payload_bytes=300_000)
    machine = await create(engine, {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
    text = json.dumps("x" * 280_000)
    assert (await finished(engine, await begin(engine, machine, text=text))).status == "SUCCEEDED"
    with pytest.raises(InvalidExecutionInput, match="larger than 300000 bytes"):
        await begin(engine, machine, text=json.dumps("x" * 300_000))


async def test_the_same_start_in_two_processes_starts_one(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engines = [await launch(open_new(), tasks) for _ in range(2)]
    machine = await create(engines[0], sequence("gate"))
    records = await asyncio.gather(*(begin(engines[number % 2], machine, "x") for number in range(20)))
    assert len({record.id for record in records}) == 1
    tasks.gate.set()
    await finished(engines[0], records[0])
    assert len(tasks.requests) == 1


async def test_a_revision_is_kept_by_whoever_takes_the_execution_over(open_new: OpenStorage, launch: Launch) -> None:
    first_tasks, second_tasks = Tasks(), Tasks()
    first = make_engine(open_new(), first_tasks, lease_seconds=0.4)
    await first.start()
    machine = await create(first, sequence("gate", "count"))
    execution = await begin(first, machine)
    await first_tasks.started.wait()
    changed = json.dumps(sequence("gate", "fail"))
    await first.machines.update(organization=ORGANIZATION, arn=machine.arn, definition=changed)
    await crash(first)
    second_tasks.gate.set()
    second = await launch(open_new(), second_tasks, lease_seconds=0.4)
    assert (await finished(second, execution)).status == "SUCCEEDED"
    later = await finished(second, await begin(second, machine))
    assert (later.status, later.state_machine_version) == ("FAILED", 2)
