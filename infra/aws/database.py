"""The database: RDS for PostgreSQL in the data subnets, encrypted, reachable by the tasks alone.

The parameter group forces TLS and holds the stack's tuning; memory settings stay what RDS derives from the instance
class. A major version alone (17) follows the minor ones that AWS rolls out, with a minor one (17.6) it stays. Its log
goes to a log group that is made before it, so that lines are kept as long as the stack's others and under its key.
In a standby it follows the other region's database instead, and serves once it is promoted (docs/operations.md).
Costs from about 15 USD a month (db.t3.micro, one zone) to 400 USD (db.r7g.large, two zones), and 0.12 USD a GB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.backup import backup_tag
from infra.data_store_settings import DatabaseSettings
from infra.ports import POSTGRESQL_PORT
from infra.settings import Settings

STATIC_PARAMETERS = frozenset({
    "autovacuum_freeze_max_age", "autovacuum_max_workers", "autovacuum_multixact_freeze_max_age",
    "autovacuum_worker_slots", "commit_timestamp_buffers", "huge_pages", "io_max_combine_limit",
    "io_max_concurrency", "io_method", "jit_provider", "max_active_replication_origins", "max_connections",
    "max_files_per_process", "max_locks_per_transaction", "max_logical_replication_workers",
    "max_notify_queue_pages", "max_pred_locks_per_transaction", "max_prepared_transactions",
    "max_replication_slots", "max_wal_senders", "max_worker_processes", "min_dynamic_shared_memory",
    "multixact_member_buffers", "multixact_offset_buffers", "notify_buffers", "old_snapshot_threshold",
    "pg_stat_statements.max", "rds.logical_replication", "reserved_connections", "serializable_buffers",
    "shared_buffers", "shared_preload_libraries", "subtransaction_buffers", "superuser_reserved_connections",
    "track_activity_query_size", "track_commit_timestamp", "transaction_buffers", "wal_buffers",
    "wal_decode_buffer_size",
})  # fmt: skip
"""Parameters that take effect when the database restarts ("Parameters for PostgreSQL" in the Amazon RDS User Guide)."""

LOGS = ("postgresql", "upgrade")
"""The logs that RDS for PostgreSQL can export."""

INSIGHT_DAYS = {"standard": 7, "advanced": 465}
"""How long Database Insights keeps what it sees: what is free, and what the advanced mode asks for."""


@dataclass(frozen=True)
class DatabaseArgs:
    """What a database needs to know."""

    subnet_ids: Sequence[Input[str]]
    security_group_id: Input[str]
    admin_password: Input[str] | None
    settings: Settings
    key_arn: Input[str] | None = None


class Database(ComponentResource):
    """The instance; `endpoint` is host:port, `identifier` what metrics are named by."""

    arn: Output[str]
    endpoint: Output[str]
    identifier: Output[str]
    parameter_group: Output[str]

    def __init__(self, name: str, args: DatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Database", name, None, opts)
        child = ResourceOptions(parent=self)
        settings, standby = args.settings.database, args.settings.standby
        subnets = aws.rds.SubnetGroup(
            name, description="Data subnets", subnet_ids=list(args.subnet_ids), tags={"Name": name}, opts=child
        )
        parameters = aws.rds.ParameterGroup(
            name,
            family=f"postgres{settings.version.split('.')[0]}",
            description="TLS and tuning of the workflow database",
            parameters=parameter_list(settings),
            opts=child,
        )
        named = name if standby.generation == 1 else f"{name}-{standby.generation}"
        logs = log_groups(named, args.settings, args.key_arn, child)
        instance = aws.rds.Instance(
            named,
            identifier=named,
            **origin(args),
            auto_minor_version_upgrade="." not in settings.version,
            allow_major_version_upgrade=True,
            apply_immediately=args.settings.stack.apply_immediately,
            instance_class=settings.instance_class,
            multi_az=settings.multi_az,
            storage_type="gp3",
            max_allocated_storage=settings.max_storage,
            storage_encrypted=True,
            kms_key_id=args.key_arn,
            port=POSTGRESQL_PORT,
            db_subnet_group_name=subnets.name,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            parameter_group_name=parameters.name,
            # The replica of another region has backups from its promotion on.
            backup_retention_period=None if standby.standby else settings.backup_days,
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=list(LOGS) if logs else None,
            **insights(settings, args.key_arn),
            deletion_protection=args.settings.stack.deletion_protection,
            skip_final_snapshot=not settings.final_snapshot,
            final_snapshot_identifier=Output.concat(subnets.name, "-final") if settings.final_snapshot else None,
            tags={"Name": named, **backup_tag(args.settings)},
            # Pulumi's protection says no before anything is touched; that of AWS, when the rest is gone already.
            # RDS can't change the key of an instance: another one would be a new, empty database. Nor can an instance
            # be given a source; the one that a standby is made after a failover with is kept beside it, not deleted.
            opts=ResourceOptions(
                parent=self,
                depends_on=logs,
                ignore_changes=["kmsKeyId", "password", "performanceInsightsKmsKeyId", "replicateSourceDb"],
                protect=args.settings.stack.deletion_protection,
                retain_on_delete=standby.paired,
            ),
        )
        self.arn = instance.arn
        self.endpoint = instance.endpoint
        self.identifier = instance.identifier
        self.parameter_group = parameters.name
        self.register_outputs({"endpoint": self.endpoint, "identifier": self.identifier})


class Origin(TypedDict, total=False):
    """What an instance begins as: an empty database, or all that another one holds."""

    engine: str
    engine_version: str
    allocated_storage: int
    db_name: str
    username: str
    password: Input[str] | None
    replicate_source_db: str


def origin(args: DatabaseArgs) -> Origin:
    """The database of the settings, or the replica of another region's: that has its version, users and size."""
    settings = args.settings.database
    if args.settings.standby.replica_of:
        return {"replicate_source_db": args.settings.standby.replica_of}
    return {
        "engine": "postgres",
        "engine_version": settings.version,
        "allocated_storage": settings.storage,
        "db_name": settings.name,
        "username": settings.admin_user,
        "password": args.admin_password,
    }


class Insights(TypedDict, total=False):
    """What an instance is told of Database Insights; nothing where there are none."""

    database_insights_mode: str
    performance_insights_enabled: bool
    performance_insights_kms_key_id: Input[str] | None
    performance_insights_retention_period: int


def insights(settings: DatabaseSettings, key_arn: Input[str] | None) -> Insights:
    """Database Insights in the mode that the stack has, encrypted with its key."""
    if settings.insights == "none":
        return {}
    return {
        "database_insights_mode": settings.insights,
        "performance_insights_enabled": True,
        "performance_insights_kms_key_id": key_arn,
        "performance_insights_retention_period": INSIGHT_DAYS[settings.insights],
    }


def log_groups(
    name: str, settings: Settings, key_arn: Input[str] | None, opts: ResourceOptions
) -> list[aws.cloudwatch.LogGroup]:
    """The groups that the logs of the instance `name` go to; none where they stay on it."""
    if not settings.database.log_exports:
        return []
    return [
        aws.cloudwatch.LogGroup(
            f"{name}-{log}",
            name=f"/aws/rds/instance/{name}/{log}",
            retention_in_days=settings.service.log_retention_days,
            kms_key_id=key_arn,
            opts=opts,
        )
        for log in LOGS
    ]


def parameter_list(settings: DatabaseSettings) -> list[aws.rds.ParameterGroupParameterArgs]:
    """The parameter group's content, by name."""
    parameters = {**settings.parameters, "rds.force_ssl": "1" if settings.tls else "0"}
    return [
        aws.rds.ParameterGroupParameterArgs(
            name=name, value=value, apply_method="pending-reboot" if name in STATIC_PARAMETERS else "immediate"
        )
        for name, value in sorted(parameters.items())
    ]
