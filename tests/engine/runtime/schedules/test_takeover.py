"""Each time of a schedule starts one execution, whatever becomes of the leader."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from engine.runtime import Engine
from engine.storage import Storage, open_storage
from tests.engine.runtime.schedules.world import MINUTE, World, chosen
from tests.engine.runtime.support import ORGANIZATION, crash, create, make_engine, sequence, until


async def started(engine: Engine) -> Counter[str]:
    """Count the executions of each schedule."""
    page = await engine.list_executions(ORGANIZATION, limit=1000)
    assert len({record.name for record in page.items}) == len(page.items)
    return Counter(record.name.partition("-")[0] for record in page.items)


@pytest.mark.parametrize("seed", range(20))
async def test_leaders_that_die_at_any_moment(seed: int) -> None:
    chance, world = random.Random(seed), World()
    async with world.engine() as engine:
        arn = (await create(engine, sequence("count"))).arn
        for number in range(8):
            await engine.schedules.create(ORGANIZATION, f"s{number}", chosen("rate(1 minute)", arn))
    for _ in range(6):
        world.seconds += MINUTE
        engine = await world.begin(poll_seconds=0.001)
        for _ in range(chance.randrange(60)):
            await asyncio.sleep(0)
        epoch = engine._lease.epoch
        await crash(engine)
        assert epoch is not None
        await world.storage.remove_process(epoch)  # its lease has lapsed
    async with world.engine() as engine:
        await world.settled()
        assert await started(engine) == {f"s{number}": 7 for number in range(8)}


async def test_a_database_whose_clock_is_set_forward_and_back() -> None:
    world = World()
    async with world.engine(lease_seconds=0.05) as engine:
        arn = (await create(engine, sequence("count"))).arn
        await engine.schedules.create(ORGANIZATION, "s", chosen("rate(10 minutes)", arn))
        await world.settled()
        for step in (timedelta(hours=1), timedelta(0)):
            world.step = step
            renewed = engine._lease._clock._offset

            async def heard(before: float = renewed) -> bool:
                return engine._lease._clock._offset != before and engine._parts.leader.is_leader

            await until(heard)
            await world.settled()
            assert await started(engine) == {"s": 7}
    world.seconds += 2 * 60 * MINUTE
    async with world.engine() as engine:
        await world.settled()
        assert await started(engine) == {"s": 13}


class Worker:
    """An engine in a process of its own."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process


@asynccontextmanager
async def workers(url: str, *names: str) -> AsyncIterator[list[Worker]]:
    """Run engines in processes, which are killed in the end."""
    running: list[Worker] = []
    try:
        for name in names:
            command = (sys.executable, "-m", "tests.engine.runtime.schedules.worker", url, name)
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
            running.append(Worker(name, process))
        for worker in running:
            assert worker.process.stdout is not None
            assert await worker.process.stdout.readline() == b"ready\n"
        yield running
    finally:
        for worker in running:
            if worker.process.returncode is None:
                worker.process.kill()
            await worker.process.wait()


async def leader_name(storage: Storage) -> str:
    """Give the leader's name, as soon as there is one."""
    while (leading := await storage.elect(0)) is None:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    return leading.name


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGSTOP])
async def test_two_processes_and_the_leader_is_killed_or_stopped(postgres_url: str, way: signal.Signals) -> None:
    url, names = postgres_url, Counter({f"s{number}": 1 for number in range(120)})
    storage = open_storage(url, pool_size=3)
    engine = make_engine(storage)
    await engine.start()
    arn = (await create(engine, sequence("count"))).arn
    now = engine._parts.leader._lease._clock.now()
    times = [now + timedelta(seconds=4 + number % 3) for number in range(len(names))]
    texts = [f"at({at:%Y-%m-%dT%H:%M:%S})" for at in times]
    made = (
        engine.schedules.create(ORGANIZATION, name, chosen(text, arn)) for name, text in zip(names, texts, strict=True)
    )
    await asyncio.gather(*made)  # in far less time than passes before the first of them
    await engine.stop(0)
    await storage.open()
    async with workers(url, "one", "two") as running:

        async def begun() -> bool:
            return bool(await storage.list_executions(ORGANIZATION, None, None, 1, None))

        await until(begun)
        await asyncio.sleep(random.random())
        leading = await leader_name(storage)
        [leader] = [worker for worker in running if worker.name == leading]
        leader.process.send_signal(way)

        async def all_started() -> bool:
            return len(await storage.list_executions(ORGANIZATION, None, None, 1000, None)) >= len(names)

        await until(all_started)
        if way == signal.SIGSTOP:
            leader.process.send_signal(signal.SIGCONT)

        async def settled() -> bool:
            return not await storage.due_firings(now + timedelta(days=1), 1)

        await until(settled)
        found = await storage.list_executions(ORGANIZATION, None, None, 1000, None)
        assert Counter(each.name.partition("-")[0] for each in found) == names
    await storage.close()
