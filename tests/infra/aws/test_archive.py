"""The archive: versioned, locked, and open to the engine alone."""

import json

import pytest

from infra.policy.statements import statements
from tests.infra.stacks import Account, deploy_stack, deployed

BUCKET = "workflow-staging-archive-1a2b3c4"


@pytest.fixture
def staging() -> Account:
    return deployed("staging")[0]


def test_objects_are_locked_for_thirty_days(staging: Account) -> None:
    assert staging.one("Bucket", "-archive")["objectLockEnabled"] is True
    lock = staging.one("BucketObjectLockConfiguration")
    assert lock["rule"] == {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}}
    assert lock["objectLockEnabled"] == "Enabled"


def test_earlier_versions_go_and_what_is_archived_stays() -> None:
    account, _ = deploy_stack("dev", archiveLockDays=14)
    [rule] = account.one("BucketLifecycleConfiguration", "-archive")["rules"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 14}
    assert "expiration" not in rule


def test_only_tls_and_nobody_is_allowed_by_the_bucket(staging: Account) -> None:
    found = list(statements(json.loads(staging.one("BucketPolicy", "-archive")["policy"])))
    assert [statement.allows for statement in found] == [False, False]
    assert staging.one("BucketPublicAccessBlock", "-archive")["restrictPublicBuckets"] is True


@pytest.mark.parametrize(("environment", "protected"), [("dev", False), ("staging", True), ("production", True)])
def test_pulumi_protects_the_bucket(environment: str, protected: bool) -> None:
    account, _ = deployed(environment)
    options = account.options[f"aws:s3/bucket:Bucket workflow-{environment}-archive"]
    assert (options.protect, account.one("Bucket", "-archive")["forceDestroy"]) == (protected, not protected)


def test_the_engine_gets_its_address_and_rights_below_the_prefix_alone(staging: Account) -> None:
    containers = json.loads(staging.one("TaskDefinition")["containerDefinitions"])
    told = [
        (container["name"], entry["value"])
        for container in containers
        for entry in container.get("environment", [])
        if entry["name"] == "HISTORY_ARCHIVE"
    ]
    assert told == [("engine", f"s3://{BUCKET}/executions")]
    rights = [
        statement
        for statement in statements(json.loads(staging.one("RolePolicy", "-task")["policy"]))
        if any(action.startswith("s3:") for action in statement.actions)
    ]
    assert [(statement.actions, statement.resources) for statement in rights] == [
        (("s3:DeleteObject", "s3:GetObject", "s3:PutObject"), (f"arn:aws:s3:::{BUCKET}/executions/*",))
    ]


def test_the_stacks_key_encrypts_it_and_the_engine_may_use_the_key_through_s3() -> None:
    account, _ = deploy_stack("dev", encryptionKey="stack")
    key = account.arn("aws:kms/key:Key", "workflow-dev-key")
    [rule] = account.one("BucketServerSideEncryptionConfiguration", "-archive")["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"kmsMasterKeyId": key, "sseAlgorithm": "aws:kms"}
    uses = [
        statement
        for statement in statements(json.loads(account.one("RolePolicy", "-task")["policy"]))
        if statement.conditions == {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    ]
    assert [(statement.actions, statement.resources) for statement in uses] == [
        (("kms:Decrypt", "kms:GenerateDataKey"), (key,))
    ]


def test_without_an_archive_executions_stay_in_the_database() -> None:
    account, exports = deploy_stack("dev", archive=False)
    assert [bucket.name for bucket in account.of("Bucket")] == ["workflow-dev-access-logs"]
    assert "HISTORY_ARCHIVE" not in account.one("TaskDefinition")["containerDefinitions"]
    assert exports["archive"] == ""
