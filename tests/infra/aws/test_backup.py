"""AWS Backup: what is selected, how long it is kept and where, and what its role may do."""

import json

import pytest

from infra.aws.backup import backup_tag
from infra.policy.statements import statements
from tests.infra.stacks import Properties, deploy_stack, deployed, settings_of


def plan_rule(account_of: str, **overrides: object) -> Properties:
    account = deploy_stack(account_of, **overrides)[0] if overrides else deployed(account_of)[0]
    [rule] = account.one("Plan", "-backup")["rules"]
    found: Properties = rule
    return found


@pytest.mark.parametrize(("environment", "days"), [("dev", 7), ("staging", 30), ("production", 365)])
def test_a_recovery_point_a_day_is_kept_as_long_as_the_environment_asks(environment: str, days: int) -> None:
    rule = plan_rule(environment)
    assert (rule["schedule"], rule["lifecycle"]) == ("cron(0 0 * * ? *)", {"deleteAfter": days})
    assert rule["targetVaultName"] == f"workflow-{environment}-backup"
    assert rule["recoveryPointTags"] == {"project": "workflow", "stack": environment}
    assert "copyActions" not in rule


def test_the_plan_selects_the_database_alone() -> None:
    account, exports = deployed("staging")
    [tag] = account.one("Selection")["selectionTags"]
    assert tag == {"type": "STRINGEQUALS", "key": "backup", "value": "workflow-staging"}
    selected = [item.type for item in account.resources if (item.inputs.get("tags") or {}).get("backup")]
    assert selected == ["aws:rds/instance:Instance"]
    assert exports["backupVaultName"] == "workflow-staging-backup"


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("staging", True), ("production", True)])
def test_the_vault_of_a_protected_stack_stands_in_the_way_of_its_end(environment: str, protected: bool) -> None:
    account, _ = deployed(environment)
    assert account.one("Vault")["forceDestroy"] is not protected
    assert account.options[f"aws:backup/vault:Vault workflow-{environment}-backup"].protect is protected


def test_copies_go_to_a_vault_of_the_second_region_with_a_key_of_its_own() -> None:
    account, _ = deploy_stack("staging", encryptionKey="stack", backupCopyRegion="us-west-2")
    there = account.one("Vault", "-copy")
    assert there["kmsKeyArn"] == account.arn("aws:kms/key:Key", "workflow-staging-backup-copy-key")
    assert account.one("Vault", "-backup")["kmsKeyArn"] == account.arn("aws:kms/key:Key", "workflow-staging-key")
    [rule] = account.one("Plan")["rules"]
    assert rule["copyActions"] == [
        {
            "destinationVaultArn": account.arn("aws:backup/vault:Vault", "workflow-staging-backup-copy"),
            "lifecycle": {"deleteAfter": 30},
        }
    ]
    copies = account.one("providers:aws", "workflow-staging-copies")
    assert copies["region"] == "us-west-2"
    made_there = [item.name for item in account.resources if "workflow-staging-copies" in (item.provider or "")]
    assert set(made_there) == {"workflow-staging-backup-copy-key", "workflow-staging-backup-copy"}
    policy = account.one("kms/key:Key", "-backup-copy-key")["policy"]
    assert "rds.us-west-2.amazonaws.com" in policy


def test_the_role_makes_snapshots_of_this_stack_and_uses_its_vaults_and_keys() -> None:
    account, _ = deploy_stack("dev", backupCopyRegion="us-west-2")
    document = json.loads(account.one("RolePolicy", "-backup")["policy"])
    snapshots, vaults, tags, keys = statements(document)
    assert snapshots.resources == (
        "arn:aws:rds:us-east-1:123456789012:db:workflow-dev-database*",
        "arn:aws:rds:us-east-1:123456789012:snapshot:awsbackup:*",
        "arn:aws:rds:us-west-2:123456789012:snapshot:awsbackup:*",
    )
    assert not {action for action in snapshots.actions if "Instance" in action} - {"rds:DescribeDBInstances"}
    vault = "aws:backup/vault:Vault"
    assert vaults.resources == (
        account.arn(vault, "workflow-dev-backup"),
        account.arn(vault, "workflow-dev-backup-copy"),
    )
    assert tags.actions == ("tag:GetResources",)
    assert keys.resources == (account.arn("aws:kms/key:Key", "workflow-dev-backup-copy-key"),)
    assert "kms:ViaService" in str(keys.conditions)
    assert [pair for statement in statements(document) for pair in statement.wildcards()] == []


def test_a_standby_is_backed_up_where_its_source_is() -> None:
    standby = {
        "encryptionKey": "stack",
        "databaseReplicaOf": "arn:aws:rds:us-west-2:123456789012:db:workflow-production-database",
        "standby": True,
    }
    assert backup_tag(settings_of("production")) == {"backup": "workflow-production"}
    assert backup_tag(settings_of("production", **standby)) == {}


def test_local_has_none() -> None:
    account, exports = deployed("local")
    assert account.of("Vault") + account.of("Plan") + account.of("Selection") == []
    assert exports["backupVaultName"] == ""
    assert "backup" not in account.one("rds/instance:Instance")["tags"]
