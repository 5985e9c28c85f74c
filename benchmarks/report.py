"""The table that a run prints, and the same as JSON."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec

import engine
from benchmarks.figures import Figure, Ratio
from benchmarks.targets import Verdict

_WIDTH: Final = 56
_PACKAGES: Final = ("aiohttp", "asyncpg", "uvloop", "boto3")
_LOCKED: Final = ("restate-sdk", "dbos", "temporalio")


class Section(msgspec.Struct):
    """The figures of one database.

    Attributes:
        title: what is special about it.
        figures: what was measured.
        ratios: how the engine compares.
        targets: which targets are met.
        missing: sides that took no part, or failed, with the reason.
    """

    title: str
    figures: list[Figure]
    ratios: list[Ratio]
    targets: list[Verdict]
    missing: dict[str, str]


class Report(msgspec.Struct):
    """A whole run: the machine, the versions, the sections."""

    machine: dict[str, str]
    versions: dict[str, str]
    sections: list[Section]


def machine(data: Path) -> dict[str, str]:
    """What this machine is, how busy it was, and on which file system the sides keep their data."""
    found = {"system": platform.platform(), "cores": str(os.cpu_count())}
    found["data"] = f"{data} ({file_system(data)})"
    lines = _lines(Path("/proc/cpuinfo"), "model name") or [f": {platform.processor()}"]
    found["processor"] = lines[0].partition(":")[2].strip()
    if memory := _lines(Path("/proc/meminfo"), "MemTotal"):
        found["memory"] = f"{int(memory[0].split()[1]) / 1024**2:.0f} GiB"
    found["load before"] = " ".join(f"{load:.1f}" for load in os.getloadavg())
    return found


def file_system(path: Path) -> str:
    """The kind of file system that a path is on, as Linux calls it; empty where it doesn't tell."""
    mounts = [line.split() for line in _lines(Path("/proc/self/mounts"), "")]
    over = [(Path(place), kind) for _, place, kind, *_ in mounts if path.resolve().is_relative_to(place)]
    return max(over, key=lambda mount: len(mount[0].parts))[1] if over else ""


def versions(postgresql: str, locks: Path) -> dict[str, str]:
    """Versions of what took part, the peers' from their lock files."""
    found = {"engine": engine.__version__, "Python": platform.python_version(), "PostgreSQL": postgresql}
    found |= {name: version(name) for name in _PACKAGES}
    lines = (locks / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split()[0].split("==") for line in lines if "==" in line.split(";")[0])
    found |= {name: pinned[name] for name in _LOCKED}
    lock = msgspec.json.decode((locks / "package.json").read_bytes())
    return found | {name.rpartition("/")[2]: number for name, number in lock["dependencies"].items()}


def text(report: Report) -> Iterable[str]:
    """The report's lines, for people."""
    yield from (f"{name}: {value}" for name, value in report.machine.items())
    yield ", ".join(f"{name} {value}" for name, value in report.versions.items())
    for section in report.sections:
        yield ""
        yield section.title
        yield f"{'':{_WIDTH}}{'side':<12}{'unit':>6}{'min':>11}{'median':>11}{'max':>11}"
        yield from map(_line, section.figures)
        yield from (f"no figures of {side}: {reason}" for side, reason in section.missing.items())
        yield ""
        yield from map(_ratio, section.ratios)
        yield ""
        yield from (f"{'met' if target.met else 'MISSED':<8}{target.text}" for target in section.targets)


def _line(figure: Figure) -> str:
    shown = (min(figure.values), figure.median, max(figure.values)) if figure.values else ()
    cells = "".join(f"{_number(value):>11}" for value in shown)
    note = f"  {figure.note}" if figure.note else ""
    return f"{figure.workload:{_WIDTH}}{figure.side:<12}{figure.unit:>6}{cells}{note}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"  # noqa: PLR2004 - three digits either way


def _ratio(ratio: Ratio) -> str:
    return f"{ratio.workload:{_WIDTH}}{ratio.better} : {ratio.than} = {ratio.times:.2f} times as good"


def _lines(file: Path, start: str) -> Sequence[str]:
    if not file.exists():
        return []
    return [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith(start)]
