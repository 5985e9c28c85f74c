"""The bucket of access logs: closed to everyone but the load balancers of this account."""

import json

import pytest

from infra.aws.bucket import LockedBucketArgs, Writer, bucket_policy
from tests.infra.stacks import Account, deploy_stack, deployed

NAME = "workflow-staging-access-logs"


@pytest.fixture
def staging() -> Account:
    return deployed("staging")[0]


def test_public_access_is_blocked(staging: Account) -> None:
    block = dict(staging.one("BucketPublicAccessBlock", "-access-logs"))
    assert block.pop("bucket") == f"{NAME}-id"
    assert block == dict.fromkeys(
        ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"), True
    )


def test_objects_belong_to_the_account_and_are_encrypted(staging: Account) -> None:
    assert staging.one("BucketOwnershipControls", "-access-logs")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    [rule] = staging.one("BucketServerSideEncryptionConfiguration", "-access-logs")["rules"]
    assert rule["applyServerSideEncryptionByDefault"] == {"sseAlgorithm": "AES256"}


def test_objects_expire() -> None:
    account, _ = deploy_stack("dev", accessLogRetentionDays=30)
    [rule] = account.one("BucketLifecycleConfiguration", "-access-logs")["rules"]
    assert (rule["status"], rule["expiration"]) == ("Enabled", {"days": 30})
    assert rule["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}


@pytest.mark.parametrize(("environment", "forced"), [("dev", True), ("staging", False), ("production", False)])
def test_logs_of_a_protected_stack_stand_in_the_way_of_its_end(environment: str, forced: bool) -> None:
    assert deployed(environment)[0].one("Bucket", "-access-logs")["forceDestroy"] is forced


def test_policy() -> None:
    args = LockedBucketArgs([Writer("logs.example.com", "AWSLogs/1/")], 30, force_destroy=False, partition="aws-cn")
    plain, old, write = json.loads(bucket_policy("logs", args))["Statement"]
    arns = ["arn:aws-cn:s3:::logs", "arn:aws-cn:s3:::logs/*"]
    assert [(item["Effect"], item["Principal"], item["Resource"]) for item in (plain, old)] == [("Deny", "*", arns)] * 2
    assert plain["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert old["Condition"] == {"NumericLessThan": {"s3:TlsVersion": "1.2"}}
    assert write == {
        "Effect": "Allow",
        "Principal": {"Service": "logs.example.com"},
        "Action": "s3:PutObject",
        "Resource": "arn:aws-cn:s3:::logs/AWSLogs/1/*",
    }


def test_load_balancers_of_the_account_may_write(staging: Account) -> None:
    [write] = [
        item
        for item in json.loads(staging.one("BucketPolicy", "-access-logs")["policy"])["Statement"]
        if item["Effect"] == "Allow"
    ]
    assert write["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert write["Resource"] == f"arn:aws:s3:::{NAME}-1a2b3c4/AWSLogs/123456789012/*"
    assert staging.one("lb/loadBalancer:LoadBalancer")["accessLogs"] == {
        "bucket": f"{NAME}-1a2b3c4",
        "enabled": True,
    }


def test_both_load_balancers_log() -> None:
    account, _ = deploy_stack("dev", managementAccess="internal")
    balancers = account.of("lb/loadBalancer:LoadBalancer")
    assert [item.inputs["accessLogs"]["enabled"] for item in balancers] == [True, True]
    assert [item.name for item in account.of("Bucket") if "logs" in item.name] == ["workflow-dev-access-logs"]


def test_no_logs_no_bucket() -> None:
    local = deployed("local")[0]
    assert local.of("Bucket") == []
    assert "accessLogs" not in local.of("lb/loadBalancer:LoadBalancer")[0].inputs
