"""The part of the program with every resource type that only options of a stack ask for."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_aws as aws
from pulumi import ResourceOptions

ROLE = "arn:aws:iam::123456789012:role/app"


def make_options(subnet_ids: Sequence[pulumi.Input[str]], group_id: pulumi.Input[str], opts: ResourceOptions) -> None:
    """Make one of each."""
    _backups(opts)
    _canary(opts)
    _brokers(subnet_ids, group_id, opts)
    _archive(opts)


def _archive(opts: ResourceOptions) -> None:
    bucket, copy = (
        aws.s3.Bucket(name, object_lock_enabled=True, force_destroy=True, opts=opts) for name in ("archive", "copy")
    )
    retention = aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(mode="GOVERNANCE", days=1)
    aws.s3.BucketObjectLockConfiguration(
        "archive",
        bucket=bucket.id,
        object_lock_enabled="Enabled",
        rule=aws.s3.BucketObjectLockConfigurationRuleArgs(default_retention=retention),
        opts=opts,
    )
    rule = aws.s3.BucketReplicationConfigRuleArgs(
        id="copy",
        priority=1,
        status="Enabled",
        filter=aws.s3.BucketReplicationConfigRuleFilterArgs(prefix="kept/"),
        delete_marker_replication=aws.s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(status="Disabled"),
        destination=aws.s3.BucketReplicationConfigRuleDestinationArgs(bucket=copy.arn),
    )
    aws.s3.BucketReplicationConfig("archive", bucket=bucket.id, role=ROLE, rules=[rule], opts=opts)


def _backups(opts: ResourceOptions) -> None:
    vault = aws.backup.Vault("app", opts=opts)
    rule = aws.backup.PlanRuleArgs(
        rule_name="daily",
        target_vault_name=vault.name,
        schedule="cron(0 0 * * ? *)",
        start_window=60,
        completion_window=480,
        lifecycle=aws.backup.PlanRuleLifecycleArgs(delete_after=7),
    )
    plan = aws.backup.Plan("app", rules=[rule], opts=opts)
    tag = aws.backup.SelectionSelectionTagArgs(type="STRINGEQUALS", key="backup", value="app")
    aws.backup.Selection("app", plan_id=plan.id, iam_role_arn=ROLE, selection_tags=[tag], opts=opts)


def _canary(opts: ResourceOptions) -> None:
    aws.synthetics.Canary(
        "app",
        artifact_s3_location="s3://app-canary/runs",
        execution_role_arn=ROLE,
        handler="script.handler",
        runtime_version="syn-python-selenium-14.0",
        s3_bucket="app-canary",
        s3_key="code/1.zip",
        schedule=aws.synthetics.CanaryScheduleArgs(expression="rate(5 minutes)"),
        start_canary=True,
        delete_lambda=True,
        opts=opts,
    )


def _brokers(subnet_ids: Sequence[pulumi.Input[str]], group_id: pulumi.Input[str], opts: ResourceOptions) -> None:
    settings = aws.msk.Configuration("app", server_properties="auto.create.topics.enable=false\n", opts=opts)
    volume = aws.msk.ClusterBrokerNodeGroupInfoStorageInfoEbsStorageInfoArgs(volume_size=100)
    aws.msk.Cluster(
        "app",
        cluster_name="app",
        kafka_version="3.8.x",
        number_of_broker_nodes=len(subnet_ids),
        broker_node_group_info=aws.msk.ClusterBrokerNodeGroupInfoArgs(
            instance_type="kafka.m7g.large",
            client_subnets=subnet_ids,
            security_groups=[group_id],
            storage_info=aws.msk.ClusterBrokerNodeGroupInfoStorageInfoArgs(ebs_storage_info=volume),
        ),
        client_authentication=aws.msk.ClusterClientAuthenticationArgs(
            sasl=aws.msk.ClusterClientAuthenticationSaslArgs(iam=True), unauthenticated=False
        ),
        configuration_info=aws.msk.ClusterConfigurationInfoArgs(arn=settings.arn, revision=settings.latest_revision),
        opts=opts,
    )
