"""Prometheus metrics."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from engine.observability.tallies import Distribution, Tally
from engine.runtime import EngineHealth

DURATION_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)


class Metrics:
    """The metrics of one engine process, in a registry of their own."""

    content_type = CONTENT_TYPE_PLAIN_0_0_4

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.last_commit_seconds = 0.0
        self._define_executions()
        self._define_process()

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an HTTP request by its route's pattern."""
        self.requests.counts[method, route, str(status)] += 1
        self.request_duration.observe((method, route), seconds)

    def state_entered(self, source: str, target: str) -> None:
        """Count the way from one state to another; the first state comes from nowhere, an empty name."""
        self.state_transitions.counts[source, target] += 1

    def execution_ended(self, status: str, machine: str, seconds: float) -> None:
        """Count the end of an execution and how long it took."""
        self.executions.counts[status, machine] += 1
        self.execution_duration.observe((machine,), seconds)

    def task_ended(self, resource: str, seconds: float) -> None:
        """Measure an attempt of a task."""
        self.task_duration.observe((resource,), seconds)

    def schedule_settled(self, outcome: str, late_seconds: float) -> None:
        """Count what became of a schedule's time, and measure how late it was."""
        self.schedules.labels(outcome).inc()
        self.schedule_lag.observe(late_seconds)

    def commit(self, executions: int, seconds: float) -> None:
        """Measure a round of the commit loop."""
        self.last_commit_seconds = seconds
        self.commit_size.observe(executions)
        self.commit_duration.observe(seconds)

    def health(self, health: EngineHealth) -> None:
        """Take over the figures that are only known when somebody asks."""
        self.instances_active.set(health.scheduler.active_executions)
        self.pending_timers.set(health.scheduler.pending_timers)
        self.queued_tasks.set(health.scheduler.queued_tasks)
        self.running_tasks.set(health.scheduler.running_tasks)
        self.database_up.set(health.database.up)
        self.leader.set(health.leader.leading)
        self.leader_term.set(health.leader.term or 0)
        if health.outbox is not None:
            self.outbox_pending.set(health.outbox.pending or 0)
            self.outbox_lag.set(health.outbox.lag_seconds or 0.0)

    def render(self) -> bytes:
        """All metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def _define_executions(self) -> None:
        registry = self.registry
        self.instances_active = Gauge(
            "workflow_instances_active", "Executions that this process holds and that aren't over.", registry=registry
        )
        self.state_transitions = Tally(
            "workflow_state_transition", "States entered.", ["from_state", "to_state"], registry=registry
        )
        self.errors = Counter(
            "workflow_error", "Attempts of tasks and executions that failed.", ["error_code"], registry=registry
        )
        self.executions = Tally(
            "workflow_executions", "Executions that ended.", ["status", "workflow_id"], registry=registry
        )
        self.execution_duration = Distribution(
            "workflow_duration_seconds",
            "How long executions took.",
            ["workflow_id"],
            bounds=DURATION_BUCKETS,
            registry=registry,
        )
        self.takeovers = Counter(
            "workflow_takeovers", "Executions taken over from processes that stopped.", registry=registry
        )
        self.task_duration = Distribution(
            "workflow_task_duration_seconds",
            "How long attempts of tasks took.",
            ["resource"],
            bounds=DURATION_BUCKETS,
            registry=registry,
        )

    def _define_process(self) -> None:
        registry = self.registry
        self.commit_duration = Histogram(
            "workflow_commit_duration_seconds",
            "How long rounds of the commit loop took.",
            buckets=REQUEST_BUCKETS,
            registry=registry,
        )
        self.commit_size = Histogram(
            "workflow_commit_executions",
            "Executions written in one round of the commit loop.",
            buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
            registry=registry,
        )
        self.pending_timers = Gauge("workflow_timers_pending", "Timers held in memory.", registry=registry)
        self.queued_tasks = Gauge("workflow_tasks_queued", "Tasks that wait for a free place.", registry=registry)
        self.running_tasks = Gauge("workflow_tasks_running", "Tasks that run now.", registry=registry)
        self.database_up = Gauge("workflow_database_up", "1 while the database answers.", registry=registry)
        self.leader = Gauge("workflow_leader", "1 while this process leads; one of a database does.", registry=registry)
        self.schedules = Counter(
            "workflow_schedules", "Times of schedules by what became of them.", ["outcome"], registry=registry
        )
        self.schedule_lag = Histogram(
            "workflow_schedule_lag_seconds",
            "How late times of schedules were dealt with, their flexible windows included.",
            buckets=DURATION_BUCKETS,
            registry=registry,
        )
        self.leader_term = Gauge(
            "workflow_leader_term", "The leader's term, as this process last heard of it.", registry=registry
        )
        self.outbox_pending = Gauge(
            "outbox_event_pending_total",
            "Events that wait to be published; the leader alone counts them, up to 100,000.",
            registry=registry,
        )
        self.outbox_lag = Gauge(
            "outbox_lag_seconds", "How long the first of those events has waited.", registry=registry
        )
        self.requests = Tally(
            "http_requests", "HTTP requests answered.", ["method", "route", "status"], registry=registry
        )
        self.request_duration = Distribution(
            "http_request_duration_seconds",
            "Time to answer an HTTP request.",
            ["method", "route"],
            bounds=REQUEST_BUCKETS,
            registry=registry,
        )
