"""Resource types of backups: vaults, plans, what they select, and the lock and the copy of a bucket."""

import pytest
from botocore.exceptions import ClientError

from sandbox.aws import Account
from sandbox.aws.values import Properties
from tests.sandbox.aws.conftest import Manage

BUCKET = "app-archive"
LOCK = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"
PLAN = "aws:backup/plan:Plan"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
SELECTION = "aws:backup/selection:Selection"
VAULT = "aws:backup/vault:Vault"
ELSEWHERE = "arn:aws:backup:eu-west-1:123456789012:backup-vault:copy"


def daily(days: int) -> Properties:
    return {
        "name": "app",
        "rules": [
            {
                "ruleName": "daily",
                "targetVaultName": "app",
                "schedule": "cron(0 0 * * ? *)",
                "startWindow": 60,
                "completionWindow": 480,
                "lifecycle": {"deleteAfter": days},
                "copyActions": [{"destinationVaultArn": ELSEWHERE, "lifecycle": {"deleteAfter": days}}],
                "recoveryPointTags": {"stack": "app"},
            }
        ],
        "tagsAll": {"stack": "app"},
    }


def lock(days: int) -> Properties:
    retention = {"defaultRetention": {"mode": "GOVERNANCE", "days": days}}
    return {"bucket": BUCKET, "objectLockEnabled": "Enabled", "rule": retention}


def test_vault(account: Account, manage: Manage) -> None:
    life, key = manage(VAULT), "arn:aws:kms:us-east-1:123456789012:key/1"
    inputs: Properties = {"name": "app", "kmsKeyArn": key, "tagsAll": {"stack": "app"}}
    identity, state = life.create(inputs)
    assert (identity, state["kmsKeyArn"]) == ("app", key)
    retagged: Properties = {**inputs, "tagsAll": {"stack": "other"}}
    state = life.update(identity, state, inputs, retagged)
    backup = account.client("backup")
    assert backup.list_tags(ResourceArn=state["arn"])["Tags"] == {"stack": "other"}
    life.delete(identity, state)
    assert backup.list_backup_vaults()["BackupVaultList"] == []


def test_vault_without_a_key_gets_one_of_aws(manage: Manage) -> None:
    _, state = manage(VAULT).create({"name": "app"})
    assert str(state["kmsKeyArn"]).startswith("arn:aws:kms:us-east-1:")


def test_plan_is_changed_as_a_whole(account: Account, manage: Manage) -> None:
    life, backup = manage(PLAN), account.client("backup")
    identity, state = life.create(daily(7))
    changed = life.update(identity, state, daily(7), daily(30))
    assert changed["version"] != state["version"]
    [rule] = backup.get_backup_plan(BackupPlanId=identity)["BackupPlan"]["Rules"]
    assert rule["Lifecycle"] == {"DeleteAfterDays": 30}
    assert rule["CopyActions"] == [{"Lifecycle": {"DeleteAfterDays": 30}, "DestinationBackupVaultArn": ELSEWHERE}]
    life.delete(identity, changed)
    assert life.read(identity, changed, daily(30)) is None


def test_plan_outlives_what_it_selects(account: Account, manage: Manage) -> None:
    plans, selections = manage(PLAN), manage(SELECTION)
    plan, plan_state = plans.create(daily(7))
    tag = {"type": "STRINGEQUALS", "key": "backup", "value": "app"}
    inputs: Properties = {
        "name": "app",
        "planId": plan,
        "iamRoleArn": "arn:aws:iam::123456789012:role/backup",
        "selectionTags": [tag],
    }
    identity, state = selections.create(inputs)
    found = account.client("backup").get_backup_selection(BackupPlanId=plan, SelectionId=identity)
    assert found["BackupSelection"]["ListOfTags"] == [
        {"ConditionType": "STRINGEQUALS", "ConditionKey": "backup", "ConditionValue": "app"}
    ]
    with pytest.raises(ClientError, match="selections must be deleted"):
        plans.delete(plan, plan_state)
    selections.delete(identity, state)
    assert selections.read(identity, state, inputs) is None
    plans.delete(plan, plan_state)


def test_locked_bucket_keeps_versions_and_gives_them_up_with_the_bucket(account: Account, manage: Manage) -> None:
    s3, buckets, locks = account.client("s3"), manage("aws:s3/bucket:Bucket"), manage(LOCK)
    bucket: Properties = {"bucket": BUCKET, "objectLockEnabled": True, "forceDestroy": True}
    identity, state = buckets.create(bucket)
    _, lock_state = locks.create(lock(30))
    lock_state = locks.update(BUCKET, lock_state, lock(30), lock(31))
    found = s3.get_object_lock_configuration(Bucket=BUCKET)["ObjectLockConfiguration"]
    retention = found["Rule"]["DefaultRetention"]
    assert (retention["Mode"], retention["Days"]) == ("GOVERNANCE", 31)

    version = s3.put_object(Bucket=BUCKET, Key="a", Body=b"1")["VersionId"]
    s3.delete_object(Bucket=BUCKET, Key="a")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=BUCKET, Key="a", VersionId=version)

    locks.delete(BUCKET, lock_state)
    assert locks.read(BUCKET, lock_state, lock(31)) is None
    buckets.delete(identity, state)
    assert s3.list_buckets()["Buckets"] == []


def copying(target: str, prefix: str) -> Properties:
    rule = {
        "id": "archive",
        "priority": 1,
        "status": "Enabled",
        "filter": {"prefix": prefix},
        "deleteMarkerReplication": {"status": "Disabled"},
        "sourceSelectionCriteria": {"sseKmsEncryptedObjects": {"status": "Enabled"}},
        "destination": {
            "bucket": f"arn:aws:s3:::{target}",
            "encryptionConfiguration": {"replicaKmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/1"},
        },
    }
    return {"bucket": BUCKET, "role": "arn:aws:iam::123456789012:role/copies", "rules": [rule]}


def test_replication_is_changed_as_a_whole(account: Account, manage: Manage) -> None:
    s3, life = account.client("s3"), manage(REPLICATION)
    for name in (BUCKET, "copy"):
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    identity, state = life.create(copying("copy", "kept/"))
    assert (identity, state["rules"]) == (BUCKET, copying("copy", "kept/")["rules"])
    life.update(identity, state, copying("copy", "kept/"), copying("copy", "new/"))
    [rule] = s3.get_bucket_replication(Bucket=BUCKET)["ReplicationConfiguration"]["Rules"]
    assert rule["Filter"] == {"Prefix": "new/"}
    assert rule["Destination"]["EncryptionConfiguration"]["ReplicaKmsKeyID"].endswith(":key/1")
    life.delete(identity, state)
    assert life.read(identity, state, copying("copy", "new/")) is None


@pytest.mark.parametrize(
    ("versions", "target", "said"),
    [
        (True, "missing", "Destination bucket must exist"),
        (True, "unversioned", "Destination bucket must have versioning enabled"),
        (False, "unversioned", "Versioning must be 'Enabled'"),
    ],
)
def test_replication_needs_versions_on_both_sides(
    account: Account, manage: Manage, versions: bool, target: str, said: str
) -> None:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=versions)
    s3.create_bucket(Bucket="unversioned")
    with pytest.raises(ClientError, match=said):
        manage(REPLICATION).create(copying(target, ""))
