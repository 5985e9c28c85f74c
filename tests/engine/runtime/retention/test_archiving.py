"""Executions that were over long ago are archived and answer as before, on every storage and whatever happens."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from engine.language import HistoryEvent
from engine.runtime import Engine, ExecutionRecord
from engine.runtime.clock import DatabaseClock
from engine.runtime.errors import Unavailable
from engine.runtime.lifecycle.erasing import stripped
from engine.runtime.retention import Archives, Archiving, Place, open_place
from engine.storage import Storage, StorageUnavailable
from engine.storage.retention import FIRST_ID, LAST_ID, Archived, Stretch
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    create,
    events,
    eventually,
    finished,
    make_engine,
    sequence,
    waiting,
)

EACH: Final[dict[str, object]] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "S1",
                "States": {"S1": {"Type": "Task", "Resource": "handler:gate", "End": True}},
            },
            "End": True,
        }
    },
}


class Kept:
    """An engine with an archive, and the job that archives what has ended by now."""

    def __init__(self, engine: Engine, storage: Storage, location: str) -> None:
        self.engine = engine
        self.storage = storage
        self.location = location
        self.clock = DatabaseClock()

    def job(self, place: Place | None = None, after: timedelta = timedelta(seconds=-1)) -> Archiving:
        """Give the job of a leader; a second ahead, what has just ended is over for long enough."""
        return Archiving(self.storage, place or open_place(self.location, ""), self.clock, after)

    async def seen(self, execution: ExecutionRecord) -> tuple[ExecutionRecord, list[HistoryEvent], list[HistoryEvent]]:
        """Give all that is told of an execution, forwards and backwards in pages."""
        page = await self.engine.get_history(ORGANIZATION, execution.arn, reverse=True, limit=3)
        backwards = list(page.items)
        while page.next_token is not None:
            page = await self.engine.get_history(
                ORGANIZATION, execution.arn, reverse=True, limit=3, after=page.next_token
            )
            backwards += page.items
        record = await self.engine.describe_execution(ORGANIZATION, execution.arn)
        return record, await events(self.engine, execution), backwards

    async def place_of(self, execution: ExecutionRecord) -> Archived | None:
        """Tell where an execution is archived."""
        name = execution.state_machine_arn.rpartition(":")[2]
        found = await self.storage.find_execution(ORGANIZATION, name, execution.name)
        assert found is not None
        return found.archived

    def files(self) -> list[Path]:
        """Give the archive's files."""
        return sorted(path for path in Path(self.location).rglob("*") if path.is_file() and path.name != ".lock")


@pytest.fixture
async def kept(open_new: OpenStorage, launch: Launch, tmp_path: Path) -> Kept:
    """An engine on each storage."""
    location, storage = str(tmp_path / "archive"), open_new()
    engine = await launch(storage, Tasks(), archive=location, archive_after_days=1)
    return Kept(engine, storage, location)


async def _over(kept: Kept, count: int = 1) -> list[ExecutionRecord]:
    machine = await create(kept.engine, sequence("count", "count"))
    started = [await begin(kept.engine, machine, f"e{number}", '{"n": 5, "text": "ü"}') for number in range(count)]
    over = [await finished(kept.engine, execution) for execution in started]
    return sorted(over, key=lambda execution: execution.id)


async def test_an_archived_execution_answers_as_before(kept: Kept) -> None:
    executions = await _over(kept, 3)
    before = [await kept.seen(execution) for execution in executions]
    await kept.job().archive()
    places = [await kept.place_of(execution) for execution in executions]
    assert len({place.name for place in places if place is not None}) == 1
    assert [await kept.seen(execution) for execution in executions] == before
    again = await begin(kept.engine, await kept.engine.machines.describe(ORGANIZATION, executions[0].state_machine_arn))
    assert (await finished(kept.engine, again)).status == "SUCCEEDED"
    listed = await kept.engine.list_executions(ORGANIZATION, executions[0].state_machine_arn)
    assert {record.name for record in listed.items} == {"e0", "e1", "e2", again.name}


async def test_the_archive_is_json_lines_that_every_tool_reads(kept: Kept) -> None:
    executions = await _over(kept, 2)
    await kept.job().archive()
    [file] = kept.files()
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert [line["name"] for line in lines] == [execution.name for execution in executions]
    assert lines[0]["history"][0]["type"] == "ExecutionStarted"
    assert json.loads(lines[0]["output"]) == {"n": 7, "text": "ü"}


async def test_only_those_that_are_over_for_long_enough_are_archived(kept: Kept) -> None:
    [execution] = await _over(kept)
    machine = await create(kept.engine, waiting(3600), "waits")
    runs = await begin(kept.engine, machine)
    await kept.job(after=timedelta(days=1)).archive()
    await kept.job().archive()
    assert await kept.place_of(execution) is not None
    assert await kept.place_of(runs) is None
    await kept.engine.stop_execution(ORGANIZATION, runs.arn)
    [noted] = [
        s for s in await kept.storage.due_stretches(kept.clock.now() + timedelta(days=2), 9) if s.last.int < 2**127
    ]
    await kept.storage.advance(noted, None, [Stretch(noted.after, noted.last, kept.clock.now())])  # a day later
    await kept.job().archive()
    assert await kept.place_of(runs) is not None
    assert (await kept.engine.describe_execution(ORGANIZATION, runs.arn)).status == "ABORTED"


class Failing:
    """A place that fails before or after it has written."""

    def __init__(self, place: Place, *, written: bool) -> None:
        self._place = place
        self._written = written
        self.read, self.change, self.delete = place.read, place.change, place.delete

    async def write(self, name: str, data: bytes) -> None:
        """Write or not, and fail."""
        if self._written:
            await self._place.write(name, data)
        raise StorageUnavailable("gone")


@pytest.mark.parametrize("written", [False, True])
async def test_an_end_in_the_middle_loses_nothing_and_leaves_nothing(kept: Kept, *, written: bool) -> None:
    [execution] = await _over(kept)
    before = await kept.seen(execution)
    place = open_place(kept.location, "")
    with pytest.raises(StorageUnavailable, match="gone"):
        await kept.job(Failing(place, written=written)).archive()
    assert await kept.seen(execution) == before
    assert len(kept.files()) == int(written)
    await kept.job().archive()
    assert await kept.seen(execution) == before
    for abandoned in await kept.storage.abandon_archives(kept.clock.now() + timedelta(hours=1)):
        await place.delete(abandoned.name)
    place_now = await kept.place_of(execution)
    assert place_now is not None
    assert kept.files() == [Path(kept.location) / place_now.name]


async def test_an_archive_that_another_leader_completed_is_left(kept: Kept) -> None:
    [execution] = await _over(kept)
    await kept.job().archive()
    place = await kept.place_of(execution)
    storage = kept.storage
    assert await storage.candidates(FIRST_ID, LAST_ID, 9, kept.clock.now()) == []
    await kept.job().archive()
    assert await kept.place_of(execution) == place


async def test_many_executions_take_several_files(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.retention.archiving._FILE_BYTES", 1000)
    monkeypatch.setattr("engine.runtime.retention.archiving._AT_ONCE", 3)
    executions = await _over(kept, 8)
    before = [await kept.seen(execution) for execution in executions]
    await kept.job().archive()
    assert len(kept.files()) > 2
    assert [await kept.seen(execution) for execution in executions] == before
    assert all([await kept.place_of(execution) for execution in executions])


async def test_children_are_archived_with_their_parent_or_later(
    open_new: OpenStorage, launch: Launch, tmp_path: Path
) -> None:
    storage, tasks, location = open_new(), Tasks(), str(tmp_path / "archive")
    kept = Kept(await launch(storage, tasks, archive=location, archive_after_days=1), storage, location)
    parent = await begin(kept.engine, await create(kept.engine, EACH), text="[1, 2, 3]")
    await eventually(lambda: len(tasks.requests) == 3)
    await kept.job().archive()
    assert kept.files() == []
    tasks.gate.set()
    over = await finished(kept.engine, parent)
    assert json.loads(over.output or "") == [1, 2, 3]
    before = await kept.seen(parent)
    for _ in range(3):
        now = kept.clock.now()
        for stretch in await storage.due_stretches(now + timedelta(days=2), 99):
            if stretch.due > now:
                await storage.advance(stretch, None, [Stretch(stretch.after, stretch.last, now)])
        await kept.job().archive()
    left = await storage.candidates(FIRST_ID, LAST_ID, 99, kept.clock.now())
    assert left == []
    assert await kept.seen(parent) == before
    [run] = (await kept.engine.map_runs.list(ORGANIZATION, parent.arn, 10, None)).items
    children = await kept.engine.list_executions(ORGANIZATION, map_run_arn=run.arn)
    outputs = [(await kept.engine.describe_execution(ORGANIZATION, child.arn)).output for child in children.items]
    assert sorted(map(str, outputs)) == ["1", "2", "3"]


async def test_erased_data_is_erased_in_the_archive(kept: Kept) -> None:
    executions = await _over(kept, 2)
    await kept.job().archive()
    places = [await kept.place_of(execution) for execution in executions]
    other = await kept.seen(executions[1])
    archives = Archives(open_place(kept.location, ""))
    assert places[0] is not None
    for _ in range(2):
        await archives.erase(places[0], stripped)
    [file] = kept.files()
    lines = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    assert (lines[0]["input"], lines[0]["output"]) == ("{}", None)
    assert "ü" not in json.dumps(lines[0], ensure_ascii=False)
    assert [event["type"] for event in lines[0]["history"]] == [event.type for event in other[1]]
    assert await kept.seen(executions[1]) == other


async def test_data_deletion_reaches_the_archive(kept: Kept) -> None:
    [execution] = await _over(kept)
    await kept.job().archive()
    for _ in range(2):
        erasure = await kept.engine.erasing.erase(ORGANIZATION, execution.arn, requested_by="somebody")
        assert erasure.finished_at is not None
    [file] = kept.files()
    assert "ü" not in gzip.decompress(file.read_bytes()).decode()
    record, history, _ = await kept.seen(execution)
    assert (record.status, record.input, record.output) == ("SUCCEEDED", "{}", None)
    assert [event.type for event in history][:2] == ["ExecutionStarted", "TaskStateEntered"]
    assert all("input" not in event.details for event in history)


async def test_an_archive_that_is_away_is_said(kept: Kept) -> None:
    [execution] = await _over(kept)
    await kept.job().archive()
    [file] = kept.files()
    data = file.read_bytes()
    file.unlink()
    with pytest.raises(Unavailable, match=r"^The archive \S*jsonl\.gz is unavailable: .*No such file"):
        await kept.engine.describe_execution(ORGANIZATION, execution.arn)
    file.write_bytes(b"x" * len(data))
    with pytest.raises(Exception, match="can't be read: not a line of an archive"):
        await kept.engine.get_history(ORGANIZATION, execution.arn)


async def test_nothing_is_archived_without_a_place_or_a_time(open_new: OpenStorage, tmp_path: Path) -> None:
    never: tuple[dict[str, Any], ...] = ({}, {"archive": str(tmp_path), "archive_after_days": 0})
    for options in never:
        engine = make_engine(open_new(), **options)
        names = [errand.name for errand in engine._parts.leader._errands]
        assert "history-partitions" in names
        assert "archive" not in names
    assert "archive" in [e.name for e in make_engine(open_new(), archive=str(tmp_path))._parts.leader._errands]
