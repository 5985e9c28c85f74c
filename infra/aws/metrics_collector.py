"""The metrics collector, by option: a container that scrapes the engine and writes to Managed Service for Prometheus.

The image has to be the AWS Distro for OpenTelemetry's collector. The workspace is the stack's own; the collector isn't
essential, so that metrics may fail and the engine goes on. A workspace costs by samples, about 0.90 USD for ten
million; the collector takes some 100 MiB of the task's memory.
"""

from dataclasses import dataclass

import pulumi_aws as aws
import yaml
from pulumi import Output, ResourceOptions

from infra.aws.provider import Account
from infra.aws.roles import allow
from infra.aws.task_definition import Container, LogStream
from infra.settings import Settings

METRICS_COLLECTOR = "metrics-collector"
SCRAPE_SECONDS = 60
MEMORY = 100
"""MiB that are kept for it."""

_CONFIGURATION = "AOT_CONFIG_CONTENT"
"""Variable with the collector's configuration."""


@dataclass(frozen=True)
class MetricsCollector:
    """The workspace that it writes to: its ARN, and the URL that takes samples."""

    workspace_arn: Output[str]
    write_url: Output[str]

    def statements(self) -> list[dict[str, object]]:
        """What the task role needs for it."""
        return [allow(["aps:RemoteWrite"], [self.workspace_arn])]


def make_metrics_collector(name: str, settings: Settings, opts: ResourceOptions) -> MetricsCollector | None:
    """Make the workspace; None where no image is named."""
    if not settings.sidecars.metrics_collector_image:
        return None
    workspace = aws.amp.Workspace(name, alias=name, opts=opts)
    return MetricsCollector(workspace.arn, Output.concat(workspace.prometheus_endpoint, "api/v1/remote_write"))


def configuration(account: Account, *, port: int, write_url: str) -> str:
    """The collector's configuration: scrape the engine beside it, sign what is sent on as the task's role."""
    scraped = {"job_name": "workflow", "scrape_interval": f"{SCRAPE_SECONDS}s"}
    target = {"static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
    return yaml.safe_dump(
        {
            "receivers": {"prometheus": {"config": {"scrape_configs": [{**scraped, **target}]}}},
            "processors": {"resourcedetection": {"detectors": ["env", "ecs"]}},
            "extensions": {"sigv4auth": {"region": account.region, "service": "aps"}},
            "exporters": {
                "prometheusremotewrite": {
                    "endpoint": write_url,
                    "auth": {"authenticator": "sigv4auth"},
                    "resource_to_telemetry_conversion": {"enabled": True},
                }
            },
            "service": {
                "extensions": ["sigv4auth"],
                "pipelines": {
                    "metrics": {
                        "receivers": ["prometheus"],
                        "processors": ["resourcedetection"],
                        "exporters": ["prometheusremotewrite"],
                    }
                },
            },
        }
    )


def metrics_collector_container(image: str, written: str, logs: LogStream) -> Container:
    """The collector's container; `written` is its configuration."""
    return Container(
        name=METRICS_COLLECTOR,
        image=image,
        command=(),
        essential=False,
        environment={_CONFIGURATION: written},
        secrets={},
        logs=logs,
        memory_reservation=MEMORY,
    )
