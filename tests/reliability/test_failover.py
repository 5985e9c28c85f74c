"""The database fails over to its synchronous replica under load."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import pytest

from engine.storage.migrations import migrate
from tests.reliability.crash import endure
from tests.reliability.site import Site, site
from tests.support.postgres import Databases, running_server
from tests.support.standby import synchronous_standby


@pytest.mark.fault(
    "failover to a synchronous replica",
    "What was acknowledged is on the replica too: the engines connect to it and go on.",
)
async def test_a_failover_loses_nothing(folder: Path) -> None:
    with running_server(folder) as primary:
        databases = Databases(primary)
        migrate(url := databases.empty(), report=lambda _: None)
        beginning, _, last = primary.address.rpartition(".")
        with synchronous_standby(primary, folder / "standby", f"{beginning}.{int(last) + 1}") as standby:

            async def fail_over(place: Site) -> None:
                await asyncio.sleep(2)
                assert primary._process is not None
                primary._process.kill()
                await asyncio.to_thread(standby.promote)
                place.databases, place.url = Databases(standby), url.replace(primary.address, standby.address)
                place.proxy.target = (standby.address, standby.port)
                place.proxy.cut()
                await asyncio.sleep(3)

            async with site(databases, url, folder, Random(1), engines=2) as place:
                verdict = await endure(place, [fail_over], seconds=1, rate=10)
        assert verdict.problems == []
        assert verdict.executions > 20
