"""The state backend, made in a real (moto) account."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from operations import bootstrap
from operations.bootstrap import BootstrapOptions
from operations.errors import RefusedError
from operations.results import Result

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield


def boot(stack: str, **options: str) -> Result:
    return bootstrap.bootstrap(ROOT, stack, BootstrapOptions(**options))


def test_the_bucket_is_versioned_encrypted_private_and_tls_only() -> None:
    said = boot("dev").text

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
    assert f"pulumi login 's3://{bucket}?region=eu-west-1'" in said
    assert "--secrets-provider='awskms:///alias/workflow-state?region=eu-west-1'" in said


def test_the_key_is_rotated_and_made_once() -> None:
    boot("dev")
    boot("staging")

    kms = boto3.client("kms")
    keys = kms.list_keys()["Keys"]
    assert len(keys) == 1
    assert kms.get_key_rotation_status(KeyId=keys[0]["KeyId"])["KeyRotationEnabled"]


def test_a_changed_bucket_is_brought_back() -> None:
    boot("dev")
    s3 = boto3.client("s3")
    bucket = "workflow-state-123456789012-eu-west-1"
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})

    boot("dev")

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_us_east_1_needs_no_location(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    boot("dev")

    location = boto3.client("s3").get_bucket_location(Bucket="workflow-state-123456789012-us-east-1")
    assert location["LocationConstraint"] is None


def test_without_a_region_of_its_own_the_environment_gets_the_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")

    assert boot("dev").data["bucket"] == "workflow-state-123456789012-us-east-1"


def test_no_region_at_all_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}")

    with pytest.raises(RefusedError, match="No AWS region is set"):
        bootstrap.bootstrap(tmp_path, "dev")


def test_a_stack_without_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"There is no stack dev: Pulumi\.dev\.yaml would configure it"):
        bootstrap.bootstrap(tmp_path, "dev")
