"""The workloads, each done by every side that takes part in it, one round after the other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack

import msgspec

from benchmarks.contestants import Field
from benchmarks.driver import Contestant, Samples, SideError, Throughput
from benchmarks.figures import ENGINE, FLOOR, Figures, percentile
from benchmarks.sizes import Sizes
from tools.progress import say

STEPS = "a. three steps"
ALONE = "b. three steps, one at a time"
STARTS = "c. starts over HTTP"
DESCRIBES = "c. DescribeExecution over HTTP"
PARALLEL = "d. 100 parallel steps"
MAP = "d. Map of"
ONE_PASS = f"{STARTS}, one Pass"
WAITING = "e. waiting executions, due in an hour, memory of each"
NEAR = "e. waiting executions, due in a minute, memory of each"
LATE = "e. timers"
SHARED = "f. three steps"
EXPRESS = "g. EXPRESS, three steps"
_TURN_SECONDS = 0.02
_NEAR_SECONDS = 55
"""A little less than the timers' horizon (`EngineOptions.timer_horizon_seconds`): these are kept in memory."""


class Ready(msgspec.Struct):
    """What an engine says first: where its API is, and the ARNs of its machines."""

    address: tuple[str, int]
    machines: dict[str, str]


class Sent(msgspec.Struct):
    """How requests over HTTP went."""

    seconds: float
    cpu: float
    count: int
    refused: int
    latencies: list[float]


class Spent(msgspec.Struct):
    """Executions that an engine has ended and processor seconds that it has used, in all."""

    ended: int
    cpu: float


class Boto3(msgspec.Struct):
    """How starts by boto3 itself went, and the ARN of one."""

    seconds: float
    count: int
    execution: str


class _Grown(msgspec.Struct):
    bytes: float


def run_sides(field: Field, sizes: Sizes, figures: Figures, failed: dict[str, str]) -> None:
    """Workloads a, b and d by all sides in turn, then c and g by the engine.

    A side that fails is left out from then on and `failed` says why; raises `SideError` when it is the engine.
    """
    say("starting the sides")
    with ExitStack() as stack:
        engine = stack.enter_context(field.engine())
        ready = engine.receive(Ready)
        sides = [engine, *_started(stack, [field.floor(), *field.peers()], failed)]
        for round_number in range(sizes.rounds + 1):
            warm = round_number == 0
            say("warming up" if warm else f"three steps and parallel steps, round {round_number} of {sizes.rounds}")
            for side in list(sides):
                try:
                    _one_round(side, sizes, Figures() if warm else figures, shorter=10 if warm else 1)
                except SideError as error:
                    if side is engine:
                        raise
                    failed[side.name] = str(error)
                    sides.remove(side)
        for side in sides[1:]:
            side.__exit__(None, None, None)
        _express(engine, sizes, figures)
        load = stack.enter_context(field.load(*ready.address))
        load.receive(msgspec.Raw)
        _over_http(engine, load, ready, sizes, figures)


def _started(stack: ExitStack, sides: Sequence[Contestant], failed: dict[str, str]) -> list[Contestant]:
    started: list[Contestant] = []
    for side in sides:
        stack.enter_context(side)
    for side in sides:
        try:
            side.receive(msgspec.Raw)
            started.append(side)
        except SideError as error:
            failed[side.name] = str(error)
    return started


def _one_round(side: Contestant, sizes: Sizes, figures: Figures, *, shorter: int) -> None:
    ours = side.name in {ENGINE, FLOOR}
    count = (sizes.executions if ours else sizes.peer_executions) // shorter or 1
    done = side.throughput("three-steps", count, sizes.in_flight if ours else sizes.peer_in_flight)
    figures.add(STEPS, side.name, "/s", done.rate)
    if side.name == ENGINE:
        figures.add(f"{STEPS}, processor", side.name, "us", done.cpu / done.count * 1e6)
    alone = side.latencies("three-steps", sizes.sequential // shorter or 1)
    figures.add(ALONE, side.name, "ms", statistics.median(alone) * 1e3)
    figures.add(f"{ALONE}, p99", side.name, "ms", percentile(alone, 99) * 1e3)
    if side.name != FLOOR:
        wide = side.latencies("parallel", sizes.fan_outs)
        figures.add(PARALLEL, side.name, "ms", statistics.median(wide) * 1e3)
    if side.name == ENGINE and shorter == 1:
        for kind in ("express", "standard"):
            [seconds] = side.latencies(f"map-{kind}", 1)
            figures.add(f"{MAP} {sizes.items:,}, {kind.upper()} children", side.name, "ms", seconds * 1e3)


def _express(engine: Contestant, sizes: Sizes, figures: Figures) -> None:
    say("EXPRESS")
    for _ in range(sizes.rounds):
        figures.add(EXPRESS, ENGINE, "/s", engine.throughput("express", sizes.executions, sizes.in_flight).rate)
        alone = engine.latencies("express", sizes.sequential)
        figures.add(f"{EXPRESS}, one at a time", ENGINE, "ms", statistics.median(alone) * 1e3)


def _over_http(engine: Contestant, load: Contestant, ready: Ready, sizes: Sizes, figures: Figures) -> None:
    for job, what in (("pass", "one Pass"), ("three-steps", "three steps")):
        for round_number in range(sizes.rounds):
            say(f"starts over HTTP, {what}, round {round_number + 1} of {sizes.rounds}")
            sent, processor = _starts(engine, load, ready.machines[job], sizes)
            name = f"{STARTS}, {what}"
            figures.add(name, ENGINE, "/s", sent.count / sent.seconds)
            figures.add(f"{name}, processor", ENGINE, "us", processor * 1e6)
            figures.add(f"{name}, p99", ENGINE, "ms", percentile(sent.latencies, 99) * 1e3)
    machine = ready.machines["pass"]
    real = load.ask(Boto3, "boto3", machine=machine, count=sizes.boto3_starts, threads=4)
    figures.add(f"{STARTS}, by boto3 itself", ENGINE, "/s", real.count / real.seconds)
    figures.note(f"{STARTS}, by boto3 itself", ENGINE, "/s", "four threads; boto3 is the limit")
    for _ in range(sizes.rounds):
        before = engine.ask(Spent, "spent")
        asked = load.ask(Sent, "describes", execution=real.execution, count=sizes.starts, connections=sizes.connections)
        used = engine.ask(Spent, "spent").cpu - before.cpu
        figures.add(DESCRIBES, ENGINE, "/s", asked.count / asked.seconds)
        figures.add(f"{DESCRIBES}, processor", ENGINE, "us", used / asked.count * 1e6)


def _starts(engine: Contestant, load: Contestant, machine: str, sizes: Sizes) -> tuple[Sent, float]:
    """Start executions and wait for their ends; the engine's processor time for each, from request to end."""
    before = engine.ask(Spent, "spent")
    sent = load.ask(Sent, "starts", machine=machine, count=sizes.starts, connections=sizes.connections)
    if sent.refused:
        raise SideError(f"the engine refused {sent.refused} of {sent.count} starts over HTTP")
    while (after := engine.ask(Spent, "spent")).ended < before.ended + sent.count:
        time.sleep(_TURN_SECONDS)
    return sent, (after.cpu - before.cpu) / sent.count


def run_waiting(field: Field, sizes: Sizes, figures: Figures) -> None:
    """Workload e."""
    say(f"{sizes.waiting:,} executions that wait")
    with field.engine() as engine:
        engine.receive(Ready)
        engine.throughput("three-steps", min(sizes.executions, sizes.waiting), sizes.in_flight)
        grown = engine.ask(_Grown, "wait", count=sizes.waiting, seconds=3_600)
        figures.add(WAITING, ENGINE, "bytes", grown.bytes)
        say(f"{sizes.timers:,} timers beside them")
        late = engine.ask(Samples, "lateness", count=sizes.timers, seconds=sizes.timer_seconds).seconds
        figures.add(f"{LATE}, late by, p50", ENGINE, "ms", statistics.median(late) * 1e3)
        figures.add(f"{LATE}, late by, p99", ENGINE, "ms", percentile(late, 99) * 1e3)
        say(f"{sizes.waiting_near:,} executions that wait in memory")
        grown = engine.ask(_Grown, "wait", count=sizes.waiting_near, seconds=_NEAR_SECONDS)
        figures.add(NEAR, ENGINE, "bytes", grown.bytes)


def run_processes(field: Field, sizes: Sizes, figures: Figures) -> None:
    """Workload f: the same executions shared out among engines on one database."""
    for processes in sizes.processes:
        say(f"{processes} engine processes on one database")
        with ExitStack() as stack:
            url = field.new_database()
            engines = [
                stack.enter_context(field.engine_on(url, f"{ENGINE} {number} of {processes}"))
                for number in range(1, processes + 1)
            ]
            for engine in engines:
                engine.receive(Ready)
            for round_number in range(sizes.rounds + 1):
                seconds = _together(engines, sizes.executions, sizes.in_flight)
                if round_number:
                    name = f"{SHARED}, {processes} process{'es' if processes > 1 else ''}"
                    figures.add(name, ENGINE, "/s", sizes.executions // processes * processes / seconds)


def _together(engines: Sequence[Contestant], executions: int, in_flight: int) -> float:
    """Run executions on all engines at once; the seconds that the slowest took."""
    share = len(engines)
    for engine in engines:
        engine.send("throughput", job="three-steps", count=executions // share, in_flight=in_flight // share)
    return max(engine.receive(Throughput).seconds for engine in engines)
