"""What breaks a cluster: each storm breaks one thing, waits, and mends it, where somebody would."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from tests.reliability.cluster import LEASE_SECONDS
from tests.reliability.site import Site

Storm = Callable[[Site], Awaitable[None]]

CLOCK: Final = "clock"
"""The file that says how far the engines' clocks are set, for libfaketime."""
_BLOCK: Final = bytes(65_536)
_FULL: Final = """
create or replace function disk_full() returns trigger language plpgsql as $$
begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$;
create trigger disk_full before insert on history for each statement execute function disk_full();
"""
_ROOM: Final = "drop trigger disk_full on history"
_TERMINATE: Final = """
select count(pg_terminate_backend(pid)) from pg_stat_activity
where datname = current_database() and application_name = 'workflow-engine'
"""


async def kill(site: Site) -> None:
    """Kill -9 a random process, as long as another serves; it is started again at once."""
    serving = [member for member in site.cluster.members if await member.serves()]
    if len(serving) > 1:
        site.random.choice(serving).signal(signal.SIGKILL)
    await asyncio.sleep(1)


async def stop(site: Site) -> None:
    """Stop a random process in order, as a deployment does."""
    site.random.choice(site.cluster.members).signal(signal.SIGTERM)
    await asyncio.sleep(1)


async def freeze(site: Site) -> None:
    """Stop a process for longer than its lease: when it wakes, others run its executions."""
    member = site.random.choice(site.cluster.members)
    member.signal(signal.SIGSTOP)
    await asyncio.sleep(LEASE_SECONDS * (1.7 + site.random.random()))
    member.signal(signal.SIGCONT)
    await asyncio.sleep(0.5)


async def cut(site: Site) -> None:
    """Cut every connection to the database once a random number of bytes has passed: in the middle of statements."""
    site.proxy.bytes_left = site.random.randint(1, 60_000)
    await asyncio.sleep(0.3)


async def terminate(site: Site) -> None:
    """Let the server end every connection of the engines, as an administrator or a failing proxy does."""
    await asyncio.to_thread(site.databases.execute, site.url, _TERMINATE)
    await asyncio.sleep(0.3)


async def partition(site: Site) -> None:
    """Let nobody reach the database for longer than the leases."""
    site.proxy.refuses = True
    site.proxy.cut()
    await asyncio.sleep(LEASE_SECONDS * 1.5)
    site.proxy.refuses = False
    await asyncio.sleep(1)


async def restart(site: Site) -> None:
    """Crash the server, which recovers from its log."""
    server = site.databases.server
    assert server._process is not None
    await asyncio.to_thread(server._process.stop, signal.SIGQUIT, 10.0)
    await asyncio.to_thread(server.start)
    await asyncio.sleep(1)


async def slow_disk(site: Site) -> None:
    """Let every answer of the database take 50 ms more."""
    site.proxy.delay = 0.05
    await asyncio.sleep(3)
    site.proxy.delay = 0.0


async def full_disk(site: Site) -> None:
    """Let the server refuse every commit, as it does when its disk is full (SQLSTATE 53100)."""
    await asyncio.to_thread(site.databases.execute, site.url, _FULL)
    await asyncio.sleep(2)
    await asyncio.to_thread(site.databases.execute, site.url, _ROOM)
    await asyncio.sleep(0.5)


async def fill_disk(site: Site) -> None:
    """Fill the server's file system, make room again, and start the server if that was more than it bears."""
    server = site.databases.server
    filler = server.data_directory.with_name("filler")
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(_BLOCK)
    await asyncio.sleep(3)
    filler.unlink()
    await asyncio.sleep(0.5)
    if not server.running:
        await asyncio.to_thread(server.start)


async def set_clocks(site: Site) -> None:
    """Set the clocks of the engines' host forward or back, by up to an hour."""
    (site.folder / CLOCK).write_text(f"{site.random.randint(-3600, 3600):+d}\n")
    await asyncio.sleep(0.7)


STORMS: Final[Mapping[str, Storm]] = {
    "kill": kill,
    "stop": stop,
    "freeze": freeze,
    "cut": cut,
    "terminate": terminate,
    "partition": partition,
    "restart": restart,
    "slow-disk": slow_disk,
    "full-disk": full_disk,
}
