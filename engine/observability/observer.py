"""Turns what the engine does into metrics and log entries."""

from collections.abc import Sequence

import structlog

from engine.language import HistoryEvent
from engine.observability.metrics import Metrics
from engine.runtime import ExecutionInfo

FAILURES = ("TaskFailed", "TaskTimedOut", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")

log = structlog.get_logger(source=__name__)


class MetricsObserver:
    """The engine's `Observer`: counts and logs."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def execution_started(self, execution: ExecutionInfo) -> None:
        """Log the start."""
        log.info("execution started", **_names(execution))

    def transition_committed(self, execution: ExecutionInfo, events: Sequence[HistoryEvent]) -> None:
        """Count the states entered and the failures."""
        left = {event.id: str(event.details.get("name", "")) for event in events if event.type.endswith("StateExited")}
        for event in events:
            if event.type.endswith("StateEntered"):
                source = left.get(event.previous_id, "")
                self._metrics.state_transitions.labels(source, str(event.details.get("name", ""))).inc()
            elif event.type in FAILURES:
                self._metrics.errors.labels(str(event.details.get("error") or event.type)).inc()
        log.debug("transition committed", events=[event.type for event in events], **_names(execution))

    def execution_finished(
        self, execution: ExecutionInfo, status: str, error: str | None, duration_seconds: float
    ) -> None:
        """Count and log the end."""
        self._metrics.executions.labels(status, execution.state_machine_name).inc()
        self._metrics.execution_duration.labels(execution.state_machine_name).observe(duration_seconds)
        seconds = round(duration_seconds, 3)
        log.info("execution finished", status=status, error=error, seconds=seconds, **_names(execution))

    def execution_taken_over(self, execution: ExecutionInfo) -> None:
        """Count and log the takeover."""
        self._metrics.takeovers.inc()
        log.info("execution taken over", **_names(execution))

    def task_finished(
        self, execution: ExecutionInfo, resource: str, error: str | None, duration_seconds: float
    ) -> None:
        """Measure the attempt, and log it when it failed."""
        self._metrics.task_duration.labels(resource).observe(duration_seconds)
        if error is not None:
            log.info("task failed", resource=resource, error=error, **_names(execution))

    def commit_round(self, executions: int, duration_seconds: float) -> None:
        """Measure the round."""
        self._metrics.commit(executions, duration_seconds)


def _names(execution: ExecutionInfo) -> dict[str, str]:
    """What every log entry about an execution carries."""
    return {
        "workflowId": execution.state_machine_name,
        "organizationId": execution.organization,
        "executionId": execution.arn,
        "correlationId": execution.name,
    }
