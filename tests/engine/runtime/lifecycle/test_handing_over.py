"""Executions move to processes that have what they need, on every storage."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from uuid import UUID

import msgspec
import pytest
from msgspec.structs import replace

from engine.language import decode_snapshot, encode_snapshot
from engine.language.snapshot import VERSION
from engine.runtime import Engine, ExecutionRecord
from engine.runtime.lifecycle import formats
from engine.storage import Storage
from engine.storage.lifecycle import SET_ASIDE
from engine.tasks.requests import TaskError, TaskRequest
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    create,
    eventually,
    finished,
    make_engine,
    sequence,
    single,
    types,
    until,
    waiting,
)


class Version:
    """A version of the components: the handlers that it has, and what they were asked to run."""

    def __init__(self, *handlers: str) -> None:
        self.tasks = Tasks()
        self.tasks.gate.set()
        self.names = frozenset(handlers)
        for name in ("a", "b"):
            self.tasks.handlers[f"handler:{name}"] = self._run

    async def _run(self, request: TaskRequest) -> object:
        if request.resource.removeprefix("handler:") not in self.names:
            raise TaskError("HandlerNotFound", request.resource)
        return request.input

    async def launch(self, launch: Launch, storage: Storage, **options: object) -> Engine:
        """Start an engine of this version."""
        quick = {"lease_seconds": 0.6, "handler_wait_seconds": 60.0} | options
        return await launch(storage, self.tasks, handlers=lambda: self.names, **quick)


def renamed(machine: dict[str, object], name: str) -> dict[str, object]:
    """Give a definition of one state, S1, with another name for it."""
    states = machine["States"]
    assert isinstance(states, dict)
    return {"StartAt": name, "States": {name: states["S1"]}}


async def owner_of(engine: Engine, execution: ExecutionRecord) -> int | None:
    execution_id = UUID(execution.id)
    return (await engine._storage.positions([execution_id]))[execution_id].owner


async def test_an_execution_goes_to_the_process_that_has_its_handler(open_new: OpenStorage, launch: Launch) -> None:
    old, new = Version("a"), Version("a", "b")
    old_engine = await old.launch(launch, open_new())
    new_engine = await new.launch(launch, open_new())
    execution = await begin(old_engine, await create(old_engine, sequence("a", "b", "a")))
    over = await finished(new_engine, execution)
    assert (over.status, json.loads(over.output or "")) == ("SUCCEEDED", {"n": 0})
    assert old.tasks.runs() == {"S1": 1}
    assert new.tasks.runs() == {"S2": 1, "S3": 1}
    assert (await types(new_engine, execution))["TaskSucceeded"] == 3


async def test_definitions_may_be_updated_before_the_engines(open_new: OpenStorage, launch: Launch) -> None:
    old, new = Version("a"), Version("a", "b")
    old_engine = await old.launch(launch, open_new())
    executions = [await begin(old_engine, await create(old_engine, sequence("a", "b"))) for _ in range(5)]
    for execution in executions:
        await until(partial(_is_aside, old_engine, execution))
    new_engine = await new.launch(launch, open_new())
    for execution in executions:
        assert (await finished(new_engine, execution)).status == "SUCCEEDED"
    assert (old.tasks.runs(), new.tasks.runs()) == ({"S1": 5}, {"S2": 5})


async def test_a_rollback_loses_nothing(open_new: OpenStorage, launch: Launch) -> None:
    old, new = Version("a", "gate"), Version("a", "b", "gate")
    new.tasks.gate.clear()
    new_engine = make_engine(open_new(), new.tasks, handlers=lambda: new.names, handler_wait_seconds=60.0)
    await new_engine.start()
    machine = await create(new_engine, sequence("gate", "b"))
    execution = await begin(new_engine, machine)
    await new.tasks.started.wait()
    await new_engine.stop(0)
    old_engine = await old.launch(launch, open_new())
    await until(lambda: _is_aside(old_engine, execution))
    again = Version("a", "b")
    assert (await finished(await again.launch(launch, open_new()), execution)).status == "SUCCEEDED"
    assert (old.tasks.runs(), again.tasks.runs()) == ({"S1": 1}, {"S2": 1})


async def test_each_branch_runs_where_its_handler_is(open_new: OpenStorage, launch: Launch) -> None:
    one, other = Version("a"), Version("b")
    branches = [renamed(single(f"handler:{name}"), name) for name in ("a", "b")] + [waiting(1)]
    definition: dict[str, object] = {
        "StartAt": "P",
        "States": {"P": {"Type": "Parallel", "Branches": branches, "End": True}},
    }
    engine = await one.launch(launch, open_new())
    execution = await begin(engine, await create(engine, definition))
    await other.launch(launch, open_new())
    over = await finished(engine, execution)
    assert (over.status, len(json.loads(over.output or ""))) == ("SUCCEEDED", 3)
    assert (one.tasks.runs(), other.tasks.runs()) == ({"a": 1}, {"b": 1})


async def test_without_anybody_who_has_it_the_task_fails_in_the_end(open_new: OpenStorage, launch: Launch) -> None:
    version = Version("a")
    engine = await version.launch(launch, open_new(), handler_wait_seconds=0.0)
    over = await finished(engine, await begin(engine, await create(engine, sequence("a", "b"))))
    assert (over.status, over.error, over.cause) == ("FAILED", "HandlerNotFound", "handler:b")


async def test_a_handler_that_is_loaded_later_is_found(open_new: OpenStorage, launch: Launch) -> None:
    version = Version("a")
    engine = await version.launch(launch, open_new())
    execution = await begin(engine, await create(engine, sequence("a", "b")))
    await until(lambda: _is_aside(engine, execution))
    version.names = frozenset({"a", "b"})
    assert (await finished(engine, execution)).status == "SUCCEEDED"


async def test_what_is_set_aside_can_be_stopped(open_new: OpenStorage, launch: Launch) -> None:
    version = Version("a")
    engine = await version.launch(launch, open_new())
    execution = await begin(engine, await create(engine, sequence("b")))
    await until(lambda: _is_aside(engine, execution))
    assert (await engine.stop_execution(ORGANIZATION, execution.arn)).status == "ABORTED"
    assert not version.tasks.requests


async def test_two_versions_side_by_side(open_new: OpenStorage, launch: Launch) -> None:
    old, new = Version("a", "count"), Version("a", "b", "count")
    old_engine = make_engine(open_new(), old.tasks, handlers=lambda: old.names, handler_wait_seconds=60.0)
    await old_engine.start()
    machine = await create(old_engine, sequence("count", "a", "count"))
    executions = [await begin(old_engine, machine) for _ in range(10)]
    new_engine = await new.launch(launch, open_new())
    later = await create(new_engine, sequence("count", "b", "count", "b"), "later")
    executions += [await begin(each, later) for each in (old_engine, new_engine) for _ in range(10)]
    executions += [await begin(new_engine, machine) for _ in range(10)]
    await asyncio.sleep(0.05)
    await old_engine.stop(1)
    for execution in executions:
        over = await finished(new_engine, execution)
        assert (over.status, json.loads(over.output or "")) == ("SUCCEEDED", {"n": 2})
    assert len(old.tasks.requests) + len(new.tasks.requests) == 20 * 3 + 20 * 4


async def test_a_snapshot_of_a_newer_engine_is_for_a_newer_engine(
    open_new: OpenStorage, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage, tasks = open_new(), Tasks()
    first = await launch(storage, tasks, lease_seconds=0.6)
    execution = await begin(first, await create(first, sequence("gate")))
    await tasks.started.wait()
    await first.pausing.pause(ORGANIZATION, execution.arn, paused_by="alice")
    await eventually(lambda: UUID(execution.id) not in first._executor)
    tasks.gate.set()
    await eventually(lambda: first._executor.tasks.running == 0)
    missing = formats.missing_format
    monkeypatch.setattr("engine.runtime.ownership.adoption.missing_format", lambda _: formats.NEWER)
    await first.pausing.resume(ORGANIZATION, execution.arn)
    await until(lambda: _is_aside(first, execution))
    monkeypatch.setattr("engine.runtime.lifecycle.handover.KNOWN", formats.KNOWN | {formats.NEWER})
    monkeypatch.setattr("engine.runtime.ownership.adoption.missing_format", missing)
    await launch(open_new(), tasks, lease_seconds=0.6)
    assert (await finished(first, execution)).status == "SUCCEEDED"


async def test_a_message_of_a_newer_engine_is_for_a_newer_engine(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new(), lease_seconds=0.6)
    execution = await begin(engine, await create(engine, waiting(30)))
    other = await begin(engine, await create(engine, waiting(1), "other"))
    await engine._storage.send(UUID(execution.id), b'{"type": "Tickled", "where": "sole"}')
    await until(lambda: _is_aside(engine, execution))
    assert (await finished(engine, other)).status == "SUCCEEDED"


def test_snapshots_say_which_version_they_are() -> None:
    snapshot = decode_snapshot(b'{"frames":{},"last_event_id":7}')
    assert formats.missing_format(encode_snapshot(snapshot)) is None
    newer = msgspec.json.encode(replace(snapshot, version=VERSION + 1))
    assert formats.missing_format(newer) == formats.NEWER
    assert formats.missing_format(b'{"version":%d,"frames":"anything"}' % (VERSION + 2)) == f"format:{VERSION + 2}"


async def _is_aside(engine: Engine, execution: ExecutionRecord) -> bool:
    return await owner_of(engine, execution) == SET_ASIDE


async def test_what_an_earlier_lease_owned_is_not_set_aside(open_new: OpenStorage, launch: Launch) -> None:
    version = Version("a")
    engine = await version.launch(launch, open_new(), lease_seconds=0.4, handler_wait_seconds=0.0)
    handover = engine._parts.lifecycle._handover
    execution = await begin(engine, await create(engine, waiting(1)))
    handover._aside, handover._aside_epoch = {UUID(execution.id): "handler:b"}, -7
    await handover.run()
    assert await owner_of(engine, execution) == engine._lease.epoch
    assert (await finished(engine, execution)).status == "SUCCEEDED"
