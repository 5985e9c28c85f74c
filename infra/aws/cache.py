"""The cache: ElastiCache for Redis in the data subnets, encrypted, for the engine's user and by way of the tasks alone.

It only speeds things: what is in it is in the database as well. A snapshot a day spares a lost one the cold start. With
two nodes or more they stand in different zones and one takes over from another. Its log and its slow commands go to log
groups.

A cache that an earlier program made with an auth token gets its users by the update that takes the token away (the
strategy `DELETE` of ModifyReplicationGroup), in place. Tasks of the earlier program whose logins are refused from then
on count requests by themselves until new ones take their place, which the same update starts.

Costs from about 12 USD (cache.t3.micro) to 160 USD (cache.r7g.large) a node and month.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.cache_users import make_users
from infra.ports import REDIS_PORT
from infra.settings import Settings

LOGS = ("engine-log", "slow-log")
"""The logs that ElastiCache delivers."""


@dataclass(frozen=True)
class CacheArgs:
    """What a cache needs to know; the password is that of the engine's user."""

    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    password: Input[str]
    settings: Settings
    key_arn: Input[str] | None = None


class Cache(ComponentResource):
    """The replication group; `endpoint` is host:port of the primary, `node_ids` what metrics are named by.

    `user_id` is the ID of the engine's user.
    """

    endpoint: Output[str]
    user_id: Output[str]
    node_ids: Sequence[Output[str]]

    def __init__(self, name: str, args: CacheArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Cache", name, None, opts)
        child = ResourceOptions(parent=self)
        settings = args.settings.cache
        replicated = settings.nodes > 1
        subnets = aws.elasticache.SubnetGroup(
            name, description="Data subnets", subnet_ids=list(args.subnet_ids), opts=child
        )
        policy = aws.elasticache.ParameterGroupParameterArgs(name="maxmemory-policy", value=settings.eviction_policy)
        parameters = aws.elasticache.ParameterGroup(
            name,
            family=parameter_family(settings.version),
            description="Eviction of the workflow cache",
            parameters=[policy],
            opts=child,
        )
        users = make_users(name, args.password, child)
        group = aws.elasticache.ReplicationGroup(
            name,
            description="Cache of the workflow engine",
            engine="redis",
            engine_version=settings.version,
            node_type=settings.node_type,
            num_cache_clusters=settings.nodes,
            automatic_failover_enabled=replicated,
            multi_az_enabled=replicated,
            port=REDIS_PORT,
            subnet_group_name=subnets.name,
            security_group_ids=[args.security_group_id],
            parameter_group_name=parameters.name,
            at_rest_encryption_enabled=True,
            kms_key_id=args.key_arn,
            transit_encryption_enabled=settings.tls,
            user_group_ids=[users.group_id],
            auth_token_update_strategy="DELETE",  # noqa: S106 a strategy
            auto_minor_version_upgrade=True,
            snapshot_retention_limit=settings.snapshot_days or None,
            log_delivery_configurations=self._logs(name, args, child) or None,
            apply_immediately=args.settings.stack.apply_immediately,
            # ElastiCache can't change the key of a group: another one would be a new, empty cache.
            opts=ResourceOptions(parent=self, ignore_changes=["kmsKeyId"]),
        )
        self.endpoint = Output.concat(group.primary_endpoint_address, f":{REDIS_PORT}")
        self.user_id = users.engine_id
        self.node_ids = [Output.concat(group.id, f"-{number:03}") for number in range(1, settings.nodes + 1)]
        self.register_outputs({"endpoint": self.endpoint, "userId": self.user_id, "nodeIds": self.node_ids})

    def _logs(
        self, name: str, args: CacheArgs, opts: ResourceOptions
    ) -> list[aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs]:
        """Where each log goes; nowhere where the settings ask for none."""
        if not args.settings.cache.log_delivery:
            return []
        days = args.settings.service.log_retention_days
        return [
            aws.elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
                destination=aws.cloudwatch.LogGroup(
                    f"{name}-{log}", retention_in_days=days, kms_key_id=args.key_arn, opts=opts
                ).name,
                destination_type="cloudwatch-logs",
                log_format="json",
                log_type=log,
            )
            for log in LOGS
        ]


def parameter_family(version: str) -> str:
    """The family that a version's parameter group belongs to (CreateCacheParameterGroup)."""
    major = version.split(".", maxsplit=1)[0]
    return "redis6.x" if major == "6" else f"redis{major}"
