"""The archive's copy in a second region: S3 brings there what is written, within minutes and to a bucket like it.

It is made where backups are copied to a second region, or where a stack stands by in one: that stack reads and writes
the copy from a failover on, and what it writes comes back, so that both have all histories. Delete markers stay where
they are set: what is deleted in one region, by mistake or by whoever got in, is still in the other. A GB costs 0.02 USD
to copy and 0.023 USD a month to keep; a key of the second region 1 USD a month.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
import pulumi_aws as aws
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.aws.archive import PREFIX, Archive, ArchiveArgs, ArchivePlace, archive_bucket
from infra.aws.encryption import EncryptionKey, EncryptionKeyArgs
from infra.aws.provider import make_provider
from infra.aws.roles import allow
from infra.settings import Settings

READ = (
    "s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
)  # fmt: skip
"""What S3 does with objects that it copies, locked ones too ("Setting up permissions for live replication")."""

WRITE = ("s3:ReplicateObject", "s3:ReplicateTags")


@dataclass(frozen=True)
class Way:
    """One way to copy; without a provider the source is in the stack's own region."""

    source: ArchivePlace
    target: ArchivePlace
    provider: aws.Provider | None

    def rule(self) -> aws.s3.BucketReplicationConfigRuleArgs:
        """Everything that the engine writes goes to the target, under the target's key; what it deletes stays there."""
        key_arn = self.target.key_arn
        enabled = aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(status="Enabled")
        encrypted = aws.s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(sse_kms_encrypted_objects=enabled)
        return aws.s3.BucketReplicationConfigRuleArgs(
            id="archive",
            priority=1,
            status="Enabled",
            filter=aws.s3.BucketReplicationConfigRuleFilterArgs(prefix=f"{PREFIX}/"),
            delete_marker_replication=aws.s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(status="Disabled"),
            source_selection_criteria=None if key_arn is None else encrypted,
            destination=aws.s3.BucketReplicationConfigRuleDestinationArgs(
                bucket=_bucket_arn(self.target), encryption_configuration=None if key_arn is None else _under(key_arn)
            ),
        )

    def rights(self) -> list[dict[str, object]]:
        """What S3 may do to copy this way."""
        return [
            allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [_bucket_arn(self.source)]),
            allow(READ, [self.source.objects]),
            allow(WRITE, [self.target.objects]),
            *self.source.key_rights("kms:Decrypt"),
            *self.target.key_rights("kms:Encrypt", "kms:GenerateDataKey"),
        ]


@dataclass(frozen=True)
class ArchiveCopyArgs:
    """What is copied, and the provider of the second region."""

    archive: Archive
    settings: Settings
    provider: aws.Provider


class ArchiveCopy(ComponentResource):
    """The bucket of the second region, and where that is."""

    place: ArchivePlace

    def __init__(self, name: str, args: ArchiveCopyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("workflow:aws:ArchiveCopy", name, None, opts)
        self._name, self._child = name, ResourceOptions(parent=self)
        there = ResourceOptions(parent=self, providers=[args.provider])
        first, account = args.archive.place, replace(args.archive.place.account, region=copy_region(args.settings))
        key = EncryptionKeyArgs(account, args.settings, label="-archive")
        key_arn = None if first.key_arn is None else EncryptionKey(f"{name}-key", key, there).arn
        bucket = archive_bucket(name, ArchiveArgs(account, args.settings, key_arn), there)
        self.place = ArchivePlace(bucket.name, account, key_arn)

        ways = {name: Way(first, self.place, None)}
        if args.settings.standby.region:
            ways[f"{name}-back"] = Way(self.place, first, args.provider)
        role_arn = self._role(list(ways.values()))
        for label, way in ways.items():
            aws.s3.BucketReplicationConfig(
                label,
                bucket=way.source.bucket,
                role=role_arn,
                rules=[way.rule()],
                # S3 refuses two changes of one bucket at a time.
                opts=ResourceOptions(parent=self, provider=way.provider, depends_on=[args.archive.bucket, bucket]),
            )
        self.register_outputs({"location": self.place.location})

    def _role(self, ways: Sequence[Way]) -> Output[str]:
        role = aws.iam.Role(
            self._name,
            description="Copies the archive between regions",
            assume_role_policy=trust_policy(),
            opts=self._child,
        )
        statements = [statement for way in ways for statement in way.rights()]
        policy = Output.json_dumps({"Version": "2012-10-17", "Statement": statements}, sort_keys=True)
        inline = aws.iam.RolePolicy(self._name, role=role.name, policy=policy, opts=self._child)
        # The role counts as there once it may do something, or the first objects fail for lack of rights.
        return Output.all(role.arn, inline.id).apply(lambda made: str(made[0]))


def copy_region(settings: Settings) -> str:
    """The region that archives are copied to, empty for none; a second region's stack is given the first one's copy."""
    if not settings.backup.archive or settings.standby.primary:
        return ""
    return settings.standby.region or settings.backup.copy_region


def archive_copy_provider(settings: Settings, tags: Mapping[str, str]) -> aws.Provider:
    """The provider of that region."""
    there = msgspec.structs.replace(settings.provider, region=copy_region(settings))
    return make_provider(f"{settings.prefix}-archive-copies", there, tags)


def trust_policy() -> str:
    """Lets S3 take the role on, as the guide has it: replication says no source."""
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]}, sort_keys=True)


def _bucket_arn(place: ArchivePlace) -> Output[str]:
    return Output.concat(f"arn:{place.account.partition}:s3:::", place.bucket)


def _under(key_arn: Input[str]) -> aws.s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs:
    return aws.s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(replica_kms_key_id=key_arn)
