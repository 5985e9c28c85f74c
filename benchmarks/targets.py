"""What the engine's figures should be, which of them are, and for the others what they can be at best."""

from __future__ import annotations

from typing import Final

import msgspec

from benchmarks.figures import ENGINE, FLOOR, Figure, Figures, times_better
from benchmarks.workloads import ALONE, NEAR, ONE_PASS, STEPS, WAITING

PEER: Final = "the fastest peer"


class Target(msgspec.Struct, frozen=True):
    """What a workload's median should be.

    Attributes:
        workload: whose.
        than: a side to compare with; None for a value alone.
        wanted: how many times better it should be than that side, or the value: of a rate the least, else the most.
    """

    workload: str
    than: str | None
    wanted: float


class Verdict(msgspec.Struct):
    """Whether a target is met, in words, with what the figure can be at best where it isn't."""

    met: bool
    text: str


TARGETS: Final = (
    Target(STEPS, PEER, 10),
    Target(STEPS, FLOOR, 0.5),
    Target(ALONE, PEER, 4),
    Target(ONE_PASS, None, 1_500),
    Target(WAITING, None, 2_048),
    Target(NEAR, None, 2_048),
)


def verdicts(figures: Figures) -> list[Verdict]:
    """Judge each target whose figures were measured."""
    judged = (_judged(target, figures) for target in TARGETS)
    return [verdict for verdict in judged if verdict is not None]


def _judged(target: Target, figures: Figures) -> Verdict | None:
    engine = figures.measured(target.workload, ENGINE)
    if engine is None:
        return None
    if target.than is None:
        met = engine.median >= target.wanted if engine.unit == "/s" else engine.median <= target.wanted
        found = f"{engine.median:,.0f} {engine.unit}, wanted {target.wanted:,.0f}"
    else:
        other = figures.fastest_peer(target.workload) if target.than == PEER else figures.measured(*_floor(target))
        if other is None:
            return None
        times = times_better(engine, other)
        met = times >= target.wanted
        found = f"{times:.2f} times as good as {other.side}, wanted {target.wanted:g}"
    limits = "" if met else "".join(f"; {limit}" for limit in _limits(engine, figures))
    return Verdict(met, f"{target.workload}: {found}{limits}")


def _floor(target: Target) -> tuple[str, str]:
    return target.workload, FLOOR


def _limits(engine: Figure, figures: Figures) -> list[str]:
    """Say what bounds a figure: the floor of the design, and what the engine's process does for each."""
    limits: list[str] = []
    floor = figures.measured(engine.workload, FLOOR)
    if floor is not None:
        limits.append(f"the {FLOOR}, which interprets nothing, has {floor.median:,.4g} {floor.unit}")
    spent = figures.measured(f"{engine.workload}, processor", ENGINE)
    if spent is not None:
        rate = 1e6 / spent.median
        limits.append(f"the engine's process takes {spent.median:,.0f} us for each, so one core does {rate:,.0f} /s")
    return limits
