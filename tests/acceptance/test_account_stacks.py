"""The stacks of real accounts, brought up in the sandbox without tasks, and their sizes read back from the account."""

from __future__ import annotations

from dataclasses import dataclass

import boto3
import pytest
import yaml

from operations.clients import Clients
from operations.pulumi import GoAhead, PulumiStack
from tests.acceptance.conftest import Checkout

pytestmark = pytest.mark.acceptance

SESSION = boto3.Session("any", "any", region_name="us-east-1")


@dataclass(frozen=True)
class Sizes:
    """What requirement R1 says of a stack, as far as it shows without tasks."""

    database_class: str
    multi_az: bool
    cache_nodes: int
    cache_class: str
    failover: str
    protected: bool


SIZES = {
    "dev": Sizes("db.t3.micro", False, 1, "cache.t3.micro", "disabled", False),
    "staging": Sizes("db.t3.small", True, 1, "cache.t3.small", "disabled", True),
    "production": Sizes("db.r7g.large", True, 2, "cache.r7g.large", "enabled", True),
}


def bring_up(checkout: Checkout, name: str) -> tuple[PulumiStack, Clients]:
    record = checkout.account.start()
    environment = checkout.account.environment(record)
    config = yaml.safe_load((checkout.root / f"Pulumi.{name}.yaml").read_text())
    acm = SESSION.client("acm", endpoint_url=record.aws_endpoint_url)
    certificate = acm.request_certificate(DomainName="workflow.example.com")["CertificateArn"]
    config["config"] |= {"workflow:certificateArn": certificate, "workflow:domainName": "workflow.example.com"}
    file = checkout.account.directory / f"Pulumi.{name}.yaml"
    file.write_text(yaml.safe_dump(config))
    stack = PulumiStack(checkout.root, name, environment, file)
    stack.create()
    stack.up(GoAhead.AT_ONCE)
    return stack, Clients("us-east-1", record.aws_endpoint_url, sandboxed=True)


def read_sizes(endpoint: str, stack: str) -> Sizes:
    rds = SESSION.client("rds", endpoint_url=endpoint)
    database = rds.describe_db_instances(DBInstanceIdentifier=f"workflow-{stack}-database")["DBInstances"][0]
    groups = SESSION.client("elasticache", endpoint_url=endpoint).describe_replication_groups()["ReplicationGroups"]
    cache = next(group for group in groups if f"workflow-{stack}" in group["ReplicationGroupId"])
    elbv2 = SESSION.client("elbv2", endpoint_url=endpoint)
    balancers = elbv2.describe_load_balancers()["LoadBalancers"]
    balancer = next(
        item["LoadBalancerArn"] for item in balancers if item["LoadBalancerName"].startswith(f"workflow-{stack}")
    )
    attributes = elbv2.describe_load_balancer_attributes(LoadBalancerArn=balancer)["Attributes"]
    protected = {item["Value"] for item in attributes if item["Key"] == "deletion_protection.enabled"} == {"true"}
    assert database["DeletionProtection"] == protected
    return Sizes(
        database["DBInstanceClass"],
        database["MultiAZ"],
        len(cache["MemberClusters"]),
        cache["CacheNodeType"],
        cache["AutomaticFailover"],
        protected,
    )


def silent_alarms(endpoint: str, stack: str) -> list[str]:
    """The alarms of a stack that tell no encrypted topic, by what they watch."""
    topics = SESSION.client("sns", endpoint_url=endpoint)
    alarms = SESSION.client("cloudwatch", endpoint_url=endpoint).describe_alarms(AlarmNamePrefix=f"workflow-{stack}-")
    silent = []
    for alarm in alarms["MetricAlarms"]:
        attributes = [topics.get_topic_attributes(TopicArn=arn)["Attributes"] for arn in alarm["AlarmActions"]]
        if not attributes or "KmsMasterKeyId" not in attributes[0]:
            silent.append(alarm["AlarmName"].rsplit("-", 1)[0].removeprefix(f"workflow-{stack}-"))
    assert len(alarms["MetricAlarms"]) > len(silent)
    return sorted(silent)


@pytest.mark.parametrize("name", SIZES)
def test_a_stack_comes_up_whole_with_its_sizes_and_previews_no_change(checkout: Checkout, name: str) -> None:
    stack, clients = bring_up(checkout, name)

    stack.preview(expect_no_changes=True)
    assert clients.endpoint_url is not None
    assert read_sizes(clients.endpoint_url, name) == SIZES[name]
    assert silent_alarms(clients.endpoint_url, name) == []
