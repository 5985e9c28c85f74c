"""The archive's copy in a second region: where it is, which ways objects go, and what S3 may do for that."""

import json

import pytest

from infra.policy.statements import Statement, statements
from tests.infra.stacks import Account, Properties, deploy_stack

THERE = "us-west-2"
BUCKET, COPY = "workflow-staging-archive-1a2b3c4", "workflow-staging-archive-copy-1a2b3c4"
REPLICATION = "BucketReplicationConfig"


@pytest.fixture(scope="module")
def paired() -> tuple[Account, Properties]:
    """A stack that another one stands by for."""
    return deploy_stack("staging", encryptionKey="stack", standbyRegion=THERE)


@pytest.fixture(scope="module")
def backed_up() -> Account:
    """A stack whose backups are copied, under keys of AWS."""
    return deploy_stack("staging", backupCopyRegion=THERE)[0]


def rights(account: Account) -> list[Statement]:
    return list(statements(json.loads(account.one("RolePolicy", "-archive-copy")["policy"])))


def key(account: Account, name: str) -> str:
    return account.arn("aws:kms/key:Key", name)


def rule(account: Account, name: str) -> Properties:
    [found] = account.one(REPLICATION, name)["rules"]
    properties: Properties = found
    return properties


def test_the_copy_is_locked_and_protected_like_the_archive_and_in_the_other_region(
    paired: tuple[Account, Properties],
) -> None:
    account, exports = paired
    for kind in ("BucketObjectLockConfiguration", "BucketLifecycleConfiguration", "BucketPublicAccessBlock"):
        copy = {**account.one(kind, "-archive-copy"), "bucket": ""}
        assert copy == {**account.one(kind, "-archive"), "bucket": ""}
    assert account.options["aws:s3/bucket:Bucket workflow-staging-archive-copy"].protect is True
    assert account.one("providers:aws", "-archive-copies")["region"] == THERE
    there = [item.name for item in account.resources if "workflow-staging-archive-copies" in (item.provider or "")]
    assert {"workflow-staging-archive-copy", "workflow-staging-archive-copy-key"} <= set(there)
    assert exports["archiveCopyBucket"] == COPY
    assert exports["archiveCopyKeyArn"] == key(account, "workflow-staging-archive-copy-key")


def test_objects_go_both_ways_where_a_stack_stands_by(paired: tuple[Account, Properties]) -> None:
    account = paired[0]
    ways = {made.inputs["bucket"]: made.inputs["rules"][0]["destination"]["bucket"] for made in account.of(REPLICATION)}
    assert ways == {BUCKET: f"arn:aws:s3:::{COPY}", COPY: f"arn:aws:s3:::{BUCKET}"}
    [there] = [made for made in account.of(REPLICATION) if made.inputs["bucket"] == COPY]
    assert "workflow-staging-archive-copies" in str(there.provider)


def test_what_the_engine_writes_is_copied_under_the_other_regions_key_and_nothing_is_deleted_there(
    paired: tuple[Account, Properties],
) -> None:
    for name, key_name in (("-copy", "workflow-staging-archive-copy-key"), ("-back", "workflow-staging-key")):
        found = rule(paired[0], name)
        assert (found["status"], found["filter"]) == ("Enabled", {"prefix": "executions/"})
        assert found["deleteMarkerReplication"] == {"status": "Disabled"}
        assert found["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
        encryption = found["destination"]["encryptionConfiguration"]
        assert encryption == {"replicaKmsKeyId": key(paired[0], key_name)}


def test_the_role_copies_and_does_nothing_else(paired: tuple[Account, Properties]) -> None:
    account = paired[0]
    found = rights(account)
    of_objects = {action for statement in found for action in statement.actions if statement.resources[0][-1] == "*"}
    assert not {action for action in of_objects if "Delete" in action or "Put" in action or action == "s3:GetObject"}
    assert {resource for statement in found for resource in statement.resources} == {
        *(f"arn:aws:s3:::{bucket}{end}" for bucket in (BUCKET, COPY) for end in ("", "/executions/*")),
        key(account, "workflow-staging-key"),
        key(account, "workflow-staging-archive-copy-key"),
    }
    assert [pair for statement in found for pair in statement.wildcards()] == []
    keyed = [statement for statement in found if statement.actions[0].startswith("kms:")]
    assert all("kms:ViaService" in str(statement.conditions) for statement in keyed)
    [trusted] = statements(json.loads(account.one("iam/role:Role", "-archive-copy")["assumeRolePolicy"]))
    assert trusted.actions == ("sts:AssumeRole",)


def test_where_backups_alone_are_copied_objects_go_one_way_and_under_keys_of_s3(backed_up: Account) -> None:
    assert [made.inputs["bucket"] for made in backed_up.of(REPLICATION)] == [BUCKET]
    found = rule(backed_up, "-copy")
    assert "sourceSelectionCriteria" not in found
    assert found["destination"] == {"bucket": f"arn:aws:s3:::{COPY}"}
    assert {action.partition(":")[0] for statement in rights(backed_up) for action in statement.actions} == {"s3"}
    assert [made.name for made in backed_up.of("kms/key:Key") if "archive" in made.name] == []


def test_keys_of_one_region_have_names_of_their_own() -> None:
    account, _ = deploy_stack("staging", encryptionKey="stack", standbyRegion=THERE, backupCopyRegion=THERE)
    names = [made.inputs["name"] for made in account.of("kms/alias:Alias") if "copies" in (made.provider or "")]
    assert sorted(names) == ["alias/workflow-staging", "alias/workflow-staging-archive"]


@pytest.mark.parametrize("overrides", [{}, {"archive": False, "standbyRegion": THERE}])
def test_without_a_second_region_or_an_archive_nothing_is_copied(overrides: dict[str, object]) -> None:
    account, exports = deploy_stack("staging", **overrides)
    assert account.of(REPLICATION) == []
    assert exports["archiveCopyBucket"] == exports["archiveCopyKeyArn"] == ""
