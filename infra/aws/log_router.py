"""The log router, by option: a container that takes the engine's log (FireLens) to CloudWatch and to OpenSearch.

CloudWatch goes on getting every line as it is, since alarms and autoscaling read it there; OpenSearch gets the line's
members and the task it came from. The image has to be AWS for Fluent Bit with its init process (a tag that starts with
`init-`), which fetches the configuration from a bucket of the stack. It costs the task some 100 MiB of memory, and what
OpenSearch asks.
"""

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from infra.aws.bucket import LockedBucket, LockedBucketArgs
from infra.aws.provider import Account
from infra.aws.roles import allow
from infra.aws.task_definition import Container, LogStream
from infra.settings import Settings
from infra.sidecar_settings import SidecarSettings

LOG_ROUTER = "log-router"
CONFIGURATION_KEY = "outputs.conf"
MEMORY = 100
"""MiB that are kept for it."""

_INIT = "aws_fluent_bit_init_s3_1"
"""Variable that tells the image's init process the ARN of the first configuration to include."""


@dataclass(frozen=True)
class LogRouter:
    """The ARN of the router's configuration, an object of a bucket."""

    configuration_arn: Output[str]

    def statements(self, settings: SidecarSettings) -> list[dict[str, object]]:
        """What the task role needs for it: its configuration, and the domain that it writes to."""
        bucket = self.configuration_arn.apply(lambda arn: arn.rsplit("/", 1)[0])
        return [
            allow(["s3:GetObject"], [self.configuration_arn]),
            allow(["s3:GetBucketLocation"], [bucket]),
            allow(["es:ESHttpPost", "es:ESHttpPut"], [f"{settings.search_domain_arn}/*"]),
        ]


def make_log_router(
    name: str, account: Account, settings: Settings, log_group: Input[str], opts: ResourceOptions
) -> LogRouter | None:
    """Put the router's configuration into a bucket; None where no image is named."""
    if not settings.sidecars.log_router_image:
        return None
    bucket = LockedBucket(
        name,
        LockedBucketArgs(writers=[], retention_days=None, force_destroy=True, partition=account.partition),
        opts,
    )
    written = Output.from_input(log_group).apply(
        lambda group: configuration(settings.sidecars, region=account.region, log_group=group)
    )
    aws.s3.BucketObjectv2(
        name, bucket=bucket.name, key=CONFIGURATION_KEY, content=written, content_type="text/plain", opts=opts
    )
    return LogRouter(Output.concat(f"arn:{account.partition}:s3:::", bucket.name, "/", CONFIGURATION_KEY))


def configuration(settings: SidecarSettings, *, region: str, log_group: str) -> str:
    """What Fluent Bit does with each record ("Amazon CloudWatch Logs" and "OpenSearch" of its manual)."""
    sections = [
        ("SERVICE", {"Parsers_File": "/fluent-bit/parsers/parsers.conf"}),
        (
            "FILTER",
            {
                "Name": "parser",
                "Match": "*",
                "Key_Name": "log",
                "Parser": "json",
                "Reserve_Data": "On",
                "Preserve_Key": "On",
            },
        ),
        (
            "OUTPUT",
            {
                "Name": "cloudwatch_logs",
                "Match": "*",
                "region": region,
                "log_group_name": log_group,
                "log_stream_prefix": "task/engine/",
                "log_key": "log",
            },
        ),
        (
            "OUTPUT",
            {
                "Name": "opensearch",
                "Match": "*",
                "Host": settings.search_host,
                "Port": "443",
                "tls": "On",
                "AWS_Auth": "On",
                "AWS_Region": region,
                "Index": settings.search_index,
                "Suppress_Type_Name": "On",
                "Retry_Limit": "5",
            },
        ),
    ]
    return "\n".join(_section(title, members) for title, members in sections)


def _section(title: str, members: dict[str, str]) -> str:
    return "\n".join([f"[{title}]", *(f"    {key} {value}" for key, value in members.items()), ""])


def log_router_container(image: str, configuration_arn: str, logs: LogStream) -> Container:
    """The router's container: root and with a file system that it can write to, as FireLens and its init need both."""
    return Container(
        name=LOG_ROUTER,
        image=image,
        command=(),
        essential=True,
        environment={_INIT: configuration_arn},
        secrets={},
        logs=logs,
        user="0",
        read_only=False,
        capabilities_dropped=False,
        routes_logs=True,
        memory_reservation=MEMORY,
    )
