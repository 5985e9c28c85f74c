"""Data that is erased on request, on every storage."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from engine.language import HistoryEvent
from engine.runtime import Engine, ExecutionRecord
from engine.runtime.clock import DatabaseClock
from engine.runtime.errors import ConflictException, ExecutionDoesNotExist, ExecutionNotRedrivable
from engine.runtime.lifecycle.erasing import stripped
from engine.runtime.retention import Archiving, open_place
from engine.storage import StorageUnavailable
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import ORGANIZATION, ROLE, Tasks, begin, create, events, finished, sequence

SECRET: Final = "patient 4711"
INPUT: Final = json.dumps({"n": 0, "who": SECRET})


def shape(history: list[HistoryEvent]) -> list[tuple[object, ...]]:
    """Give what stays of a history."""
    return [(e.id, e.previous_id, e.type, e.timestamp, e.details.get("name")) for e in history]


def archived(location: str) -> str:
    """Give the text of the only archive in a folder."""
    [archive] = [path for path in Path(location).rglob("*") if path.is_file() and path.name != ".lock"]
    return gzip.decompress(archive.read_bytes()).decode()


async def texts(engine: Engine, execution: ExecutionRecord) -> str:
    """Give all that is told of an execution, in one text."""
    record = await engine.describe_execution(ORGANIZATION, execution.arn)
    return repr((record, await events(engine, execution)))


@pytest.mark.parametrize("resource", ["count", "fail"])
async def test_the_data_goes_and_the_events_stay(open_new: OpenStorage, launch: Launch, resource: str) -> None:
    engine = await launch(open_new())
    machine = await create(engine, sequence("count", resource))
    execution = await finished(engine, await begin(engine, machine, text=INPUT))
    before = await events(engine, execution)
    assert SECRET in await texts(engine, execution)
    erasure = await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="alice")
    assert (erasure.requested_by, len(erasure.digest), erasure.finished_at is None) == ("alice", 32, False)
    after = await engine.describe_execution(ORGANIZATION, execution.arn)
    assert SECRET not in await texts(engine, execution)
    assert (after.status, after.input, after.output, after.error, after.cause) == (
        execution.status,
        "{}",
        None,
        None,
        None,
    )
    assert shape(await events(engine, execution)) == shape(before)
    assert await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="bob") == erasure
    assert await engine.erasing.proof(ORGANIZATION, execution.arn) == erasure
    [condition] = (await engine.pausing.conditions([after])).values()
    assert condition.erasure == erasure


async def test_a_running_execution_is_refused(open_new: OpenStorage, launch: Launch) -> None:
    tasks = Tasks()
    engine = await launch(open_new(), tasks)
    execution = await begin(engine, await create(engine, sequence("gate")), text=INPUT)
    with pytest.raises(ConflictException, match="is running"):
        await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="alice")
    assert await engine.erasing.proof(ORGANIZATION, execution.arn) is None
    await engine.stop_execution(ORGANIZATION, execution.arn)
    assert (await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="alice")).finished_at


async def test_what_was_erased_is_not_redriven(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    execution = await finished(engine, await begin(engine, await create(engine, sequence("fail"))))
    await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="alice")
    with pytest.raises(ExecutionNotRedrivable, match="data"):
        await engine.redrive_execution(ORGANIZATION, execution.arn)


async def test_another_organization_erases_nothing(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    execution = await finished(engine, await begin(engine, await create(engine, sequence("count"))))
    with pytest.raises(ExecutionDoesNotExist):
        await engine.erasing.erase("other", execution.arn, requested_by="mallory")


async def test_the_leader_finishes_what_was_begun(open_new: OpenStorage, launch: Launch) -> None:
    engine = await launch(open_new())
    execution = await finished(engine, await begin(engine, await create(engine, sequence("count")), text=INPUT))
    found = await engine._executions.find(ORGANIZATION, execution.arn)
    await engine._storage.begin_erasure(found.id, "alice")
    await engine._storage.erase_history(found.id, stripped, 1)
    assert SECRET in await texts(engine, execution)
    await engine.erasing.finish_all()
    assert SECRET not in await texts(engine, execution)
    proof = await engine.erasing.proof(ORGANIZATION, execution.arn)
    assert proof is not None
    assert proof.finished_at is not None


async def test_one_that_cannot_be_erased_now_holds_up_no_other(
    launch: Launch, open_new: OpenStorage, tmp_path: Path
) -> None:
    engine = await launch(open_new(), archive=str(tmp_path))
    machine = await create(engine, sequence("count"))
    archived, other = [await finished(engine, await begin(engine, machine, name, INPUT)) for name in ("a", "b")]
    found = [await engine._executions.find(ORGANIZATION, each.arn) for each in (archived, other)]
    for each in found:
        await engine._storage.begin_erasure(each.id, "alice")
    erase = engine.erasing._erase_archived

    async def away(execution_id: UUID) -> None:
        if execution_id == found[0].id:
            raise StorageUnavailable("the archive is away")
        await erase(execution_id)

    engine.erasing._erase_archived = away  # type: ignore[method-assign]
    await engine.erasing.finish_all()
    proofs = [await engine.erasing.proof(ORGANIZATION, each.arn) for each in (archived, other)]
    assert [proof is not None and proof.finished_at is not None for proof in proofs] == [False, True]


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
async def test_children_of_map_runs_are_erased_too(open_new: OpenStorage, launch: Launch, kind: str) -> None:
    engine = await launch(open_new())
    state = {"Type": "Task", "Resource": "handler:count", "End": True}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
        "StartAt": "T",
        "States": {"T": state},
    }
    each = {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": True}
    definition = {"StartAt": "M", "States": {"M": each}}
    machine = await engine.machines.create(
        organization=ORGANIZATION, name="mapped", definition=json.dumps(definition), role_arn=ROLE
    )
    text = json.dumps({"items": [{"who": SECRET, "n": number} for number in range(3)]})
    execution = await finished(engine, await begin(engine, machine, text=text))
    assert execution.status == "SUCCEEDED"
    await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="alice")
    [run] = (await engine.map_runs.list(ORGANIZATION, execution.arn)).items
    children = (await engine.list_executions(ORGANIZATION, map_run_arn=run.arn)).items
    assert len(children) == 3
    for child in children:
        described = await engine.describe_execution(ORGANIZATION, child.arn)
        assert SECRET not in repr(described)
        if kind == "STANDARD":
            assert SECRET not in repr(await events(engine, child))


async def test_what_is_archived_is_erased_there(open_new: OpenStorage, launch: Launch, tmp_path: Path) -> None:
    storage, location = open_new(), str(tmp_path / "archive")
    engine = await launch(storage, Tasks(), archive=location, archive_after_days=1)
    execution = await finished(engine, await begin(engine, await create(engine, sequence("count")), text=INPUT))
    before = await events(engine, execution)
    await Archiving(storage, open_place(location, ""), DatabaseClock(), timedelta(seconds=-1)).archive()
    assert SECRET in archived(location)
    erasure = await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="alice")
    assert erasure.finished_at is not None
    assert SECRET not in archived(location)
    assert SECRET not in await texts(engine, execution)
    assert shape(await events(engine, execution)) == shape(before)
    assert await engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="bob") == erasure
