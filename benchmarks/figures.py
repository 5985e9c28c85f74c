"""What was measured: the figures of each workload and side, and how they compare."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

Unit = Literal["/s", "ms", "us", "bytes", "s"]

ENGINE: Final = "engine"
FLOOR: Final = "bare loop"
RESTATE: Final = "Restate"
DBOS: Final = "DBOS"
TEMPORAL: Final = "Temporal"
PGBENCH: Final = "pgbench"
PEERS: Final = (RESTATE, DBOS, TEMPORAL)


class Figure(msgspec.Struct):
    """One line of the table.

    Attributes:
        workload: what was done.
        side: who did it.
        unit: of the values; rates are better when higher, all others when lower.
        values: one for each round; empty where there is none.
        note: why there is none, or what else there is to say.
    """

    workload: str
    side: str
    unit: Unit
    values: list[float]
    note: str = ""

    @property
    def median(self) -> float:
        """The median round. Raises StatisticsError where there is none."""
        return statistics.median(self.values)


class Ratio(msgspec.Struct):
    """How many times better one side's median is than another's: above 1 it is better."""

    workload: str
    better: str
    than: str
    times: float


class Figures:
    """Collects figures, a value at a time, in the order in which they first come."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], Figure] = {}

    def add(self, workload: str, side: str, unit: Unit, value: float) -> None:
        """Add a round's value."""
        self._line(workload, side, unit).values.append(value)

    def note(self, workload: str, side: str, unit: Unit, note: str) -> None:
        """Say something about a line, which need not have values."""
        self._line(workload, side, unit).note = note

    @property
    def all(self) -> list[Figure]:
        """All lines."""
        return list(self._lines.values())

    def ratios(self) -> list[Ratio]:
        """The engine against the fastest peer and against the floor, for each workload that has both."""
        found: list[Ratio] = []
        for workload in dict.fromkeys(workload for workload, _ in self._lines):
            engine = self.measured(workload, ENGINE)
            others = filter(None, (self.fastest_peer(workload), self.measured(workload, FLOOR)))
            if engine is not None:
                found.extend(Ratio(workload, ENGINE, other.side, times_better(engine, other)) for other in others)
        return found

    def fastest_peer(self, workload: str) -> Figure | None:
        """Give the line of the peer that does it best."""
        peers = [line for peer in PEERS if (line := self.measured(workload, peer)) is not None]
        return _best(peers) if peers else None

    def _line(self, workload: str, side: str, unit: Unit) -> Figure:
        return self._lines.setdefault((workload, side), Figure(workload, side, unit, []))

    def measured(self, workload: str, side: str) -> Figure | None:
        """Give a line that has values."""
        line = self._lines.get((workload, side))
        return line if line is not None and line.values else None


def times_better(one: Figure, other: Figure) -> float:
    """By how much one side's median beats another's of the same unit."""
    return one.median / other.median if one.unit == "/s" else other.median / one.median


def percentile(values: Sequence[float], percent: float) -> float:
    """Give the value that so many percent of all don't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def _best(lines: Sequence[Figure]) -> Figure:
    return max(lines, key=lambda line: line.median if line.unit == "/s" else -line.median)
