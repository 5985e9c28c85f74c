"""Read replicas: what they follow and share, what watches them, and that the engine is told of them."""

import json

import pytest

from infra.policy.findings import find
from infra.policy.resources import Resource
from infra.policy.rules import RULES
from tests.infra.stacks import Account, Properties, deploy_stack, deployed

INSTANCE = "aws:rds/instance:Instance"
NAMES = ("workflow-production-replica-1", "workflow-production-replica-2")


@pytest.fixture(scope="module")
def account() -> Account:
    return deploy_stack("production", databaseReplicas=2, databaseReplicaClass="db.r7g.xlarge")[0]


def replicas(account: Account) -> dict[str, Properties]:
    return {made.name: made.inputs for made in account.of("Instance") if "replicateSourceDb" in made.inputs}


def engine_variables(account: Account) -> dict[str, str]:
    definitions = json.loads(account.one("TaskDefinition")["containerDefinitions"])
    [engine] = [each for each in definitions if each["name"] == "engine"]
    return {entry["name"]: entry["value"] for entry in engine["environment"]}


def test_they_follow_the_database_from_behind_the_same_firewall(account: Account) -> None:
    primary = account.one("Instance", "-database")
    found = replicas(account)

    assert tuple(found) == NAMES
    for made in found.values():
        assert made["replicateSourceDb"] == "workflow-production-database"
        assert made["instanceClass"] == "db.r7g.xlarge"
        for same in ("vpcSecurityGroupIds", "parameterGroupName", "storageEncrypted", "autoMinorVersionUpgrade"):
            assert made[same] == primary[same]
        assert made["publiclyAccessible"] is False


def test_they_are_as_large_as_the_primary_unless_told_otherwise() -> None:
    account, _ = deploy_stack("dev", databaseReplicas=1)
    [made] = replicas(account).values()
    assert made["instanceClass"] == "db.t3.micro"


def test_they_can_be_taken_away_while_the_database_is_protected(account: Account) -> None:
    for name, made in replicas(account).items():
        assert made["deletionProtection"] is False
        assert made["skipFinalSnapshot"] is True
        assert not account.options[f"{INSTANCE} {name}"].protect


def test_the_engine_is_told_of_them(account: Account) -> None:
    endpoints = ",".join(f"{name}.example.com:5432" for name in NAMES)
    assert engine_variables(account)["DATABASE_READ_REPLICAS"] == endpoints
    assert "DATABASE_READ_REPLICAS" not in engine_variables(deployed("production")[0])


def test_their_lag_raises_an_alarm_each(account: Account) -> None:
    texts = [json.dumps(made.inputs) for made in account.of("MetricAlarm")]
    lags = [text for text in texts if '"ReplicaLag"' in text]
    assert [[name in text for name in NAMES] for text in lags] == [[True, False], [False, True]]


def test_their_logs_are_exported_as_the_primarys(account: Account) -> None:
    names = {made.inputs.get("name") for made in account.of("LogGroup")}
    assert {f"/aws/rds/instance/{name}/postgresql" for name in NAMES} <= names


def broken(name: str, inputs: Properties) -> set[str]:
    """The rules that one instance breaks, those included that all stacks are exempt from."""
    made = Resource(f"urn:pulumi:production::workflow::{INSTANCE}::{name}", INSTANCE, inputs, provider="aws")
    return {finding.rule.control for finding in find(RULES, [made])}


def test_no_rule_asks_of_a_replica_what_its_primary_has(account: Account) -> None:
    primary = broken("workflow-production-database", account.one("Instance", "-database"))
    for name, inputs in replicas(account).items():
        assert broken(name, inputs) <= primary
        assert "RDS.8" in broken(name, {**inputs, "replicateSourceDb": None})


def test_without_them_there_are_none() -> None:
    assert replicas(deployed("production")[0]) == {}
