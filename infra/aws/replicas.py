"""Read replicas of the database, by option: further instances that follow it and answer what need not be the latest.

The engine asks them for lists and histories once they have caught up, and the primary where they haven't. Each is in
one zone, in the same subnets, behind the same security group and with the same parameters; it holds nothing that the
primary doesn't, so it goes without a snapshot and can be taken away while the database is protected. One costs what a
primary of its class in one zone does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.database import LOGS, Database, insights, log_groups
from infra.settings import Settings


@dataclass(frozen=True)
class ReplicasArgs:
    """What the replicas follow, and where they stand."""

    database: Database
    security_group_id: Input[str]
    settings: Settings
    key_arn: Input[str] | None = None


class Replicas(ComponentResource):
    """The replicas; `endpoints` are host:port, `identifiers` what metrics are named by."""

    endpoints: Sequence[Output[str]]
    identifiers: Sequence[Output[str]]

    def __init__(self, name: str, args: ReplicasArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Replicas", name, None, opts)
        self._args, self._child = args, ResourceOptions(parent=self)
        count = args.settings.database.replicas
        replicas = [self._replica(f"{name}-{number}") for number in range(1, count + 1)]
        self.endpoints = [replica.endpoint for replica in replicas]
        self.identifiers = [replica.identifier for replica in replicas]
        self.register_outputs({"endpoints": self.endpoints, "identifiers": self.identifiers})

    def _replica(self, name: str) -> aws.rds.Instance:
        args, settings = self._args, self._args.settings.database
        logs = log_groups(name, args.settings, args.key_arn, self._child)
        return aws.rds.Instance(
            name,
            identifier=name,
            replicate_source_db=args.database.identifier,
            instance_class=settings.replica_class or settings.instance_class,
            multi_az=False,
            storage_type="gp3",
            storage_encrypted=True,
            max_allocated_storage=settings.max_storage,
            auto_minor_version_upgrade="." not in settings.version,
            apply_immediately=args.settings.stack.apply_immediately,
            vpc_security_group_ids=[args.security_group_id],
            publicly_accessible=False,
            parameter_group_name=args.database.parameter_group,
            copy_tags_to_snapshot=True,
            enabled_cloudwatch_logs_exports=list(LOGS) if logs else None,
            **insights(settings, args.key_arn),
            # Whoever asks for fewer gets fewer, in one update.
            deletion_protection=False,
            skip_final_snapshot=True,
            tags={"Name": name},
            opts=ResourceOptions(parent=self, depends_on=logs, ignore_changes=["performanceInsightsKmsKeyId"]),
        )
