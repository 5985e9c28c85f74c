"""The real Pulumi engine against the provider: a program with every resource type, up, changed, drifted, destroyed."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from mypy_boto3_kms.client import KMSClient
from pulumi import automation

from sandbox.aws import Account, Provider
from sandbox.aws.table import TYPES
from tests.sandbox.aws.edge_program import ZONE, EdgeSettings
from tests.sandbox.aws.program import Settings, program
from tests.sandbox.aws.watching import WatchSettings

TOOLS = Path(__file__).parents[3] / ".tools" / "bin"
STAYING = 2
"""Resources of a stack that no account has: the stack itself and its provider."""
PASSWORDS = ("only-for-the-test", "sixteen-characters-at-least")


class Stack:
    """A stack whose operations say only what changed."""

    def __init__(self, stack: automation.Stack, state: Path) -> None:
        self._stack = stack
        self._state = state

    def settings(self, settings: Settings) -> None:
        self._stack.workspace.program = program(settings)

    def up(self) -> dict[str, int]:
        return _changes(self._stack.up(color="never").summary.resource_changes)

    def preview(self) -> dict[str, int]:
        return _changes(self._stack.preview(color="never").change_summary)

    def refresh(self) -> dict[str, int]:
        return _changes(self._stack.refresh(color="never").summary.resource_changes)

    def destroy(self) -> dict[str, int]:
        return _changes(self._stack.destroy(color="never").summary.resource_changes)

    def outputs(self) -> automation.OutputMap:
        return self._stack.outputs()

    def types(self) -> set[str]:
        deployment = self._stack.export_stack().deployment or {}
        return {resource["type"] for resource in deployment.get("resources", [])}

    def stored(self) -> str:
        return "".join(path.read_text() for path in self._state.rglob("*.json"))


def _changes(summary: Mapping[automation.OpType, int] | None) -> dict[str, int]:
    counts = {str(operation): count for operation, count in (summary or {}).items()}
    return {operation: count for operation, count in counts.items() if operation != "same"}


@pytest.fixture
def make_stack(provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Settings], Stack]:
    monkeypatch.setenv("PATH", f"{TOOLS}{os.pathsep}{os.environ['PATH']}")
    (tmp_path / "state").mkdir()
    backend = f"file://{tmp_path}/state"

    def make(settings: Settings) -> Stack:
        options = automation.LocalWorkspaceOptions(
            env_vars={
                "PULUMI_DEBUG_PROVIDERS": f"aws:{provider.port}",
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                "PULUMI_SKIP_UPDATE_CHECK": "true",
                "PULUMI_CONFIG_PASSPHRASE": "test",
                "PULUMI_HOME": str(tmp_path / "home"),
            },
            project_settings=automation.ProjectSettings(
                name="test", runtime="python", backend=automation.ProjectBackend(backend)
            ),
        )
        made = automation.create_stack("dev", project_name="test", program=program(settings), opts=options)
        return Stack(made, tmp_path / "state")

    return make


def test_life_of_a_stack(account: Account, make_stack: Callable[[Settings], Stack]) -> None:
    """One test, since each step starts from what the one before has made."""
    _make_zone(account)
    stack = make_stack(Settings())
    assert stack.up().keys() == {"create"}
    assert TYPES.keys() <= stack.types()
    assert stack.outputs()["databasePassword"].secret
    assert not [password for password in PASSWORDS if password in stack.stored()]
    assert stack.preview() == {}
    assert stack.refresh() == {}

    _change(account, stack)
    _drift(account, stack)

    stack.destroy()
    assert _left_over(account) == {}

    _lose_everything(account, stack)


def _change(account: Account, stack: Stack) -> None:
    """Another image is another task definition, to which the service goes over; all else changes in place."""
    stack.settings(
        Settings(
            retention_days=30,
            image="busybox:2",
            idle_timeout=75,
            health_path="/ready",
            max_connections="300",
            tags={"owner": "tests"},
            edge=EdgeSettings("all data", expire_days=60, rate_limit=2000, replica_region="eu-west-1", ttl=60),
            watch=WatchSettings(threshold=90, least_level=30, word="AND", budget=200, percent=90, most_tasks=9),
        )
    )
    before = account.client("ecs").list_task_definitions()["taskDefinitionArns"]
    assert stack.up() == {"update": 16, "replace": 1}
    after = account.client("ecs").list_task_definitions()["taskDefinitionArns"]
    assert len(after) == 1
    assert after != before
    group = account.client("logs").describe_log_groups()["logGroups"][0]
    assert group["retentionInDays"] == 30
    vpc = _only(account.client("ec2").describe_vpcs(Filters=[{"Name": "isDefault", "Values": ["false"]}])["Vpcs"])
    assert {tag["Key"]: tag["Value"] for tag in vpc["Tags"]} == {"owner": "tests", "stack": "test"}


def _drift(account: Account, stack: Stack) -> None:
    name = account.client("logs").describe_log_groups()["logGroups"][0]["logGroupName"]
    account.client("logs").put_retention_policy(logGroupName=name, retentionInDays=365)
    account.client("cloudwatch").delete_dashboards(DashboardNames=["app"])
    assert stack.refresh() == {"update": 1, "delete": 1}
    assert stack.up() == {"update": 1, "create": 1}
    assert account.client("logs").describe_log_groups()["logGroups"][0]["retentionInDays"] == 30


def _lose_everything(account: Account, stack: Stack) -> None:
    """An account that is empty again, as that of a new sandbox, is noticed by refresh and in the way of no destroy."""
    created = stack.up()["create"]
    account.reset()
    assert stack.refresh()["delete"] >= created - STAYING
    _make_zone(account)
    stack.up()
    account.reset()
    stack.destroy()
    assert stack.types() == set()


def _make_zone(account: Account) -> None:
    account.client("route53").create_hosted_zone(Name=ZONE, CallerReference="test")


def _only(items: list[dict[str, list[dict[str, str]]]]) -> dict[str, list[dict[str, str]]]:
    assert len(items) == 1
    return items[0]


def _left_over(account: Account) -> dict[str, object]:
    """Return what an empty account doesn't have, by the operation that lists it."""

    own = [{"Name": "isDefault", "Values": ["false"]}]
    client = account.client
    ec2, ecs, logs, iam, kms = client("ec2"), client("ecs"), client("logs"), client("iam"), client("kms")
    found = {
        "vpcs": ec2.describe_vpcs(Filters=own)["Vpcs"],
        "addresses": ec2.describe_addresses()["Addresses"],
        "nat": [item for item in ec2.describe_nat_gateways()["NatGateways"] if item["State"] != "deleted"],
        "gateways": ec2.describe_internet_gateways()["InternetGateways"],
        "groups": [item for item in ec2.describe_security_groups()["SecurityGroups"] if item["GroupName"] != "default"],
        "interfaces": ec2.describe_network_interfaces()["NetworkInterfaces"],
        "balancers": client("elbv2").describe_load_balancers()["LoadBalancers"],
        "targets": client("elbv2").describe_target_groups()["TargetGroups"],
        "clusters": [
            item
            for item in ecs.describe_clusters(clusters=ecs.list_clusters()["clusterArns"])["clusters"]
            if item["status"] != "INACTIVE"
        ],
        "definitions": ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
        "repositories": client("ecr").describe_repositories()["repositories"],
        "databases": client("rds").describe_db_instances()["DBInstances"],
        "database subnets": client("rds").describe_db_subnet_groups()["DBSubnetGroups"],
        "caches": client("elasticache").describe_replication_groups()["ReplicationGroups"],
        "cache users": [
            item for item in client("elasticache").describe_users()["Users"] if item["UserId"] != "default"
        ],
        "cache groups": client("elasticache").describe_user_groups()["UserGroups"],
        "cache nodes": client("elasticache").describe_cache_clusters()["CacheClusters"],
        "cache subnets": client("elasticache").describe_cache_subnet_groups()["CacheSubnetGroups"],
        "cache parameters": client("elasticache").describe_cache_parameter_groups()["CacheParameterGroups"],
        "log groups": logs.describe_log_groups()["logGroups"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "alarms of alarms": client("cloudwatch").describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"],
        "metrics of logs": logs.describe_metric_filters()["metricFilters"],
        "budgets": client("budgets").describe_budgets(AccountId=account.account_id)["Budgets"],
        "schedules": client("application-autoscaling").describe_scheduled_actions(ServiceNamespace="ecs")[
            "ScheduledActions"
        ],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "topics": client("sns").list_topics()["Topics"],
        "subscriptions": client("sns").list_subscriptions()["Subscriptions"],
        "roles": iam.list_roles()["Roles"],
        "secrets": client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"],
        "flow logs": ec2.describe_flow_logs()["FlowLogs"],
        "buckets": client("s3").list_buckets()["Buckets"],
        "certificates": client("acm").list_certificates()["CertificateSummaryList"],
        "records": _records(account),
        "firewalls": client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"],
        "copies": client("ecr").describe_registry()["replicationConfiguration"]["rules"],
        "keys": [key["KeyId"] for key in kms.list_keys()["Keys"] if _lives(kms, key["KeyId"])],
        "aliases": [item for item in kms.list_aliases()["Aliases"] if "alias/aws/" not in item["AliasName"]],
        "scaling": client("application-autoscaling").describe_scalable_targets(ServiceNamespace="ecs")[
            "ScalableTargets"
        ],
    }
    return {name: items for name, items in found.items() if items}


def _records(account: Account) -> list[object]:
    """Return the records of all zones but those that each zone has by itself."""
    route53 = account.client("route53")
    zones = [zone["Id"] for zone in route53.list_hosted_zones()["HostedZones"]]
    records = [route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"] for zone in zones]
    return [record for some in records for record in some if record["Type"] not in ("NS", "SOA")]


def _lives(kms: KMSClient, key: str) -> bool:
    return kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"] != "PendingDeletion"
