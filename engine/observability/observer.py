"""Turns what the engine does into metrics and log entries."""

import logging
from collections.abc import Sequence
from functools import cached_property

import structlog
from structlog.typing import FilteringBoundLogger

from engine.language import HistoryEvent
from engine.language.history import ENTERED, EXITED
from engine.observability.metrics import Metrics
from engine.runtime import ExecutionInfo
from engine.runtime.observer import ScheduleOutcome

ENTRIES = frozenset(ENTERED.values())
EXITS = frozenset(EXITED.values())
FAILURES = frozenset({"TaskFailed", "TaskTimedOut", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"})

log = structlog.get_logger(source=__name__)


class MetricsObserver:
    """The engine's `Observer`: counts and logs, as logs are configured when it first has something to tell.

    What goes as it should is counted and, at the level debug, logged: a line costs as much as a state does.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @cached_property
    def _log(self) -> FilteringBoundLogger:
        logger: FilteringBoundLogger = log.bind()
        return logger

    @cached_property
    def _verbose(self) -> bool:
        return self._log.is_enabled_for(logging.DEBUG)

    def execution_started(self, execution: ExecutionInfo) -> None:
        """Log the start."""
        if self._verbose:
            self._log.debug("execution started", **_names(execution))

    def transition_committed(self, execution: ExecutionInfo, events: Sequence[HistoryEvent]) -> None:
        """Count the states entered and the failures."""
        left: dict[int, str] = {}
        for event in events:
            kind = event.type
            if kind in ENTRIES:
                self._metrics.state_entered(left.get(event.previous_id, ""), str(event.details.get("name", "")))
            elif kind in EXITS:
                left[event.id] = str(event.details.get("name", ""))
            elif kind in FAILURES:
                self._metrics.errors.labels(str(event.details.get("error") or kind)).inc()
        if self._verbose:
            self._log.debug("transition committed", events=[event.type for event in events], **_names(execution))

    def execution_finished(
        self, execution: ExecutionInfo, status: str, error: str | None, duration_seconds: float
    ) -> None:
        """Count and log the end."""
        self._metrics.execution_ended(status, execution.state_machine_name, duration_seconds)
        if status != "SUCCEEDED" or self._verbose:
            say = self._log.debug if status == "SUCCEEDED" else self._log.info
            seconds = round(duration_seconds, 3)
            say("execution finished", status=status, error=error, seconds=seconds, **_names(execution))

    def execution_taken_over(self, execution: ExecutionInfo) -> None:
        """Count and log the takeover."""
        self._metrics.takeovers.inc()
        self._log.info("execution taken over", **_names(execution))

    def task_finished(
        self, execution: ExecutionInfo, resource: str, error: str | None, duration_seconds: float
    ) -> None:
        """Measure the attempt, and log it when it failed."""
        self._metrics.task_ended(resource, duration_seconds)
        if error is not None:
            self._log.info("task failed", resource=resource, error=error, **_names(execution))

    def commit_round(self, executions: int, duration_seconds: float) -> None:
        """Measure the round."""
        self._metrics.commit(executions, duration_seconds)

    def schedule_settled(self, arn: str, outcome: ScheduleOutcome, late_seconds: float) -> None:
        """Count what became of a schedule's time, measure its lag, and log it."""
        self._metrics.schedule_settled(outcome, late_seconds)
        self._log.info("schedule settled", scheduleArn=arn, outcome=outcome, lateSeconds=round(late_seconds, 3))


def _names(execution: ExecutionInfo) -> dict[str, str]:
    """What every log entry about an execution carries."""
    return {
        "workflowId": execution.state_machine_name,
        "organizationId": execution.organization,
        "executionId": execution.arn,
        "correlationId": execution.name,
    }
