"""Metrics made of the engine's log: lines of errors, and what the engine says of its queue once a minute.

A filter reads one field of JSON lines; each metric made so costs 0.30 USD a month.
"""

from dataclasses import dataclass
from typing import NamedTuple

import pulumi_aws as aws
from pulumi import ComponentResource, Input, ResourceOptions

LAG_LINE = "scheduler lag"
"""The message of the engine's line (engine/observability/lag.py)."""


class LogMetric(NamedTuple):
    """One metric: which lines count ("Filter pattern syntax for metric filters"), and the value that each gives."""

    name: str
    pattern: str
    value: str
    unit: str


LOG_METRICS = (
    LogMetric("ErrorLines", '{ $.level = "error" }', "1", "Count"),
    LogMetric("QueueLag", f'{{ $.message = "{LAG_LINE}" }}', "$.lagSeconds", "Seconds"),
    LogMetric("OutboxLag", "{ $.outboxLagSeconds >= 0 }", "$.outboxLagSeconds", "Seconds"),
    LogMetric("Backlog", f'{{ $.message = "{LAG_LINE}" }}', "$.backlog", "Count"),
)


@dataclass(frozen=True)
class LogMetricsArgs:
    """The log group to read, and the namespace to write to."""

    log_group_name: Input[str]
    namespace: str


class LogMetrics(ComponentResource):
    """A metric filter for each metric."""

    def __init__(self, name: str, args: LogMetricsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:LogMetrics", name, None, opts)
        for metric in LOG_METRICS:
            aws.cloudwatch.LogMetricFilter(
                f"{name}-{metric.name}",
                log_group_name=args.log_group_name,
                pattern=metric.pattern,
                metric_transformation=aws.cloudwatch.LogMetricFilterMetricTransformationArgs(
                    name=metric.name, namespace=args.namespace, value=metric.value, unit=metric.unit
                ),
                opts=ResourceOptions(parent=self),
            )
        self.register_outputs({})
