"""The archive: a bucket for executions that ended long ago, which the engine takes out of its database.

Objects are versioned and locked: for some days nobody without the right to bypass it removes what was written, and for
as many days an earlier version stays once it was overwritten or deleted, so that a mistake can be taken back. What the
engine erases is gone when they are over. Storage costs 0.023 USD a GB and month.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.bucket import LockedBucket, LockedBucketArgs
from infra.aws.provider import Account
from infra.aws.roles import allow
from infra.settings import Settings

PREFIX = "executions"
"""Where in the bucket the engine may write."""


@dataclass(frozen=True)
class ArchiveArgs:
    """What the archive needs to know; it is encrypted with the key of `key_arn`, or with S3's own."""

    account: Account
    settings: Settings
    key_arn: Input[str] | None = None


class Archive(ComponentResource):
    """The bucket; `location` is what the engine is told, an s3:// address."""

    location: Output[str]

    def __init__(self, name: str, args: ArchiveArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Archive", name, None, opts)
        self._args = args
        protected = args.settings.stack.deletion_protection
        bucket = LockedBucketArgs(
            writers=[],
            retention_days=None,
            force_destroy=not protected,
            partition=args.account.partition,
            lock_days=args.settings.backup.archive_lock_days,
            protect=protected,
            key_arn=args.key_arn,
        )
        self._bucket = LockedBucket(name, bucket, ResourceOptions(parent=self)).name
        self.location = Output.concat("s3://", self._bucket, "/", PREFIX)
        self.register_outputs({"location": self.location})

    def statements(self) -> list[dict[str, object]]:
        """What lets a role use the archive, and nothing else of S3."""
        account = self._args.account
        objects = Output.concat(f"arn:{account.partition}:s3:::", self._bucket, f"/{PREFIX}/*")
        rights = [allow(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [objects])]
        if self._args.key_arn is not None:
            through = {"StringEquals": {"kms:ViaService": f"s3.{account.region}.amazonaws.com"}}
            use = allow(["kms:Decrypt", "kms:GenerateDataKey"], [self._args.key_arn])
            rights.append({**use, "Condition": through})
        return rights
