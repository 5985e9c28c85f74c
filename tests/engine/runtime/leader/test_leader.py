"""Who leads among engines on one database, and what the leader does."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from engine.contract import contract
from engine.runtime import Engine
from engine.runtime.clock import DatabaseClock
from engine.runtime.leader import Job, Leader
from engine.runtime.ownership.lease import ProcessLease
from engine.storage import Storage, TermEnded
from engine.storage.memory import MemoryStorage
from engine.storage.sqlite import SqliteStorage
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import crash, eventually, make_engine, until
from tests.reliability.simulation.loop import VirtualLoop

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def nothing() -> None:
    """Do nothing when a lease is lost."""


async def candidate(storage: Storage, name: str, lease_seconds: float = 0.09) -> tuple[Leader, ProcessLease]:
    """Give a process with a lease that runs for leader."""
    lease = ProcessLease(storage, DatabaseClock(), name=name, seconds=60, on_lost=nothing)
    await lease.acquire()
    return Leader(storage, lease, lease_seconds), lease


async def leads(engine: Engine) -> bool:
    """Tell whether an engine leads."""
    return (await engine.health()).leader.leading


async def test_one_of_two_engines_leads_and_both_know_who(open_new: OpenStorage, launch: Launch) -> None:
    one = await launch(open_new(), instance="one")
    await until(lambda: leads(one))
    two = await launch(open_new(), instance="two")

    async def heard() -> bool:
        return (await two.health()).leader.name == "one"

    await until(heard)
    health = (await two.health()).leader
    assert not health.leading
    assert health.term == (await one.health()).leader.term


async def test_an_engine_that_stops_is_followed_at_once(open_new: OpenStorage, launch: Launch) -> None:
    one = make_engine(open_new(), lease_seconds=600)
    await one.start()
    await until(lambda: leads(one))
    storage = open_new()
    hears = not isinstance(storage, SqliteStorage)  # else it looks, every third of its lease's time
    two = await launch(storage, lease_seconds=600 if hears else 0.3)
    await one.stop(0)
    await until(lambda: leads(two))


async def test_an_engine_that_dies_is_followed_when_its_lease_has_lapsed(open_new: OpenStorage, launch: Launch) -> None:
    one = make_engine(open_new(), lease_seconds=0.3)
    await one.start()
    await until(lambda: leads(one))
    two = await launch(open_new(), lease_seconds=0.3)
    await crash(one)
    await until(lambda: leads(two))


async def test_jobs_are_done_by_the_leader_alone() -> None:
    storage = MemoryStorage()
    (one, _), (two, _) = await candidate(storage, "one"), await candidate(storage, "two")
    done: list[str] = []
    for leader, name in ((one, "one"), (two, "two")):
        leader.every(0.01, _note(done, name), "note")
    first, second = asyncio.create_task(one.run()), asyncio.create_task(two.run())
    await eventually(lambda: len(done) >= 3)
    assert set(done) == {"one"}
    first.cancel()
    await asyncio.wait([first])
    await one.resign()
    two.notify()
    await eventually(lambda: "two" in done)
    count = done.count("one")
    await eventually(lambda: done.count("two") >= 3)
    assert done.count("one") == count
    second.cancel()
    await asyncio.wait([second])


async def test_a_job_that_fails_is_done_again() -> None:
    leader, _ = await candidate(MemoryStorage(), "one")
    tries: list[str] = []

    async def fail() -> None:
        tries.append("try")
        raise RuntimeError("no")

    leader.every(0.01, fail, "fail")
    running = asyncio.create_task(leader.run())
    await eventually(lambda: len(tries) >= 3)
    running.cancel()
    await asyncio.wait([running])


async def test_a_leader_that_was_deposed_has_no_term() -> None:
    storage = MemoryStorage()
    leader, lease = await candidate(storage, "one")
    with pytest.raises(TermEnded):
        _ = leader.term
    running = asyncio.create_task(leader.run())
    await eventually(lambda: leader.is_leader)
    assert leader.term == 1
    await lease.give_up()
    with pytest.raises(TermEnded):
        _ = leader.term
    running.cancel()
    await asyncio.wait([running])


async def test_jobs_stop_when_another_leads() -> None:
    storage = MemoryStorage()
    leader, lease = await candidate(storage, "one")
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    leader.every(60, endless, "endless")
    running = asyncio.create_task(leader.run())
    await began.wait()
    assert lease.epoch is not None
    await storage.renew_process(lease.epoch, 0)
    other = await storage.register_process("other", 60)
    assert await storage.elect(other.epoch) is not None
    await ended.wait()
    assert not leader.is_leader
    assert leader.health().name == "other"
    running.cancel()
    await asyncio.wait([running])


def _note(done: list[str], name: str) -> Job:
    async def note() -> None:
        done.append(name)

    return note


async def _seconds_without_leader(loop: VirtualLoop, lease_seconds: float, age: float) -> float:
    """Say how long nobody leads when the leader dies at some age, if its lease lasts so long."""
    storage = MemoryStorage(now=lambda: NOON + timedelta(seconds=loop.time()))
    processes: list[tuple[Leader, list[asyncio.Task[None]]]] = []
    for name in ("one", "other"):
        clock = DatabaseClock(loop.time)
        lease = ProcessLease(storage, clock, name=name, seconds=lease_seconds, on_lost=nothing)
        await lease.acquire()
        leader = Leader(storage, lease, lease_seconds)
        processes.append((leader, [asyncio.create_task(lease.keep()), asyncio.create_task(leader.run())]))
    (first, tasks), (second, others) = processes
    await asyncio.sleep(age)
    assert first.is_leader
    await _cancel(tasks)
    died = loop.time()
    while not second.is_leader:  # noqa: ASYNC110 - time is made up
        await asyncio.sleep(0.01)
    await _cancel(others)
    return loop.time() - died


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def test_another_leads_within_30_seconds_with_every_lease_that_is_allowed() -> None:
    [setting] = [each for each in contract().setting if each.name == "PROCESS_LEASE_SECONDS"]
    assert setting.minimum is not None
    assert setting.maximum is not None
    for lease_seconds in (float(setting.minimum), float(setting.maximum)):
        for tenth in range(10):
            loop = VirtualLoop()
            age = lease_seconds * (5 + tenth / 30)
            seconds = loop.run_until_complete(_seconds_without_leader(loop, lease_seconds, age))
            assert 0 < seconds < 30
            loop.close()
