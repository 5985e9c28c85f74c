"""The cluster: Container Insights, what its tasks run on, and the record of commands that are run in them.

Tasks run on Fargate, and by option a share of them on Fargate Spot, which costs about a third and may be taken back
with two minutes' notice; the engine hands its executions over in that time. Every service says its share even where it
is none: a service can change its shares later, and can't change to them from a launch type. Commands run through ECS
Exec are written down, with their output, in a log group of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from infra.aws.roles import allow
from infra.compute_settings import ComputeSettings

ON_DEMAND = "FARGATE"
SPOT = "FARGATE_SPOT"


@dataclass(frozen=True)
class ClusterArgs:
    """What tasks run on, how many days the record of commands is kept, and the key that it is encrypted with."""

    settings: ComputeSettings
    log_retention_days: int
    key_arn: Input[str] | None = None


@dataclass(frozen=True)
class Cluster:
    """The cluster; `arn` is known once its capacity providers are there; `commands_log_arn` where commands are run."""

    arn: Output[str]
    name: Output[str]
    commands_log_arn: Output[str] | None


def make_cluster(name: str, args: ClusterArgs, opts: ResourceOptions) -> Cluster:
    """Make the cluster, the capacity providers that its services share out, and the commands' log group."""
    commands = _commands_log(name, args, opts) if args.settings.execute_command else None
    cluster = aws.ecs.Cluster(
        name,
        settings=[aws.ecs.ClusterSettingArgs(name="containerInsights", value="enabled")],
        configuration=None if commands is None else _recording(commands, encrypted=args.key_arn is not None),
        opts=opts,
    )
    providers = aws.ecs.ClusterCapacityProviders(
        name, cluster_name=cluster.name, capacity_providers=[ON_DEMAND, SPOT], opts=opts
    )
    ready = Output.all(cluster.arn, providers.id).apply(lambda made: str(made[0]))
    return Cluster(ready, cluster.name, None if commands is None else commands.arn)


def _commands_log(name: str, args: ClusterArgs, opts: ResourceOptions) -> aws.cloudwatch.LogGroup:
    return aws.cloudwatch.LogGroup(
        f"{name}-commands", retention_in_days=args.log_retention_days, kms_key_id=args.key_arn, opts=opts
    )


def _recording(commands: aws.cloudwatch.LogGroup, *, encrypted: bool) -> aws.ecs.ClusterConfigurationArgs:
    """Have ECS write what is run in containers, and its output, to a log group."""
    return aws.ecs.ClusterConfigurationArgs(
        execute_command_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationArgs(
            logging="OVERRIDE",
            log_configuration=aws.ecs.ClusterConfigurationExecuteCommandConfigurationLogConfigurationArgs(
                cloud_watch_log_group_name=commands.name, cloud_watch_encryption_enabled=encrypted
            ),
        )
    )


def capacity(settings: ComputeSettings) -> Sequence[aws.ecs.ServiceCapacityProviderStrategyArgs]:
    """How a service's tasks are shared out: some always on demand, and of the others a percentage on Spot."""
    shares = [
        aws.ecs.ServiceCapacityProviderStrategyArgs(
            capacity_provider=ON_DEMAND, base=settings.on_demand_tasks, weight=100 - settings.spot_percent
        )
    ]
    if settings.spot_percent:
        shares.append(
            aws.ecs.ServiceCapacityProviderStrategyArgs(capacity_provider=SPOT, base=0, weight=settings.spot_percent)
        )
    return shares


def run_commands(log_group_arn: Input[str]) -> list[dict[str, object]]:
    """The statements that ECS Exec needs: its channels, which have no names, and the commands' log group."""
    channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    written = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [
        # None of these, nor DescribeLogGroups, has a resource to name.
        allow([*(f"ssmmessages:{action}" for action in channels), "logs:DescribeLogGroups"], ["*"]),
        allow(written, [Output.concat(log_group_arn, ":*")]),
    ]
