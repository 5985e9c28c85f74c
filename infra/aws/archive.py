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
class ArchivePlace:
    """Where archives are: a bucket of an account's region, and the key that encrypts it if that isn't S3's own."""

    bucket: Input[str]
    account: Account
    key_arn: Input[str] | None

    @property
    def location(self) -> Output[str]:
        """What the engine is told, an s3:// address."""
        return Output.concat("s3://", self.bucket, "/", PREFIX)

    @property
    def objects(self) -> Output[str]:
        """The ARN of everything that the engine writes."""
        return Output.concat(f"arn:{self.account.partition}:s3:::", self.bucket, f"/{PREFIX}/*")

    def statements(self) -> list[dict[str, object]]:
        """What lets a role use the archive, and nothing else of S3."""
        return [
            allow(["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [self.objects]),
            *self.key_rights("kms:Decrypt", "kms:GenerateDataKey"),
        ]

    def key_rights(self, *actions: str) -> list[dict[str, object]]:
        """What lets a role do this with the key, by way of S3 alone; nothing where the key is S3's own."""
        if self.key_arn is None:
            return []
        through = {"StringEquals": {"kms:ViaService": f"s3.{self.account.region}.amazonaws.com"}}
        return [{**allow(actions, [self.key_arn]), "Condition": through}]


@dataclass(frozen=True)
class ArchiveArgs:
    """What the archive needs to know; it is encrypted with the key of `key_arn`, or with S3's own."""

    account: Account
    settings: Settings
    key_arn: Input[str] | None = None


class Archive(ComponentResource):
    """The bucket, and where that is."""

    bucket: LockedBucket
    place: ArchivePlace

    def __init__(self, name: str, args: ArchiveArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:Archive", name, None, opts)
        self.bucket = archive_bucket(name, args, ResourceOptions(parent=self))
        self.place = ArchivePlace(self.bucket.name, args.account, args.key_arn)
        self.register_outputs({"location": self.place.location})


def archive_bucket(name: str, args: ArchiveArgs, opts: ResourceOptions) -> LockedBucket:
    """A bucket for archives: objects stay, earlier versions go when nothing locks them any more."""
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
    return LockedBucket(name, bucket, opts)
