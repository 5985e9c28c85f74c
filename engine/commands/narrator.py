"""Prints what executions do, as it happens."""

import re
from collections.abc import Mapping, Sequence
from typing import TextIO

import msgspec

from engine.language import HistoryEvent
from engine.observability.metrics import Metrics
from engine.observability.observer import MetricsObserver
from engine.runtime import ExecutionInfo, ExecutionRecord

LONGEST_VALUE = 96
TASK_EVENT = re.compile(r"(?:Task|LambdaFunction|Activity|MapRun|Evaluation)(?P<what>[A-Z][A-Za-z]+)")


class Narrator(MetricsObserver):
    """An `Observer` that also writes one line for each thing that a person wants to follow."""

    def __init__(self, metrics: Metrics, out: TextIO) -> None:
        super().__init__(metrics)
        self._out = out

    def execution_started(self, execution: ExecutionInfo) -> None:
        """Say which execution it is."""
        super().execution_started(execution)
        self._write(f"{execution.state_machine_name} {execution.name} started")

    def transition_committed(self, execution: ExecutionInfo, events: Sequence[HistoryEvent]) -> None:
        """Say what each event was."""
        super().transition_committed(execution, events)
        for event in events:
            words = describe(event)
            if words:
                self._write(f"  {event.timestamp.astimezone():%H:%M:%S.%f}"[:-3] + f"  {words}")

    def execution_finished(
        self, execution: ExecutionInfo, status: str, error: str | None, duration_seconds: float
    ) -> None:
        """Say how it ended."""
        super().execution_finished(execution, status, error, duration_seconds)
        self._write(f"{execution.state_machine_name} {execution.name} {status} after {duration_seconds:.1f} s")

    def execution_taken_over(self, execution: ExecutionInfo) -> None:
        """Say that an execution of an earlier run goes on."""
        super().execution_taken_over(execution)
        self._write(f"{execution.state_machine_name} {execution.name} goes on")

    def _write(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()


def say_result(execution: ExecutionRecord, out: TextIO) -> None:
    """Write an execution's output, or its error."""
    if execution.output is not None:
        out.write(f"\nOutput\n{msgspec.json.format(execution.output, indent=2)}\n")
    elif execution.error is not None:
        out.write(f"\nError {execution.error}: {execution.cause or ''}\n")
    out.flush()


def describe(event: HistoryEvent) -> str | None:
    """An event in words; None for those that only repeat another."""
    details = event.details
    kind = event.type
    if kind.endswith("StateEntered"):
        return f"{details['name']}  entered ({kind.removesuffix('StateEntered')})"
    if kind.endswith("StateExited"):
        return f"{details['name']}  left"
    task = TASK_EVENT.fullmatch(kind)
    return None if task is None else _describe_task(task["what"], kind, details)


def _describe_task(what: str, kind: str, details: Mapping[str, object]) -> str | None:
    """What became of a task, a map run or an evaluation."""
    words = None
    match what:
        case "Scheduled":
            resource = ":".join(str(details[name]) for name in ("resourceType", "resource") if name in details)
            words = f"task {resource} {_short(details.get('parameters', details.get('input')))}"
        case "Submitted":
            words = f"submitted {_short(details.get('output'))}"
        case "Started" if "workerName" in details:
            words = f"taken by {details['workerName']}"
        case "Started" if "mapRunArn" in details:
            words = f"map run {details['mapRunArn']}"
        case "Succeeded" if "output" in details:
            words = f"result {_short(details['output'])}"
        case _ if what.endswith(("Failed", "TimedOut")):
            words = ": ".join(filter(None, (f"failed {details.get('error', kind)}", _short(details.get("cause")))))
    return words and f"    {words}"


def _short(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"
