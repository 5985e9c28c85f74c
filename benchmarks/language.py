"""How fast the language alone is: no storage, no network, no event loop.

Usage: ``python -m benchmarks.language [--seconds S] [--rounds N] [--only TEXT] [--profile]``

The first table counts transitions, which are entries into a state; the second whole executions. Each round runs one
machine again and again for the given time of the processor; snapshots and history events are written between the steps,
as an engine that keeps them does.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

import msgspec

from benchmarks.workflows import ORDER, JsonObject, workflows
from engine.language import (
    Command,
    Event,
    ExecutionContext,
    RunTask,
    SnapshotWriter,
    StartTimer,
    StateMachine,
    TaskFailed,
    TaskSucceeded,
    TimerFired,
    Transition,
    advance,
    parse,
    start,
)

NOW: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CONTEXT: Final = ExecutionContext(
    "arn:aws:states:us-east-1:123456789012:execution:bench:run",
    "run",
    "arn:aws:states:us-east-1:123456789012:stateMachine:bench",
    "bench",
    "arn:aws:iam::123456789012:role/bench",
    NOW,
    ORDER,
)
_SHOWN: Final = 25
_WAYS: Final = 100
_FAILING: Final = "handler:failing"
_ENCODER: Final = msgspec.json.Encoder()


def executions() -> dict[tuple[str, str], JsonObject]:
    """Give the machines whose whole executions count, by query language and name."""
    made: dict[tuple[str, str], JsonObject] = {}
    for language in ("JSONPath", "JSONata"):
        task: JsonObject = {"Type": "Task", "Resource": "handler:charge"}
        three: JsonObject = {"A": {**task, "Next": "B"}, "B": {**task, "Next": "C"}, "C": {**task, "End": True}}
        made[language, "three tasks"] = {"QueryLanguage": language, "StartAt": "A", "States": three}
        for name, inner in _inner(task).items():
            made[language, f"Map of {_WAYS}, {name}"] = _map(language, inner)
            made[language, f"Parallel of {_WAYS}, {name}"] = _alone(language, _parallel(inner))
        retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 20}]
        caught = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
        failing: JsonObject = {**task, "Resource": _FAILING, "Retry": retry, "Catch": caught}
        made[language, "20 retries"] = _alone(language, failing, Caught={"Type": "Succeed"})
    return made


def _alone(language: str, state: JsonObject, **others: JsonObject) -> JsonObject:
    return {"QueryLanguage": language, "StartAt": "S", "States": {"S": {**state, "End": True}, **others}}


def _inner(task: JsonObject) -> dict[str, JsonObject]:
    return {"Pass": {"Type": "Pass"}, "Task": task}


def _map(language: str, inner: JsonObject) -> JsonObject:
    processor = {"StartAt": "I", "States": {"I": {**inner, "End": True}}}
    items = list(range(_WAYS))
    each: JsonObject = {"Type": "Map", "ItemProcessor": processor}
    if language == "JSONata":
        return _alone(language, {**each, "Items": items})
    states = {"P": {"Type": "Pass", "Result": items, "Next": "S"}, "S": {**each, "End": True}}
    return {"QueryLanguage": language, "StartAt": "P", "States": states}


def _parallel(inner: JsonObject) -> JsonObject:
    branches = [{"StartAt": f"I{i}", "States": {f"I{i}": {**inner, "End": True}}} for i in range(_WAYS)]
    return {"Type": "Parallel", "Branches": branches}


def run(machine: StateMachine) -> int:
    """Run an execution to its end, answering every task and timer at once; give how many states it entered."""
    transition = start(machine, CONTEXT, NOW)
    entered = _entries(transition)
    now, writer = NOW, SnapshotWriter()
    waiting: deque[Command] = deque(transition.commands)
    while waiting:
        answer = _answer(waiting.popleft())
        if answer is None:
            continue
        event, now = answer[0], max(now, answer[1])
        writer.write(transition.snapshot)
        _ENCODER.encode(transition.history)
        transition = advance(machine, CONTEXT, transition.snapshot, event, now)
        entered += _entries(transition)
        waiting.extend(transition.commands)
    return entered


def _answer(command: Command) -> tuple[Event, datetime] | None:
    if isinstance(command, RunTask):
        if command.resource == _FAILING:
            return TaskFailed(command.task_id, "Failed", "It fails always.", NOW), NOW
        return TaskSucceeded(command.task_id, {"ok": True}, NOW), NOW
    if isinstance(command, StartTimer):
        return TimerFired(command.timer_id), command.due
    return None


def _entries(transition: Transition) -> int:
    return sum(event.type.endswith("StateEntered") for event in transition.history)


def _whole(machine: StateMachine) -> int:
    """Run an execution to its end; give 1."""
    run(machine)
    return 1


def rates(
    machine: StateMachine, *, seconds: float, rounds: int, count: Callable[[StateMachine], int] = run
) -> list[float]:
    """Give what ``count`` counts in a run, a second, one figure for each round: transitions if nothing else."""
    count(machine)
    return [_rate(machine, count, seconds) for _ in range(rounds)]


def _rate(machine: StateMachine, count: Callable[[StateMachine], int], seconds: float) -> float:
    counted = 0
    began = time.process_time()
    while (taken := time.process_time() - began) < seconds:
        counted += count(machine)
    return counted / taken


def _profile(machines: Iterable[StateMachine], seconds: float) -> None:
    profiler = cProfile.Profile()
    for machine in machines:
        run(machine)
        profiler.enable()
        _rate(machine, run, seconds)
        profiler.disable()
    pstats.Stats(profiler, stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(_SHOWN)


def _table(
    title: str,
    chosen: dict[tuple[str, str], JsonObject],
    count: Callable[[StateMachine], int],
    seconds: float,
    rounds: int,
) -> None:
    if chosen:
        _say(f"{title:36}{'min':>10}{'median':>10}{'max':>10}\n")
    for (language, name), definition in chosen.items():
        found = rates(parse(definition), seconds=seconds, rounds=rounds, count=count)
        figures = "".join(f"{figure:>10,.0f}" for figure in (min(found), statistics.median(found), max(found)))
        _say(f"{language:10}{name:26}{figures}\n")


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def main() -> None:
    """Measure, and print a table or a profile."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=0.5, help="how much time of the processor a round takes (0.5)")
    parser.add_argument("--rounds", type=int, default=5, help="how many rounds there are (5)")
    parser.add_argument("--only", default="", help="only machines with this in their language and name")
    parser.add_argument("--profile", action="store_true", help="show where the time goes instead of the table")
    given = parser.parse_args()
    states, whole = _named(workflows(), given.only), _named(executions(), given.only)
    if not states and not whole:
        parser.error(f"no machine has {given.only!r} in its language and name")
    if given.profile:
        _profile([parse(definition) for definition in (*states.values(), *whole.values())], given.seconds)
        return
    _table("transitions a second", states, run, given.seconds, given.rounds)
    _table("executions a second", whole, _whole, given.seconds, given.rounds)


def _named(machines: dict[tuple[str, str], JsonObject], text: str) -> dict[tuple[str, str], JsonObject]:
    """Give those machines that have ``text`` in their language and name."""
    return {key: definition for key, definition in machines.items() if text.lower() in " ".join(key).lower()}


if __name__ == "__main__":
    main()
