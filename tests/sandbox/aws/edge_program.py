"""The part of the program with every resource type around keys, buckets, names and firewalls."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
from pulumi import CustomTimeouts, ResourceOptions

ZONE = "example.com"
HOST = f"workflow.{ZONE}"
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)


@dataclass(frozen=True)
class EdgeSettings:
    """What a test changes from one update to the next."""

    key_description: str = "data"
    expire_days: int = 30
    rate_limit: int = 1000
    replica_region: str = "us-west-2"
    ttl: int = 300


def edge(
    vpc_id: pulumi.Input[str], balancer: aws.lb.LoadBalancer, settings: EdgeSettings, opts: ResourceOptions
) -> None:
    """Make one of each."""
    key = aws.kms.Key(
        "data",
        description=settings.key_description,
        enable_key_rotation=True,
        deletion_window_in_days=7,
        policy=KEY_POLICY,
        opts=opts,
    )
    aws.kms.Alias("data", name="alias/data", target_key_id=key.key_id, opts=opts)
    _watch(vpc_id, key, opts)
    _bucket(settings, opts)
    _name(balancer, settings, opts)
    _firewall(balancer, settings, opts)
    aws.ecr.ReplicationConfiguration(
        "copies",
        replication_configuration=aws.ecr.ReplicationConfigurationReplicationConfigurationArgs(
            rules=[
                aws.ecr.ReplicationConfigurationReplicationConfigurationRuleArgs(
                    destinations=[
                        aws.ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArgs(
                            region=settings.replica_region, registry_id="123456789012"
                        )
                    ]
                )
            ]
        ),
        opts=opts,
    )


def _watch(vpc_id: pulumi.Input[str], key: aws.kms.Key, opts: ResourceOptions) -> None:
    aws.ec2.DefaultSecurityGroup("closed", vpc_id=vpc_id, ingress=[], egress=[], tags={"Name": "closed"}, opts=opts)
    logs = aws.cloudwatch.LogGroup("flow", retention_in_days=1, kms_key_id=key.arn, opts=opts)
    aws.amp.Workspace("metrics", alias="metrics", opts=opts)
    role = aws.iam.Role("flow", assume_role_policy=KEY_POLICY, opts=opts)
    aws.ec2.FlowLog(
        "flow",
        vpc_id=vpc_id,
        traffic_type="REJECT",
        log_destination_type="cloud-watch-logs",
        log_destination=logs.arn,
        iam_role_arn=role.arn,
        max_aggregation_interval=600,
        opts=opts,
    )


def _bucket(settings: EdgeSettings, opts: ResourceOptions) -> None:
    bucket = aws.s3.Bucket("logs", force_destroy=True, tags={"kind": "logs"}, opts=opts)
    aws.s3.BucketObjectv2("logs", bucket=bucket.id, key="outputs.conf", content="[OUTPUT]", opts=opts)
    aws.s3.BucketPublicAccessBlock("logs", bucket=bucket.id, block_public_acls=True, ignore_public_acls=True, opts=opts)
    aws.s3.BucketOwnershipControls(
        "logs",
        bucket=bucket.id,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=opts,
    )
    by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
        sse_algorithm="AES256"
    )
    aws.s3.BucketServerSideEncryptionConfiguration(
        "logs",
        bucket=bucket.id,
        rules=[
            aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(apply_server_side_encryption_by_default=by_default)
        ],
        opts=opts,
    )
    aws.s3.BucketLifecycleConfiguration(
        "logs",
        bucket=bucket.id,
        rules=[
            aws.s3.BucketLifecycleConfigurationRuleArgs(
                id="expire",
                status="Enabled",
                filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=settings.expire_days),
            )
        ],
        opts=opts,
    )
    aws.s3.BucketPolicy("logs", bucket=bucket.id, policy=bucket.arn.apply(_tls_only), opts=opts)


def _tls_only(arn: str) -> str:
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _name(balancer: aws.lb.LoadBalancer, settings: EdgeSettings, opts: ResourceOptions) -> None:
    zone = aws.route53.get_zone(name=ZONE, opts=pulumi.InvokeOptions(provider=opts.provider))
    certificate = aws.acm.Certificate("host", domain_name=HOST, validation_method="DNS", opts=opts)
    proof = certificate.domain_validation_options.apply(lambda options: options[0])
    record = aws.route53.Record(
        "proof",
        zone_id=zone.zone_id,
        name=proof.resource_record_name.apply(lambda name: str(name).rstrip(".")),
        type=proof.resource_record_type.apply(str),
        records=[proof.resource_record_value.apply(str)],
        ttl=settings.ttl,
        allow_overwrite=True,
        opts=opts,
    )
    aws.acm.CertificateValidation(
        "host",
        certificate_arn=certificate.arn,
        validation_record_fqdns=[record.fqdn],
        opts=ResourceOptions(provider=opts.provider, custom_timeouts=CustomTimeouts(create="1m")),
    )
    alias = aws.route53.RecordAliasArgs(name=balancer.dns_name, zone_id=balancer.zone_id, evaluate_target_health=True)
    aws.route53.Record("host", zone_id=zone.zone_id, name=HOST, type="A", aliases=[alias], opts=opts)


def _firewall(balancer: aws.lb.LoadBalancer, settings: EdgeSettings, opts: ResourceOptions) -> None:
    visible = aws.wafv2.WebAclVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name="web", sampled_requests_enabled=True
    )
    rule_visible = aws.wafv2.WebAclRuleVisibilityConfigArgs(
        cloudwatch_metrics_enabled=True, metric_name="rate", sampled_requests_enabled=True
    )
    acl = aws.wafv2.WebAcl(
        "web",
        scope="REGIONAL",
        default_action=aws.wafv2.WebAclDefaultActionArgs(allow=aws.wafv2.WebAclDefaultActionAllowArgs()),
        rules=[
            aws.wafv2.WebAclRuleArgs(
                name="rate",
                priority=0,
                action=aws.wafv2.WebAclRuleActionArgs(block=aws.wafv2.WebAclRuleActionBlockArgs()),
                statement=aws.wafv2.WebAclRuleStatementArgs(
                    rate_based_statement=aws.wafv2.WebAclRuleStatementRateBasedStatementArgs(
                        limit=settings.rate_limit, aggregate_key_type="IP"
                    )
                ),
                visibility_config=rule_visible,
            )
        ],
        visibility_config=visible,
        opts=opts,
    )
    aws.wafv2.WebAclAssociation("web", resource_arn=balancer.arn, web_acl_arn=acl.arn, opts=opts)
