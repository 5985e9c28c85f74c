"""Three engines on one PostgreSQL, under load, and one thing after another breaks.

After each storm everything that was accepted has ended, no history has a gap or an event twice, each is what the
reference evaluator makes of the recorded results, and side effects came at least once, each under one key.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from tests.reliability import storms
from tests.reliability.crash import endure
from tests.reliability.site import Site, site
from tests.reliability.storms import Storm
from tests.support.postgres import Databases

SECONDS = 3.0
RATE = 10.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A cluster that one storm after another passes over."""
    folder = tmp_path_factory.mktemp("cluster")
    for path in (folder, folder.parent):
        path.chmod(0o755)
    with databases.migrated() as url:
        async with site(databases, url, folder, Random(7)) as place:
            yield place


async def survives(place: Site, *chosen: Storm, seconds: float = SECONDS, name: str) -> None:
    """Nothing is wrong after the storms."""
    verdict = await endure(place, chosen, seconds, RATE, name)
    assert verdict.problems == []


@pytest.mark.fault(
    "kill -9 of a process, a random one every second",
    "The others take its executions over once its lease has lapsed; what it was doing is done again.",
)
async def test_killed_processes_lose_nothing(place: Site) -> None:
    await survives(place, storms.kill, seconds=20, name="kill")


@pytest.mark.fault(
    "SIGTERM of a process, as in a deployment",
    "It hands its executions over at once, with the results of tasks that end while it drains.",
)
async def test_stopped_processes_hand_over(place: Site) -> None:
    await survives(place, storms.stop, name="stop")


@pytest.mark.fault(
    "SIGSTOP of a process for longer than its lease (all its CPU stolen)",
    "Others take over; when it wakes, the database refuses what it writes, and it takes a new lease.",
)
async def test_a_zombie_writes_nothing(place: Site) -> None:
    await survives(place, storms.freeze, seconds=6, name="freeze")


@pytest.mark.fault(
    "connections to the database cut after any number of bytes",
    "Commits whose answer was lost are written again and found to be there, or not: each is recorded once.",
)
async def test_connections_cut_in_the_middle_of_statements(place: Site) -> None:
    await survives(place, storms.cut, name="cut")


@pytest.mark.fault(
    "connections ended by the server", "The engines connect again, and write again what they don't know to be there."
)
async def test_connections_ended_by_the_server(place: Site) -> None:
    await survives(place, storms.terminate, name="terminate")


@pytest.mark.fault(
    "the network between all engines and the database is down for longer than the leases",
    "The API answers 503; leases are renewed, or taken anew, once it is back, and everything goes on.",
)
async def test_a_partition(place: Site) -> None:
    await survives(place, storms.partition, name="partition")


@pytest.mark.fault(
    "the database server crashes and starts again",
    "It recovers what it has acknowledged; engines wait, the API answers 503 meanwhile.",
)
async def test_a_restart_of_the_database(place: Site) -> None:
    await survives(place, storms.restart, name="restart")


@pytest.mark.fault("a slow disk: 50 ms more for every answer of the database", "Everything takes longer.")
async def test_a_slow_disk(place: Site) -> None:
    await survives(place, storms.slow_disk, seconds=3, name="slow-disk")


@pytest.mark.fault(
    "a full disk: the database refuses every commit (SQLSTATE 53100)",
    "Commits are tried again until there is room; nothing fails, starts are answered 503.",
)
async def test_a_full_disk(place: Site) -> None:
    await survives(place, storms.full_disk, seconds=3, name="full-disk")
