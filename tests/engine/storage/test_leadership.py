"""Elections and terms, on every storage."""

from __future__ import annotations

import asyncio

from engine.storage import Storage
from engine.storage.leadership import Leading


async def test_the_first_who_asks_leads(storage: Storage, neighbor: Storage) -> None:
    one, two = await storage.register_process("one", 60), await neighbor.register_process("two", 60)
    leading = await storage.elect(one.epoch)
    assert leading == Leading(1, one.epoch, "one")
    assert await neighbor.elect(two.epoch) == leading
    assert await storage.elect(one.epoch) == leading


async def test_of_many_at_once_one_is_elected(storage: Storage, neighbor: Storage) -> None:
    leases = [await storage.register_process(f"p{number}", 60) for number in range(8)]
    sides = [storage, neighbor]
    told = await asyncio.gather(*(sides[at % 2].elect(lease.epoch) for at, lease in enumerate(leases)))
    assert len({leading.epoch for leading in told if leading is not None}) == 1
    assert {leading.term for leading in told if leading is not None} == {1}


async def test_a_lapsed_leader_is_followed_in_the_next_term(storage: Storage) -> None:
    dead, alive = await storage.register_process("dead", 60), await storage.register_process("alive", 60)
    await storage.elect(dead.epoch)
    await storage.renew_process(dead.epoch, 0)
    assert await storage.elect(alive.epoch) == Leading(2, alive.epoch, "alive")
    await storage.renew_process(dead.epoch, 60)
    assert await storage.elect(dead.epoch) == Leading(2, alive.epoch, "alive")


async def test_a_leader_that_lapsed_and_was_not_followed_leads_on(storage: Storage) -> None:
    only = await storage.register_process("only", 60)
    await storage.elect(only.epoch)
    await storage.renew_process(only.epoch, 0)
    assert await storage.elect(only.epoch) is None
    await storage.renew_process(only.epoch, 60)
    assert await storage.elect(only.epoch) == Leading(1, only.epoch, "only")


async def test_nobody_leads_without_a_lease(storage: Storage) -> None:
    lapsed = await storage.register_process("lapsed", 0)
    assert await storage.elect(lapsed.epoch) is None
    assert await storage.elect(lapsed.epoch + 1) is None


async def test_after_a_resignation_the_next_who_asks_leads(storage: Storage) -> None:
    one, two = await storage.register_process("one", 60), await storage.register_process("two", 60)
    await storage.elect(one.epoch)
    await storage.resign(1)
    leading = await storage.elect(two.epoch)
    assert leading is not None
    assert leading.epoch == two.epoch
    assert leading.term > 1
    await storage.resign(1)
    assert await storage.elect(one.epoch) == leading
