"""A bucket that holds what services write for the record: nobody else's, encrypted, and emptied by age.

Public access is blocked, ACLs are off, objects are encrypted with S3's own keys (the only ones that load balancers can
write with) or the stack's, and requests without TLS 1.2 are refused. Storage costs 0.023 USD a GB and month.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

UPLOAD_DAYS = 7
"""Days after which the parts of an upload that nobody finished go."""

OLDEST_TLS = "1.2"


@dataclass(frozen=True)
class Writer:
    """A service that may write, and the prefix below which it may."""

    service: str
    prefix: str


@dataclass(frozen=True)
class LockedBucketArgs:
    """Who writes, how long objects stay (None: for ever), and whether the stack may be destroyed with objects in it.

    Only objects whose keys start with `expiring` go by age. With `lock_days` each version of an object is locked for so
    long after it was written, and goes as long after it was followed by another; with `protect` Pulumi refuses to
    delete the bucket; objects are encrypted with the key of `key_arn` where there is one.
    """

    writers: Sequence[Writer]
    retention_days: int | None
    force_destroy: bool
    partition: str
    expiring: str = ""
    lock_days: int | None = None
    protect: bool = False
    key_arn: Input[str] | None = None


class LockedBucket(ComponentResource):
    """The bucket; `name` is known once the writers may write."""

    name: Output[str]

    def __init__(self, name: str, args: LockedBucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:LockedBucket", name, None, opts)
        child = ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=args.force_destroy,
            # S3 turns versions on with it, and refuses to turn them off.
            object_lock_enabled=True if args.lock_days else None,
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        block = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        # S3 refuses two changes of one bucket at a time.
        owner = aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.id,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=ResourceOptions(parent=self, depends_on=[block]),
        )
        self._encrypt(name, bucket, args.key_arn, ResourceOptions(parent=self, depends_on=[owner]))
        self._expire(name, bucket, args, ResourceOptions(parent=self, depends_on=[owner]))
        if args.lock_days:
            self._lock(name, bucket, args.lock_days, ResourceOptions(parent=self, depends_on=[owner]))
        policy = aws.s3.BucketPolicy(
            name,
            bucket=bucket.id,
            policy=bucket.bucket.apply(lambda made: bucket_policy(made, args)),
            opts=ResourceOptions(parent=self, depends_on=[owner]),
        )
        self.name = Output.all(bucket.bucket, policy.id).apply(lambda made: str(made[0]))
        self.register_outputs({"name": self.name})

    def _encrypt(self, name: str, bucket: aws.s3.Bucket, key_arn: Input[str] | None, opts: ResourceOptions) -> None:
        by_default = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256" if key_arn is None else "aws:kms", kms_master_key_id=key_arn
        )
        rule = aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=by_default, bucket_key_enabled=True
        )
        aws.s3.BucketServerSideEncryptionConfiguration(name, bucket=bucket.id, rules=[rule], opts=opts)

    def _expire(self, name: str, bucket: aws.s3.Bucket, args: LockedBucketArgs, opts: ResourceOptions) -> None:
        days = args.retention_days
        expiration = aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days) if days is not None else None
        rule = aws.s3.BucketLifecycleConfigurationRuleArgs(
            id="expire",
            status="Enabled",
            filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=args.expiring),
            expiration=expiration,
            noncurrent_version_expiration=aws.s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                noncurrent_days=args.lock_days
            )
            if args.lock_days
            else None,
            abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                days_after_initiation=UPLOAD_DAYS
            ),
        )
        aws.s3.BucketLifecycleConfiguration(name, bucket=bucket.id, rules=[rule], opts=opts)

    def _lock(self, name: str, bucket: aws.s3.Bucket, days: int, opts: ResourceOptions) -> None:
        retention = aws.s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(mode="GOVERNANCE", days=days)
        aws.s3.BucketObjectLockConfiguration(
            name,
            bucket=bucket.id,
            object_lock_enabled="Enabled",
            rule=aws.s3.BucketObjectLockConfigurationRuleArgs(default_retention=retention),
            opts=opts,
        )


def bucket_policy(bucket: str, args: LockedBucketArgs) -> str:
    """The bucket's policy as canonical JSON: TLS for everyone, writing for the writers."""
    arn = f"arn:{args.partition}:s3:::{bucket}"
    statements: list[Mapping[str, object]] = [
        _deny("TlsOnly", arn, {"Bool": {"aws:SecureTransport": "false"}}),
        _deny("RecentTlsOnly", arn, {"NumericLessThan": {"s3:TlsVersion": OLDEST_TLS}}),
    ]
    statements += [
        {
            "Effect": "Allow",
            "Principal": {"Service": writer.service},
            "Action": "s3:PutObject",
            "Resource": f"{arn}/{writer.prefix}*",
        }
        for writer in args.writers
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)


def _deny(sid: str, arn: str, condition: Mapping[str, object]) -> dict[str, object]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": condition,
    }
