"""Read replicas of databases in the account: instances of their own, at the address of what they follow."""

from __future__ import annotations

import pytest

from sandbox.aws import Account
from sandbox.aws.values import Properties
from tests.sandbox.aws.conftest import Manage

INSTANCE = "aws:rds/instance:Instance"
PRIMARY: Properties = {
    "identifier": "primary",
    "engine": "postgres",
    "engineVersion": "17",
    "instanceClass": "db.t3.micro",
    "allocatedStorage": 20,
    "dbName": "workflow",
    "dbSubnetGroupName": "data",
    "username": "owner",
    "password": "of-the-owner",
    "backupRetentionPeriod": 7,
    "skipFinalSnapshot": True,
}
REPLICA: Properties = {
    "identifier": "replica",
    "replicateSourceDb": "primary",
    "instanceClass": "db.t3.small",
    "skipFinalSnapshot": True,
}


@pytest.fixture(autouse=True)
def subnets(account: Account) -> None:
    """The subnet group of the primary."""
    ec2 = account.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ids = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for number, zone in enumerate("ab")
    ]
    account.client("rds").create_db_subnet_group(
        DBSubnetGroupName="data", DBSubnetGroupDescription="Data", SubnetIds=[subnet["SubnetId"] for subnet in ids]
    )


def described(account: Account, name: str) -> Properties:
    [found] = account.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    result: Properties = found
    return result


def test_a_replica_is_an_instance_of_its_own(account: Account, manage: Manage) -> None:
    life = manage(INSTANCE)
    primary, before = life.create(PRIMARY)
    replica, state = life.create(REPLICA)

    assert replica != primary
    assert state["replicateSourceDb"] == "primary"
    assert state["endpoint"] == before["endpoint"]
    assert described(account, "primary")["ReadReplicaDBInstanceIdentifiers"] == ["replica"]
    assert described(account, "primary")["DBInstanceClass"] == "db.t3.micro"
    assert described(account, "replica")["DBInstanceClass"] == "db.t3.small"


def test_a_replica_that_is_read_again_is_unchanged(manage: Manage) -> None:
    life = manage(INSTANCE)
    life.create(PRIMARY)
    identity, state = life.create(REPLICA)

    found = life.read(identity, state, REPLICA)

    assert found is not None
    assert found[1] == REPLICA


def test_a_replica_goes_and_its_primary_stays(account: Account, manage: Manage) -> None:
    life = manage(INSTANCE)
    life.create(PRIMARY)
    identity, state = life.create(REPLICA)

    life.delete(identity, state)

    assert described(account, "primary")["ReadReplicaDBInstanceIdentifiers"] == []
    with pytest.raises(account.client("rds").exceptions.DBInstanceNotFoundFault):
        described(account, "replica")


def test_a_promoted_replica_follows_nothing_and_outlives_its_source(account: Account, manage: Manage) -> None:
    life = manage(INSTANCE)
    primary, before = life.create(PRIMARY)
    replica, state = life.create(REPLICA)

    account.client("rds").promote_read_replica(DBInstanceIdentifier="replica")
    found = life.read(replica, state, REPLICA)
    life.delete(primary, before, 10)

    assert found is not None
    assert found[1] == REPLICA
    assert "ReadReplicaSourceDBInstanceIdentifier" not in described(account, "replica")
    life.delete(replica, found[0], 10)


def test_a_replica_in_another_region_follows_by_its_sources_arn(account: Account, manage: Manage) -> None:
    manage(INSTANCE).create(PRIMARY)
    source = described(account, "primary")["DBInstanceArn"]
    there = account.client("rds", "us-west-2")

    there.create_db_instance_read_replica(DBInstanceIdentifier="there", SourceDBInstanceIdentifier=source)

    [found] = there.describe_db_instances()["DBInstances"]
    assert found["ReadReplicaSourceDBInstanceIdentifier"] == source
    assert ":us-west-2:" in found["DBInstanceArn"]


def test_copies_of_a_secret_come_and_go(account: Account, manage: Manage) -> None:
    life = manage("aws:secretsmanager/secret:Secret")
    inputs: Properties = {"name": "api", "recoveryWindowInDays": 0}
    identity, state = life.create({**inputs, "replicas": [{"region": "us-west-2"}]})

    def regions() -> list[str]:
        status = account.client("secretsmanager").describe_secret(SecretId=identity).get("ReplicationStatus", [])
        return [copy["Region"] for copy in status]

    assert regions() == ["us-west-2"]
    found = life.read(identity, state, {**inputs, "replicas": [{"region": "us-west-2"}]})
    assert found is not None
    assert found[1]["replicas"] == [{"region": "us-west-2"}]
    both: Properties = {**inputs, "replicas": [{"region": "us-west-2"}, {"region": "eu-west-1"}]}
    state = life.update(identity, found[0], found[1], both)
    assert regions() == ["us-west-2", "eu-west-1"]
    life.update(identity, state, both, {**inputs, "replicas": [{"region": "eu-west-1"}]})
    assert regions() == ["eu-west-1"]
