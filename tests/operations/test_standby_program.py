"""Two stacks change roles by the real program and the real engine, in an account of moto's and without tasks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pulumi import automation

from sandbox.aws import Account, Provider
from sandbox.seam import NullDataPlane
from tests.infra.deployed import stacks
from tests.infra.deployed.stacks import Deployed
from tests.infra.stacks import ROOT, ZONE, configuration
from tools import pulumi_cli

FIRST, SECOND = "dev-1", "dev-2"
REGIONS = {FIRST: "us-east-1", SECOND: "us-west-2"}
COMMON: dict[str, object] = {
    "accessLogs": False,
    "alarms": False,
    "archive": False,
    "backupDays": 0,
    "certificateArn": "",
    "encryptionKey": "stack",
    "flowLogs": "none",
    "hostedZone": ZONE,
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Deployed]]:
    """Two stacks, not brought up yet."""
    with pytest.MonkeyPatch.context() as patch, Account(NullDataPlane()) as account, Provider(account) as provider:
        patch.setenv("PATH", pulumi_cli.environment(ROOT)["PATH"])
        patch.setenv("AWS_ACCESS_KEY_ID", "sandbox")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
        account.client("route53").create_hosted_zone(Name=ZONE, CallerReference="zone")
        directory = tmp_path_factory.mktemp("pair")
        yield {name: stacks.make(name, account, provider, directory) for name in REGIONS}


def up(deployed: Deployed, **overrides: object) -> dict[str, str]:
    """Bring one up in its region; its outputs."""
    config = {**configuration("dev", **{**COMMON, **overrides}), "aws:region": REGIONS[deployed.name]}
    deployed.stack.set_all_config({key: automation.ConfigValue(value) for key, value in config.items()})
    outputs = deployed.stack.up(color="never").outputs
    return {name: str(output.value) for name, output in outputs.items()}


def databases(deployed: Deployed) -> dict[str, str]:
    """What each database of its region follows."""
    found = deployed.account.client("rds", REGIONS[deployed.name]).describe_db_instances()["DBInstances"]
    return {each["DBInstanceIdentifier"]: each.get("ReadReplicaSourceDBInstanceIdentifier", "") for each in found}


def targets(deployed: Deployed) -> list[str]:
    """The load balancers that the API's name stands for."""
    route53 = deployed.account.client("route53")
    [zone] = route53.list_hosted_zones()["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    return [record["AliasTarget"]["DNSName"].rstrip(".") for record in records if "AliasTarget" in record]


def test_two_stacks_change_roles(pair: dict[str, Deployed]) -> None:
    first, second = pair[FIRST], pair[SECOND]
    one = up(first, standbyRegion=REGIONS[SECOND])
    secrets = {
        "api": one["apiTokenSecretArn"],
        "databaseAdmin": one["databaseAdminSecretArn"],
        "databaseUser": one["databaseUserSecretArn"],
    }
    copies = {key: arn.replace(REGIONS[FIRST], REGIONS[SECOND]) for key, arn in secrets.items()}
    follows = {"primaryStack": FIRST, "replicatedSecrets": copies, "databaseReplicaOf": one["databaseArn"]}

    two = up(second, standby=True, **follows)

    west = first.account.client("secretsmanager", REGIONS[SECOND])
    assert all(west.get_secret_value(SecretId=arn)["SecretString"] for arn in copies.values())
    assert databases(second) == {"workflow-dev-2-database": one["databaseArn"]}
    assert targets(first) == [one["loadBalancerDnsName"]]

    first.account.client("rds", REGIONS[SECOND]).promote_read_replica(DBInstanceIdentifier="workflow-dev-2-database")
    two = up(second, standby=False, **follows)

    assert databases(second) == {"workflow-dev-2-database": ""}
    assert targets(first) == [two["loadBalancerDnsName"]]

    up(first, standbyRegion=REGIONS[SECOND], standby=True, databaseReplicaOf=two["databaseArn"], databaseGeneration=2)

    assert databases(first) == {"workflow-dev-1-database": "", "workflow-dev-1-database-2": two["databaseArn"]}
    state = json.dumps(first.exported())
    assert "Instance::workflow-dev-1-database-2" in state
    assert 'Instance::workflow-dev-1-database"' not in state
    assert targets(first) == [two["loadBalancerDnsName"]]
