"""A stack with every option of its network, ways in, registry and key: brought up, left alone, and taken down again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import boto3
import pytest
import yaml

from operations.pulumi import GoAhead, PulumiStack
from tests.acceptance.conftest import Checkout

pytestmark = pytest.mark.acceptance

NAME = "dev-edge"
ZONE = "example.com"
HOST = f"workflow.{ZONE}"
OPTIONS = {
    "domainName": HOST,
    "hostedZone": ZONE,
    "encryptionKey": "stack",
    "flowLogs": "all",
    "natGateways": "none",
    "registryReplicationRegion": "us-west-2",
    "waf": True,
}
SESSION = boto3.Session("any", "any", region_name="us-east-1")


class Edge:
    """The stack, and clients of the account that it is in."""

    def __init__(self, stack: PulumiStack, endpoint: str) -> None:
        self.stack = stack
        self.ec2 = SESSION.client("ec2", endpoint_url=endpoint)
        self.elbv2 = SESSION.client("elbv2", endpoint_url=endpoint)
        self.kms = SESSION.client("kms", endpoint_url=endpoint)
        self.logs = SESSION.client("logs", endpoint_url=endpoint)
        self.route53 = SESSION.client("route53", endpoint_url=endpoint)
        self.s3 = SESSION.client("s3", endpoint_url=endpoint)


@pytest.fixture(scope="module")
def edge(checkout: Checkout) -> Iterator[Edge]:
    """The stack, up in an account with a hosted zone."""
    record = checkout.account.start()
    route53 = SESSION.client("route53", endpoint_url=record.aws_endpoint_url)
    route53.create_hosted_zone(Name=ZONE, CallerReference=NAME)
    config = yaml.safe_load((checkout.root / "Pulumi.dev.yaml").read_text())
    config["config"] |= {f"workflow:{key}": value for key, value in OPTIONS.items()}
    for file in (checkout.root / f"Pulumi.{NAME}.yaml", checkout.account.directory / f"Pulumi.{NAME}.yaml"):
        file.write_text(yaml.safe_dump(config))
    stack = PulumiStack(checkout.root, NAME, checkout.account.environment(record), file)
    stack.create()
    stack.up(GoAhead.AT_ONCE)
    yield Edge(stack, record.aws_endpoint_url)
    stack.destroy(GoAhead.AT_ONCE)
    assert stack.outputs() == {}


def test_nothing_is_left_to_change(edge: Edge) -> None:
    assert edge.stack.planned() == []
    assert edge.stack.planned() == []
    assert edge.stack.drift() == []


def test_a_new_idea_of_what_to_refuse_replaces_nothing(edge: Edge) -> None:
    edge.stack.set_config("wafRateLimit", "500")
    edge.stack.set_config("accessLogRetentionDays", "30")
    edge.stack.set_config("registryRetainedImages", "10")
    changes = edge.stack.planned()
    assert {change.operation for change in changes} == {"update"}
    assert len(changes) == 3
    edge.stack.up(GoAhead.AT_ONCE)


def test_the_domain_name_leads_to_the_load_balancer(edge: Edge) -> None:
    [balancer] = edge.elbv2.describe_load_balancers()["LoadBalancers"]
    zone = edge.route53.list_hosted_zones()["HostedZones"][0]["Id"]
    records = edge.route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    [alias] = [record["AliasTarget"] for record in records if record["Name"] == f"{HOST}."]
    assert alias["DNSName"].rstrip(".") == balancer["DNSName"]


def test_no_bucket_is_public_and_all_insist_on_tls(edge: Edge) -> None:
    buckets = [item["Name"] for item in edge.s3.list_buckets()["Buckets"]]
    kinds = {bucket.removeprefix(f"workflow-{NAME}-").rpartition("-")[0] for bucket in buckets}
    assert kinds == {"access-logs", "archive"}
    for bucket in buckets:
        block = edge.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        assert set(block.values()) == {True}
        policy = json.loads(edge.s3.get_bucket_policy(Bucket=bucket)["Policy"])
        denied = [statement["Condition"] for statement in policy["Statement"] if statement["Effect"] == "Deny"]
        assert {"Bool": {"aws:SecureTransport": "false"}} in denied


def test_the_default_security_group_has_no_rules(edge: Edge) -> None:
    vpc = edge.stack.outputs()["vpcId"]
    filters = [{"Name": "vpc-id", "Values": [str(vpc)]}, {"Name": "group-name", "Values": ["default"]}]
    [group] = edge.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]  # type: ignore[arg-type]
    assert group["IpPermissions"] == group["IpPermissionsEgress"] == []


def test_every_log_group_is_encrypted_with_the_stacks_key(edge: Edge) -> None:
    groups = edge.logs.describe_log_groups(logGroupNamePrefix=f"workflow-{NAME}")["logGroups"]
    key = edge.kms.describe_key(KeyId=f"alias/workflow-{NAME}")["KeyMetadata"]["Arn"]
    assert len(groups) > 1
    assert {group.get("kmsKeyId") for group in groups} == {key}
