"""Runs the engine under a steady load and tells whether it stays as it is.

Usage: python -m benchmarks.soak [--minutes 60] [--rate 200] [--json FILE]. Half of the executions take three steps, the
others wait for some seconds; memory, processor, tables and dead rows are sampled all the time. Exit code 1 unless all
is flat.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from benchmarks.contestants import Field
from benchmarks.database import running_database
from benchmarks.driver import ROOT, Contestant, SideError
from benchmarks.peers.installing import Installed
from benchmarks.workloads import Ready, Spent
from tools.progress import say

_SAMPLES: Final = 60
_WARM: Final = 0.25
_MEGABYTE: Final = 1024**2
_NOBODY: Final = Installed(None, None, None, {})

_TABLES: Final = """
select coalesce(sum(n_dead_tup), 0)::float8, coalesce(sum(n_live_tup), 0)::float8,
    (select sum(pg_total_relation_size(relid))::float8 from pg_stat_user_tables where relname = 'active_executions')
from pg_stat_user_tables
"""


class Sample(msgspec.Struct):
    """What the engine and its database were like.

    Attributes:
        seconds: since the load began.
        memory: the engine's, in bytes.
        processor: seconds of the processor for each execution since the last sample.
        dead, live: rows of all tables.
        active: bytes of the table that every transition writes to, with its indexes.
        ended: executions since the load began.
    """

    seconds: float
    memory: float
    processor: float
    dead: float
    live: float
    active: float
    ended: int


class Limit(msgspec.Struct, frozen=True):
    """What may grow by how much from the first to the last quarter of the samples after the warm-up.

    `spare` is what doesn't count, whatever it is a part of.
    """

    name: str
    value: Callable[[Sample], float]
    share: float
    spare: float


LIMITS: Final = (
    Limit("memory of the engine", lambda sample: sample.memory, 0.10, 16 * _MEGABYTE),
    Limit("processor of an execution", lambda sample: sample.processor, 0.25, 50e-6),
    Limit("dead rows of a live one", lambda sample: sample.dead / max(sample.live, 1), 0.25, 0.20),
    Limit("size of active_executions", lambda sample: sample.active, 0.25, 16 * _MEGABYTE),
)


class Resident(msgspec.Struct):
    """The engine's memory."""

    bytes: float


def soak(engine: Contestant, url: str, *, seconds: float, rate: float) -> list[Sample]:
    """Load an engine for so long and give the samples."""
    samples: list[Sample] = []
    each = seconds / _SAMPLES
    began, last = time.monotonic(), engine.ask(Spent, "spent")
    first = last.ended
    for number in range(1, _SAMPLES + 1):
        engine.ask(msgspec.Raw, "steady", seconds=each, rate=rate)
        spent, memory = engine.ask(Spent, "spent"), engine.ask(Resident, "resident").bytes
        processor = (spent.cpu - last.cpu) / max(spent.ended - last.ended, 1)
        with psycopg.connect(url, autocommit=True) as connection:
            dead, live, active = connection.execute(_TABLES).fetchall()[0]
        passed = time.monotonic() - began
        samples.append(Sample(passed, memory, processor, dead, live, active, spent.ended - first))
        last = spent
        if number % (_SAMPLES // 20) == 0:
            say(_line(samples[-1]))
    return samples


def verdict(samples: Sequence[Sample]) -> list[str]:
    """Say of each limit whether it is kept; a line that isn't begins with `GROWS`."""
    settled = samples[int(len(samples) * _WARM) :]
    quarter = max(1, len(settled) // 4)
    return [_judge(limit, settled[:quarter], settled[-quarter:]) for limit in LIMITS]


def _judge(limit: Limit, early: Sequence[Sample], late: Sequence[Sample]) -> str:
    before = sum(map(limit.value, early)) / len(early)
    after = sum(map(limit.value, late)) / len(late)
    flat = after <= before * (1 + limit.share) + limit.spare
    return f"{'flat ' if flat else 'GROWS'} {limit.name}: {before:,.6g} at first, {after:,.6g} at last"


def _line(sample: Sample) -> str:
    return (
        f"{sample.seconds / 60:6.1f} min  {sample.ended:>9,} executions  {sample.memory / _MEGABYTE:7.1f} MiB  "
        f"{sample.processor * 1e6:6.0f} us each  {sample.dead:>9,.0f} dead of {sample.live:>11,.0f} rows  "
        f"active_executions {sample.active / _MEGABYTE:.1f} MiB"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--rate", type=float, default=200.0, help="executions a second (200)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the samples there")
    return parser.parse_args()


def main() -> int:
    """Exit code 0 when all is flat."""
    given = _arguments()
    home = ROOT / ".tools" / "benchmarks"
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="soak-", dir=home))
    try:
        with running_database(folder) as database:
            field = Field(database, _NOBODY, folder, items=1)
            url = field.new_database()
            with field.engine_on(url) as engine:
                engine.receive(Ready)
                samples = soak(engine, url, seconds=given.minutes * 60, rate=given.rate)
    except SideError as error:
        sys.stderr.write(f"soak: {error}\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    lines = verdict(samples)
    sys.stdout.write("\n".join(lines) + "\n")
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(samples)) + b"\n")
    return any(line.startswith("GROWS") for line in lines)


if __name__ == "__main__":
    sys.exit(main())
