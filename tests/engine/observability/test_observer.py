"""What the engine does, as metrics and in words."""

import io
import logging
from datetime import UTC, datetime

import pytest
import structlog
from prometheus_client import CollectorRegistry

from engine.commands.narrator import Narrator, describe
from engine.language import HistoryEvent
from engine.observability.metrics import Metrics
from engine.observability.observer import MetricsObserver
from engine.runtime import ExecutionInfo, Observer

NOW = datetime(2026, 3, 1, 12, 0, 5, 250_000, tzinfo=UTC)
EXECUTION = ExecutionInfo(
    arn="arn:aws:states:us-east-1:000000000000:execution:orders:o-1",
    name="o-1",
    state_machine_arn="arn:aws:states:us-east-1:000000000000:stateMachine:orders",
    state_machine_name="orders",
    state_machine_version=1,
    organization="acme",
    started_at=NOW,
)


def event(number: int, kind: str, previous: int = 0, **details: object) -> HistoryEvent:
    return HistoryEvent(number, previous, kind, NOW, details)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, labels)


def test_states_entered(metrics: Metrics) -> None:
    observer: Observer = MetricsObserver(metrics)
    observer.transition_committed(
        EXECUTION,
        [
            event(1, "ExecutionStarted"),
            event(2, "TaskStateEntered", 1, name="Charge"),
            event(3, "TaskStateExited", 2, name="Charge"),
            event(4, "PassStateEntered", 3, name="Done"),
        ],
    )
    name = "workflow_state_transition_total"
    assert value(metrics.registry, name, from_state="", to_state="Charge") == 1
    assert value(metrics.registry, name, from_state="Charge", to_state="Done") == 1


def test_failures(metrics: Metrics) -> None:
    observer = MetricsObserver(metrics)
    failed = event(5, "TaskFailed", error="CardDeclined", cause="no money")
    observer.transition_committed(EXECUTION, [failed, event(6, "ExecutionTimedOut")])
    assert value(metrics.registry, "workflow_error_total", error_code="CardDeclined") == 1
    assert value(metrics.registry, "workflow_error_total", error_code="ExecutionTimedOut") == 1


def test_ends_takeovers_tasks_and_commits(metrics: Metrics) -> None:
    observer = MetricsObserver(metrics)
    observer.execution_started(EXECUTION)
    observer.execution_finished(EXECUTION, "SUCCEEDED", None, 2.0)
    observer.execution_taken_over(EXECUTION)
    observer.task_finished(EXECUTION, "handler:charge", "CardDeclined", 0.2)
    observer.commit_round(7, 0.004)
    registry = metrics.registry
    assert value(registry, "workflow_executions_total", status="SUCCEEDED", workflow_id="orders") == 1
    assert value(registry, "workflow_duration_seconds_bucket", workflow_id="orders", le="2.5") == 1
    assert value(registry, "workflow_duration_seconds_bucket", workflow_id="orders", le="1.0") == 0
    assert value(registry, "workflow_takeovers_total") == 1
    assert value(registry, "workflow_task_duration_seconds_count", resource="handler:charge") == 1
    assert value(registry, "workflow_commit_executions_sum") == 7
    assert metrics.last_commit_seconds == 0.004


@pytest.mark.parametrize(
    ("level", "status", "said"),
    [
        (logging.INFO, "SUCCEEDED", []),
        (logging.INFO, "FAILED", ["execution finished"]),
        (logging.DEBUG, "SUCCEEDED", ["execution started", "execution finished"]),
    ],
)
def test_what_goes_well_is_logged_at_debug_alone(metrics: Metrics, level: int, status: str, said: list[str]) -> None:
    entries: list[str] = []

    def keep(_: object, __: str, event: structlog.typing.EventDict) -> str:
        entries.append(str(event["event"]))
        raise structlog.DropEvent

    observer = MetricsObserver(metrics)  # logs needn't be configured yet
    structlog.configure(processors=[keep], wrapper_class=structlog.make_filtering_bound_logger(level))
    observer.execution_started(EXECUTION)
    observer.execution_finished(EXECUTION, status, None, 2.0)
    assert entries == said


def test_every_metric_says_what_it_is(metrics: Metrics) -> None:
    assert all(family.documentation for family in metrics.registry.collect())


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (event(2, "TaskStateEntered", name="Charge"), "Charge  entered (Task)"),
        (event(2, "TaskStateExited", name="Charge"), "Charge  left"),
        (
            event(3, "TaskScheduled", resourceType="handler", resource="charge", parameters='{"a":1}'),
            '    task handler:charge {"a":1}',
        ),
        (event(3, "TaskSucceeded", output="x" * 200), f"    result {'x' * 95}…"),
        (event(3, "TaskFailed", error="E", cause="two\nlines"), "    failed E: two lines"),
        (event(3, "TaskTimedOut"), "    failed TaskTimedOut"),
        (event(4, "ExecutionSucceeded"), None),
    ],
)
def test_events_in_words(seen: HistoryEvent, words: str | None) -> None:
    assert describe(seen) == words


def test_the_narrator_follows_an_execution(metrics: Metrics) -> None:
    out = io.StringIO()
    narrator = Narrator(metrics, out)
    narrator.execution_started(EXECUTION)
    narrator.transition_committed(EXECUTION, [event(2, "TaskStateEntered", name="Charge")])
    narrator.execution_taken_over(EXECUTION)
    narrator.execution_finished(EXECUTION, "FAILED", "E", 1.26)
    first, second, *rest = out.getvalue().splitlines()
    assert first == "orders o-1 started"
    assert second.endswith(":05.250  Charge  entered (Task)")
    assert rest == ["orders o-1 goes on", "orders o-1 FAILED after 1.3 s"]
    assert value(metrics.registry, "workflow_executions_total", status="FAILED", workflow_id="orders") == 1


def test_schedules(metrics: Metrics) -> None:
    observer = MetricsObserver(metrics)
    observer.schedule_settled("arn:aws:scheduler:us-east-1:000000000000:schedule/default/n", "started", 0.3)
    observer.schedule_settled("arn:aws:scheduler:us-east-1:000000000000:schedule/default/n", "skipped", 2.0)
    assert value(metrics.registry, "workflow_schedules_total", outcome="started") == 1
    assert value(metrics.registry, "workflow_schedules_total", outcome="skipped") == 1
    assert value(metrics.registry, "workflow_schedule_lag_seconds_sum") == 2.3
