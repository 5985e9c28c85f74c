"""What a real account needs before its first `pulumi up`: a place for the state and a key for the secrets in it.

Made once per account and region, by a command and not by Pulumi, which needs both to exist. Running it again changes
nothing that is already so. By option also the roles of a pipeline.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import ClientError

from operations import pipeline_roles
from operations.clients import Clients
from operations.errors import RefusedError
from operations.pipeline_roles import Pipeline
from operations.results import Result
from operations.stacks import account_clients
from tools.progress import say

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_s3.client import S3Client

KEY_ALIAS = "alias/workflow-state"
KEPT_VERSIONS_DAYS = 90


@dataclass(frozen=True)
class StateBackend:
    """Where the state of an account's stacks is: an S3 bucket and the KMS key that encrypts secrets in it."""

    bucket: str
    key_alias: str
    region: str

    @property
    def login_url(self) -> str:
        """For `pulumi login` (Pulumi documentation, "State and backends", AWS S3)."""
        return f"s3://{self.bucket}?region={self.region}"

    @property
    def secrets_provider(self) -> str:
        """For `pulumi stack init --secrets-provider` (Pulumi documentation, "Secrets", AWS KMS)."""
        return f"awskms:///{self.key_alias}?region={self.region}"


@dataclass(frozen=True)
class BootstrapOptions:
    """Whose pipeline is to have roles, if any: a GitHub repository, and the branch that its nightly jobs run on."""

    github: str | None = None
    branch: str = "main"


def bootstrap(root: Path, name: str, options: BootstrapOptions = BootstrapOptions()) -> Result:
    """Make the state backend for the stack `name`, and by option the roles of its pipeline.

    Raises:
        RefusedError: no region is set.
        OperationError: AWS refused something.
    """
    clients = account_clients(root, name)
    if (region := boto3.Session(profile_name=clients.profile).region_name) is not None:
        clients = replace(clients, region=region)
    region = clients.session.region_name
    if region is None:
        raise RefusedError("No AWS region is set: set AWS_REGION or choose an AWS profile with one.")
    identity = clients.sts.get_caller_identity()
    backend = make(clients.s3, clients.kms, identity["Account"], region)
    roles = _roles(clients, name, options, backend, identity["Arn"].split(":")[1], identity["Account"])
    return Result(
        {
            "stack": name,
            "bucket": backend.bucket,
            "loginUrl": backend.login_url,
            "secretsProvider": backend.secrets_provider,
            "roles": roles,
        },
        _text(name, backend, roles),
    )


def _roles(
    clients: Clients, name: str, options: BootstrapOptions, backend: StateBackend, partition: str, account: str
) -> dict[str, str]:
    if options.github is None:
        return {}
    key = clients.kms.describe_key(KeyId=backend.key_alias)["KeyMetadata"]["Arn"]
    pipeline = Pipeline(options.github, options.branch, name, partition, account, backend.bucket, key)
    return pipeline_roles.ensure(clients.iam, pipeline)


def _text(name: str, backend: StateBackend, roles: Mapping[str, str]) -> str:
    lines = [
        "",
        "Use it:",
        f"  pulumi login '{backend.login_url}'",
        f"  pulumi stack init {name} --secrets-provider='{backend.secrets_provider}'",
    ]
    if roles:
        lines += [
            "",
            "Variables of the repository on GitHub (docs/operations.md):",
            f"  environment {name}: AWS_DEPLOY_ROLE={roles['deploy']}",
            f"  repository: AWS_PREVIEW_ROLES, a JSON object, gets {json.dumps({name: roles['preview']})}",
            f"  repository: PULUMI_BACKENDS, a JSON object, gets {json.dumps({name: backend.login_url})}",
        ]
    return "\n".join(lines) + "\n"


def make(s3: S3Client, kms: KMSClient, account: str, region: str) -> StateBackend:
    """Make the bucket and the key, or bring those that exist to the same settings."""
    backend = StateBackend(f"workflow-state-{account}-{region}", KEY_ALIAS, region)
    _ensure_key(kms)
    _ensure_bucket(s3, backend, account)
    _protect_bucket(s3, backend, account)
    return backend


def _ensure_key(kms: KMSClient) -> None:
    for page in kms.get_paginator("list_aliases").paginate():
        if any(alias.get("AliasName") == KEY_ALIAS for alias in page["Aliases"]):
            say(f"KMS key {KEY_ALIAS} is there")
            return
    key = kms.create_key(Description="Secrets in the Pulumi state of the workflow stacks")["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key)
    kms.create_alias(AliasName=KEY_ALIAS, TargetKeyId=key)
    say(f"KMS key {KEY_ALIAS} made, rotated yearly")


def _ensure_bucket(s3: S3Client, backend: StateBackend, account: str) -> None:
    try:
        s3.head_bucket(Bucket=backend.bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
            raise
    else:
        say(f"S3 bucket {backend.bucket} is there")
        return
    if backend.region == "us-east-1":  # the one region that must not be named (S3 API, CreateBucket)
        s3.create_bucket(Bucket=backend.bucket)
    else:
        s3.create_bucket(
            Bucket=backend.bucket,
            CreateBucketConfiguration={"LocationConstraint": backend.region},  # type: ignore[typeddict-item]
        )
    say(f"S3 bucket {backend.bucket} made")


def _protect_bucket(s3: S3Client, backend: StateBackend, account: str) -> None:
    """Versions kept, encrypted, never public, never without TLS, old versions dropped after a while."""
    bucket = backend.bucket
    s3.put_public_access_block(
        Bucket=bucket,
        ExpectedBucketOwner=account,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY_ALIAS},
                    "BucketKeyEnabled": True,
                }
            ]
        },
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(_tls_only(bucket)))
    s3.put_bucket_lifecycle_configuration(
        Bucket=bucket,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "old-versions",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_VERSIONS_DAYS},
                }
            ]
        },
    )
    say(f"S3 bucket {bucket}: versioned, encrypted, private, TLS only, old versions kept {KEPT_VERSIONS_DAYS} days")


def _tls_only(bucket: str) -> dict[str, object]:
    arn = f"arn:aws:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
