"""The containers beside the engine's that the stack's options ask for, with what they need in the account."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input, Output, ResourceOptions

from infra.aws import metrics_collector
from infra.aws.log_router import LogRouter, log_router_container, make_log_router
from infra.aws.metrics_collector import MetricsCollector, make_metrics_collector, metrics_collector_container
from infra.aws.provider import Account
from infra.aws.task_definition import Container, LogStream
from infra.settings import Settings

_REGISTRY = re.compile(r"^(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[a-z.]+/(?P<name>[^:@]+)[:@]")


@dataclass(frozen=True)
class Sidecars:
    """What was made for the sidecars; None for one that isn't there."""

    router: LogRouter | None
    collector: MetricsCollector | None

    def statements(self, settings: Settings) -> list[dict[str, object]]:
        """What the task role needs for them."""
        router = self.router.statements(settings.sidecars) if self.router else []
        return [*router, *(self.collector.statements() if self.collector else [])]

    def addresses(self) -> Mapping[str, Output[str] | None]:
        """What their containers are to know, once it is there."""
        return {
            "configuration_arn": self.router.configuration_arn if self.router else None,
            "write_url": self.collector.write_url if self.collector else None,
        }


def make_sidecars(
    name: str, account: Account, settings: Settings, log_group: Input[str], opts: ResourceOptions
) -> Sidecars:
    """Make what the sidecars that are asked for need."""
    return Sidecars(
        make_log_router(f"{name}-log-router", account, settings, log_group, opts),
        make_metrics_collector(f"{name}-metrics", settings, opts),
    )


def repository_arns(account: Account, images: Sequence[str]) -> list[str]:
    """The repositories of Amazon ECR among the images', which the execution role has to be let into."""
    found = (_REGISTRY.match(image) for image in images)
    return [
        f"arn:{account.partition}:ecr:{match['region']}:{match['account']}:repository/{match['name']}"
        for match in found
        if match
    ]


def sidecar_containers(
    settings: Settings, account: Account, logs: LogStream, *, configuration_arn: str | None, write_url: str | None
) -> list[Container]:
    """The sidecars' containers, from what `Sidecars.addresses` turned out to be."""
    containers: list[Container] = []
    if configuration_arn is not None:
        containers.append(log_router_container(settings.sidecars.log_router_image, configuration_arn, logs))
    if write_url is not None:
        port = settings.service.management_port
        written = metrics_collector.configuration(account, port=port, write_url=write_url)
        containers.append(metrics_collector_container(settings.sidecars.metrics_collector_image, written, logs))
    return containers
