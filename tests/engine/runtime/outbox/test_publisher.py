"""What the leader publishes, in which order, and what it does when the sink doesn't take it."""

from __future__ import annotations

import asyncio

from engine.runtime import Engine, ExecutionRecord, OutboxHealth, StateMachineRecord
from engine.runtime.outbox import Publisher
from engine.storage.memory import MemoryStorage
from tests.engine.runtime.outbox.conftest import OpenStorage, Publish
from tests.engine.runtime.outbox.sinks import Shelf, read
from tests.engine.runtime.support import ORGANIZATION, Tasks, begin, begin_express, create, eventually, sequence, until


async def run(engine: Engine, machine: StateMachineRecord) -> ExecutionRecord:
    """Run an execution to its end."""
    return await engine.wait_for_execution(ORGANIZATION, (await begin(engine, machine)).arn, 30)


async def outbox(engine: Engine) -> OutboxHealth:
    """Give the outbox's health."""
    found = (await engine.health()).outbox
    assert found is not None
    return found


async def test_each_change_is_published_once_and_in_order(open_announcing: OpenStorage, publishing: Publish) -> None:
    storage, shelf = open_announcing(), Shelf()
    engine = await publishing(storage, shelf)
    machine = await create(engine, sequence("count", "count"))
    records = await asyncio.gather(*(run(engine, machine) for _ in range(20)))
    await eventually(lambda: len(shelf.events) >= 40)

    async def is_empty() -> bool:
        return not await storage.status_changes(1)

    await until(is_empty)
    assert len(shelf.ids) == len(set(shelf.ids)) == 40
    assert all(shelf.statuses(record.arn) == ["RUNNING", "SUCCEEDED"] for record in records)


async def test_an_express_execution_publishes_nothing(publishing: Publish) -> None:
    storage, shelf = MemoryStorage(outbox=True), Shelf()
    engine = await publishing(storage, shelf)
    express = await create(engine, sequence("count"), "quick", "EXPRESS")
    await begin_express(engine, express)
    standard = await run(engine, await create(engine, sequence("count")))
    await eventually(lambda: len(shelf.events) >= 2)
    assert {event.execution_arn for event in shelf.events} == {standard.arn}


async def test_a_redriven_execution_has_new_ids(open_announcing: OpenStorage, publishing: Publish) -> None:
    shelf, tasks = Shelf(), Tasks()
    engine = await publishing(open_announcing(), shelf, tasks)
    record = await run(engine, await create(engine, sequence("fail")))
    tasks.handlers["handler:fail"] = tasks.handlers["handler:count"]
    await engine.redrive_execution(ORGANIZATION, record.arn)
    await eventually(lambda: len(shelf.events) >= 4)
    suffixes = [key.removeprefix(f"{record.id}:") for key in shelf.ids]
    assert suffixes == ["0:RUNNING", "0:FAILED", "1:RUNNING", "1:SUCCEEDED"]
    _, failed, again, _ = map(read, shelf.events)
    assert (failed.error, failed.redrive_count, failed.redrive_date) == ("Custom.Failure", 0, None)
    assert failed.redrive_status == "REDRIVABLE"
    assert (again.redrive_count, again.stop_date, again.error) == (1, None, None)
    assert again.redrive_date is not None


async def test_while_the_sink_is_away_the_outbox_grows_and_then_drains(publishing: Publish) -> None:
    storage, shelf = MemoryStorage(outbox=True), Shelf()
    shelf.away = True
    engine = await publishing(storage, shelf)
    machine = await create(engine, sequence("count"))
    for _ in range(10):
        await run(engine, machine)

    publisher = engine._parts.publisher
    assert publisher is not None

    async def is_known(measured: Publisher = publisher) -> bool:
        await measured.measure()
        found = await outbox(engine)
        return found.problem == "The shelf is away." and found.pending == 20 and bool(found.lag_seconds)

    await until(is_known)
    tried = len(shelf.calls)
    await publisher.publish()
    assert len(shelf.calls) == tried  # it waits before it tries again
    shelf.away = False
    await eventually(lambda: len(shelf.events) == 20)
    await publisher.publish()
    await publisher.measure()
    found = await outbox(engine)
    assert (found.publishing, found.pending, found.lag_seconds, found.problem) == (True, 0, 0.0, None)


async def test_a_refused_event_holds_back_those_of_its_execution_alone(publishing: Publish) -> None:
    storage, shelf = MemoryStorage(outbox=True), Shelf()
    names: set[str] = set()
    shelf.refuses = lambda event: read(event).name in names
    engine = await publishing(storage, shelf)
    machine = await create(engine, sequence("count"))
    names.add("bad")
    bad = await begin(engine, machine, "bad")
    good = [await run(engine, machine) for _ in range(5)]
    await eventually(lambda: all(shelf.statuses(record.arn) == ["RUNNING", "SUCCEEDED"] for record in good))
    assert shelf.statuses(bad.arn) == []
    names.clear()
    await eventually(lambda: shelf.statuses(bad.arn) == ["RUNNING", "SUCCEEDED"])


async def test_batches_are_bounded(publishing: Publish) -> None:
    storage, shelf = MemoryStorage(outbox=True), Shelf()
    shelf.away = True
    engine = await publishing(storage, shelf)
    machine = await create(engine, sequence("count"))
    await asyncio.gather(*(run(engine, machine) for _ in range(600)))
    shelf.away = False
    await eventually(lambda: len(set(shelf.ids)) == 1200)
    assert max(shelf.calls) <= 500


async def test_input_and_output_as_aws_has_them(publishing: Publish) -> None:
    storage, shelf = MemoryStorage(outbox=True), Shelf()
    engine = await publishing(storage, shelf)
    record = await run(engine, await create(engine, sequence("count")))
    await eventually(lambda: len(shelf.events) == 2)
    began, ended = map(read, shelf.events)
    assert record.stopped_at is not None
    assert (began.start_date, began.stop_date) == (int(record.started_at.timestamp() * 1000), None)
    assert ended.stop_date == int(record.stopped_at.timestamp() * 1000)
    assert (began.input, began.output, began.output_details) == ('{"n": 0}', None, None)
    assert (ended.output, ended.output_details and ended.output_details.included) == (record.output, True)
    assert (began.redrive_status, began.redrive_status_reason) == (
        "NOT_REDRIVABLE",
        "Execution is RUNNING and cannot be redriven",
    )
    [_, _, _, region, account, *_] = record.arn.split(":")
    assert {(event.region, event.account) for event in shelf.events} == {(region, account)}


async def test_erased_data_are_not_published(publishing: Publish) -> None:
    storage, shelf = MemoryStorage(outbox=True), Shelf()
    shelf.away = True
    engine = await publishing(storage, shelf)
    record = await run(engine, await create(engine, sequence("fail")))
    await engine.erasing.erase(ORGANIZATION, record.arn, requested_by="somebody")
    shelf.away = False
    await eventually(lambda: len(shelf.events) == 2)
    for detail in map(read, shelf.events):
        assert (detail.input, detail.error, detail.cause) == (None, None, None)
        assert detail.input_details is not None
        assert not detail.input_details.included
