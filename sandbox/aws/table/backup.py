"""Vaults, plans and what plans select (AWS Backup Developer Guide, "API reference")."""

from __future__ import annotations

from sandbox.aws.definition import Autoname, ResourceType, Update

_RULE = {
    "targetVaultName": "TargetBackupVaultName",
    "schedule": "ScheduleExpression",
    "startWindow": "StartWindowMinutes",
    "completionWindow": "CompletionWindowMinutes",
    "lifecycle.deleteAfter": "DeleteAfterDays",
    "copyActions.destinationVaultArn": "DestinationBackupVaultArn",
    "copyActions.lifecycle.deleteAfter": "DeleteAfterDays",
}

TYPES = (
    ResourceType(
        type="aws:backup/vault:Vault",
        service="backup",
        create="CreateBackupVault",
        id="{name}",
        read="DescribeBackupVault",
        found="@",
        delete="DeleteBackupVault",
        key={"BackupVaultName": "{id}"},
        nouns=("BackupVault",),
        send={"kmsKeyArn": "EncryptionKeyArn", "name": "BackupVaultName", "tags": "BackupVaultTags"},
        receive={
            "arn": "BackupVaultArn",
            "kmsKeyArn": "EncryptionKeyArn",
            "name": "BackupVaultName",
            "recoveryPoints": "NumberOfRecoveryPoints",
        },
        local=frozenset({"forceDestroy"}),
        autoname=Autoname("name", 50),
        replaces=frozenset({"kmsKeyArn", "name"}),
    ),
    ResourceType(
        type="aws:backup/plan:Plan",
        service="backup",
        create="CreateBackupPlan",
        id="BackupPlanId",
        read="GetBackupPlan",
        # A deleted plan can be read for as long as there are recovery points of it.
        found="[@][?!DeletionDate] | [0]",
        delete="DeleteBackupPlan",
        updates=[Update("UpdateBackupPlan", whole=True)],
        key={"BackupPlanId": "{id}"},
        send={"name": "BackupPlan.BackupPlanName", "rules": "BackupPlan.Rules", "tags": "BackupPlanTags"},
        receive={
            "arn": "BackupPlanArn",
            "name": "BackupPlan.BackupPlanName",
            "rules": "BackupPlan.Rules",
            "version": "VersionId",
        },
        names={f"rules.{name}": member for name, member in _RULE.items()},
        autoname=Autoname("name", 50),
        replaces=frozenset({"name"}),
        empty=frozenset({"advancedBackupSettings", "scanSettings"}),
    ),
    ResourceType(
        type="aws:backup/selection:Selection",
        service="backup",
        create="CreateBackupSelection",
        id="SelectionId",
        read="GetBackupSelection",
        found="BackupSelection",
        delete="DeleteBackupSelection",
        key={"BackupPlanId": "{planId}", "SelectionId": "{id}"},
        send={
            "iamRoleArn": "BackupSelection.IamRoleArn",
            "name": "BackupSelection.SelectionName",
            "planId": "BackupPlanId",
            "selectionTags": "BackupSelection.ListOfTags",
        },
        receive={"iamRoleArn": "IamRoleArn", "name": "SelectionName", "selectionTags": "ListOfTags"},
        names={
            "selectionTags.key": "ConditionKey",
            "selectionTags.type": "ConditionType",
            "selectionTags.value": "ConditionValue",
        },
        autoname=Autoname("name", 50),
        replaces=frozenset({"iamRoleArn", "name", "planId", "selectionTags"}),
        empty=frozenset({"conditions", "notResources", "resources"}),
    ),
)
