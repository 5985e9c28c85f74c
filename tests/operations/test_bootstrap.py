"""The state backend, made in a real (moto) account."""

import json
from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from operations import bootstrap
from operations.errors import OperationError


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def test_the_bucket_is_versioned_encrypted_private_and_tls_only(capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap.bootstrap("dev")

    s3 = boto3.client("s3")
    bucket = "workflow-state-123456789012-eu-west-1"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    statement = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"][0]
    assert statement["Effect"] == "Deny"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    said = capsys.readouterr().out
    assert f"pulumi login 's3://{bucket}?region=eu-west-1'" in said
    assert "--secrets-provider='awskms:///alias/workflow-state?region=eu-west-1'" in said


def test_the_key_is_rotated_and_made_once() -> None:
    bootstrap.bootstrap("dev")
    bootstrap.bootstrap("staging")

    kms = boto3.client("kms")
    keys = kms.list_keys()["Keys"]
    assert len(keys) == 1
    assert kms.get_key_rotation_status(KeyId=keys[0]["KeyId"])["KeyRotationEnabled"]


def test_a_changed_bucket_is_brought_back() -> None:
    bootstrap.bootstrap("dev")
    s3 = boto3.client("s3")
    bucket = "workflow-state-123456789012-eu-west-1"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})

    bootstrap.bootstrap("dev")

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_us_east_1_needs_no_location(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    bootstrap.bootstrap("dev")

    location = boto3.client("s3").get_bucket_location(Bucket="workflow-state-123456789012-us-east-1")
    assert location["LocationConstraint"] is None


def test_no_region_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")

    with pytest.raises(OperationError, match="No AWS region is set"):
        bootstrap.bootstrap("dev")
