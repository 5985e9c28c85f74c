"""Measures the engine beside its peers.

Usage: python -m benchmarks [--quick] [--with temporal] [--without-peers] [--directory DIR] [--json FILE]. The first run
installs the peers into `.tools/benchmarks`. See benchmarks/README.md for what is measured and how.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks import report
from benchmarks.contestants import Field
from benchmarks.database import Database, running_database
from benchmarks.driver import ROOT, SideError
from benchmarks.figures import ENGINE, PGBENCH, RESTATE, TEMPORAL, Figures
from benchmarks.peers.installing import Installed, install
from benchmarks.sizes import FULL, QUICK, TINY, Sizes
from benchmarks.targets import verdicts
from benchmarks.workloads import run_processes, run_sides, run_waiting
from tools.progress import say

SIZES = {"full": FULL, "quick": QUICK, "tiny": TINY}
LOCKS = Path(__file__).parent / "peers"
_CLIENTS = 32


def measure(sizes: Sizes, installed: Installed, folder: Path) -> report.Report:
    """Measure everything, on a database as fast as the disk under `folder` and on slower ones."""
    machine = report.machine(folder.parent)
    sections: list[report.Section] = []
    postgresql = ""
    for milliseconds in sizes.delays:
        say(f"PostgreSQL with {milliseconds} ms added to each commit")
        with running_database(folder / f"delay-{milliseconds}", commit_milliseconds=milliseconds) as database:
            postgresql = database.version
            field = Field(database, installed, folder / f"delay-{milliseconds}", sizes.items)
            sections.append(_section(milliseconds, machine["data"], sizes, field, database, dict(installed.missing)))
    return report.Report(machine, report.versions(postgresql, LOCKS), sections)


def _section(
    milliseconds: int, place: str, sizes: Sizes, field: Field, database: Database, missing: dict[str, str]
) -> report.Section:
    """What fails is said in the table, and the rest measured all the same."""
    figures = Figures()
    parts: dict[str, Callable[[], None]] = {
        "pgbench": lambda: _inserts(database, sizes, figures),
        "engine, a to d and g": lambda: run_sides(field, sizes, figures, missing),
        "engine, f": lambda: run_processes(field, sizes, figures),
    }
    if milliseconds == 0:
        parts["engine, e"] = lambda: run_waiting(field, sizes, figures)
    for name, part in parts.items():
        try:
            part()
        except SideError as error:
            say(f"{name}: {error}")
            missing[name] = str(error)
    if milliseconds == 0:
        return _told(f"PostgreSQL in {place}", figures, missing)
    for figure in figures.all:
        if figure.side in {RESTATE, TEMPORAL}:
            figure.note = "on a log of its own, without the delay"
    title = f"PostgreSQL in {place} with {milliseconds} ms added to each commit"
    return _told(title, figures, missing)


def _told(title: str, figures: Figures, missing: dict[str, str]) -> report.Section:
    return report.Section(title, figures.all, figures.ratios(), verdicts(figures), missing)


def _inserts(database: Database, sizes: Sizes, figures: Figures) -> None:
    for clients in (1, _CLIENTS):
        name = f"inserts of single rows, {clients} client{'s' if clients > 1 else ''}"
        figures.add(name, PGBENCH, "/s", database.insert_rate(clients, sizes.pgbench_rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.partition("\n")[0])
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="size", action="store_const", const="quick", help="a look, in about a minute")
    size.add_argument("--tiny", dest="size", action="store_const", const="tiny", help="whether it runs at all")
    parser.add_argument("--with", dest="more", choices=["temporal"], help="Temporal too, which is built first")
    parser.add_argument("--without-peers", action="store_true", help="the engine and the bare loop alone")
    parser.add_argument("--directory", type=Path, metavar="DIR", help="where all sides keep their data")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    return parser.parse_args()


def main() -> int:
    """Exit code 0 when all of the engine's figures are there."""
    given = _arguments()
    none = Installed(None, None, None, dict.fromkeys(("Restate", "DBOS", "Temporal"), "left out (--without-peers)"))
    installed = none if given.without_peers else install(ROOT, temporal=given.more == "temporal")
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=given.directory or _home()))
    try:
        made = measure(SIZES[given.size or "full"], installed, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write("\n" + "\n".join(report.text(made)) + "\n")
    if given.json is not None:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(made)) + b"\n")
    return any(name.startswith(ENGINE) for section in made.sections for name in section.missing)


def _home() -> Path:
    home = ROOT / ".tools" / "benchmarks"
    home.mkdir(parents=True, exist_ok=True)
    return home


if __name__ == "__main__":
    sys.exit(main())
