"""`python -m tests.reliability.crash --seconds 180 --seed 1`: breaks a cluster under load, and judges what is left."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from engine.runtime import EngineOptions
from engine.storage import open_storage
from tests.reliability.load import Load
from tests.reliability.oracle import Oracle, Verdict
from tests.reliability.site import Site, site
from tests.reliability.storms import STORMS, Storm
from tests.support.postgres import Databases, running_server

ENDS_SECONDS: Final = 180.0
_RUNS: Final = "select 1 from active_executions limit 1"
_EMPTY: Final = ("active_executions", "timers", "messages", "activity_tasks")


async def endure(place: Site, storms: Sequence[Storm], seconds: float, rate: float, name: str = "load") -> Verdict:
    """Let storms rage for so long under load, and judge what is left when everything has ended."""
    load = Load(place.cluster, place.folder, place.random, rate=rate, name=name)
    ended = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds + ENDS_SECONDS), load.serving():
            end = time.monotonic() + seconds
            async with load.going_on():
                while time.monotonic() < end:
                    await place.random.choice(list(storms))(place)
            while place.databases.execute(place.url, _RUNS):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.1)
        ended = True
    verdict = await judge(place, load)
    if not ended:
        verdict.problems.insert(0, f"not everything had ended {ENDS_SECONDS:g} s after the storm")
    return verdict


async def judge(place: Site, load: Load) -> Verdict:
    """Hold what the database says against what clients and handlers saw."""
    storage = open_storage(place.url, pool_size=2)
    await storage.open()
    try:
        verdict = await Oracle(storage, await storage.token_key(), EngineOptions()).judge("default", load.effects())
    finally:
        await storage.close()
    names = [row[0] for row in place.databases.execute(place.url, "select name from executions")]
    verdict.problems += [f"{name} was accepted and isn't there" for name in load.accepted.keys() - set(names)]
    for table in _EMPTY:
        [[left]] = place.databases.execute(place.url, f"select count(*) from {table}")
        if left:
            verdict.problems.append(f"{left} rows are left in {table}")
    return verdict


def main(arguments: Sequence[str]) -> int:
    """Run storms from the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability.crash", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=20, help="executions started a second")
    parser.add_argument("--engines", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where logs, side effects and the database are left")
    parser.add_argument("--storms", nargs="+", default=["kill"], choices=sorted(STORMS))
    options = parser.parse_args(arguments)
    verdict = asyncio.run(_run(options))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(verdict)).decode() + "\n")
    return 1 if verdict.problems else 0


async def _run(options: argparse.Namespace) -> Verdict:
    with tempfile.TemporaryDirectory() as name:
        folder = options.folder or Path(name)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
        with running_server(folder) as server, (databases := Databases(server)).migrated() as url:
            async with site(databases, url, folder, Random(options.seed), options.engines) as place:
                storms = [STORMS[storm] for storm in options.storms]
                return await endure(place, storms, options.seconds, options.rate)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
