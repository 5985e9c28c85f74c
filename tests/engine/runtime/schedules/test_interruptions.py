"""What schedules start when the database goes away in the midst of it, or one of them can't be dealt with."""

from __future__ import annotations

from collections.abc import Sequence

from engine.runtime import Engine
from engine.storage import StorageUnavailable
from engine.storage.memory import MemoryStorage
from engine.storage.records import Machine
from engine.storage.schedules import Firing, Settled
from tests.engine.runtime.schedules.world import HOUR, NOON, World, chosen, starts
from tests.engine.runtime.support import ORGANIZATION, create, eventually, sequence


class Interrupted(MemoryStorage):
    """A storage that goes away a few times.

    Attributes:
        lookups, settlements: how often it is away when a state machine is looked for, or when it is to be noted that
            executions were started.
    """

    lookups = 0
    settlements = 0

    async def find_machine(self, organization: str, name: str) -> Machine | None:
        """Look for a state machine."""
        self.lookups -= 1
        if self.lookups >= 0:
            raise StorageUnavailable("it is away")
        return await super().find_machine(organization, name)

    async def settle(self, term: int, settled: Sequence[Settled]) -> None:
        """Note what became of firings."""
        self.settlements -= 1
        if self.settlements >= 0:
            raise StorageUnavailable("it is away")
        await super().settle(term, settled)


class Broken(World):
    """A world with such a storage."""

    def __init__(self) -> None:
        super().__init__()
        self.storage: Interrupted = Interrupted(now=self.now)

    async def hourly(self, engine: Engine, name: str, kind: str = "STANDARD") -> None:
        """Make a schedule that is due from now on, with a state machine of its own."""
        arn = (await create(engine, sequence("count"), name, kind=kind)).arn
        await engine.schedules.create(ORGANIZATION, name, chosen("rate(1 hour)", arn))


async def test_a_start_waits_until_the_database_is_back() -> None:
    world = Broken()
    async with world.engine() as engine:
        await world.hourly(engine, "nightly")
        await world.settled()
    world.storage.lookups = 3
    async with world.engine() as engine:
        await world.advance(HOUR)
        assert await starts(engine) == ["12:00", "13:00"]
        assert world.storage.lookups < 0
    assert world.log.outcomes == [("nightly", "started")] * 2


async def test_what_could_not_be_noted_is_started_once_more_under_its_name() -> None:
    world = Broken()
    async with world.engine() as engine:
        for kind in ("STANDARD", "EXPRESS"):
            world.storage.settlements = 1
            await world.hourly(engine, kind.lower(), kind)
            await world.settled()
        assert await starts(engine, "standard") == ["12:00"]
        await eventually(lambda: len(world.tasks.requests) == 3)
        [express] = {each.execution_name for each in world.tasks.requests if each.execution_name.startswith("express-")}
        assert [each.execution_name for each in world.tasks.requests].count(express) == 2


async def test_one_that_cannot_be_read_harms_no_other() -> None:
    world = Broken()
    async with world.engine() as engine:
        for name in ("one", "other"):
            await world.hourly(engine, name)
        await world.settled()
        [broken] = [each for each in world.storage._tables.schedules.values() if each.name == "one"]
        newer = Firing(schedule_id=broken.id, scheduled_at=NOON, start_at=NOON, target='{"overlap":"NEWER"}')
        world.storage._tables.firings[broken.id, NOON] = newer
        await world.advance(HOUR)
        assert await starts(engine, "other") == await starts(engine, "one") == ["12:00", "13:00"]
    assert [each.attempt for each in world.storage._tables.firings.values()] == [1]
