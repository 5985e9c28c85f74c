"""The second region."""

from collections.abc import Iterator, Mapping

from infra.problems import Problem
from infra.rules.rule import Rule, problem
from infra.standby_settings import REPLICATED


def _region(standby: str, region: str, primary: str) -> Iterator[Problem]:
    if standby == region:
        yield problem("standbyRegion", standby, f"must differ from aws:region {region}")
    if standby and primary:
        yield problem("standbyRegion", standby, f"must be empty where primaryStack is {primary}: it owns the secrets")


def _secrets(primary: str, secrets: Mapping[str, str], region: str) -> Iterator[Problem]:
    wanted = set(REPLICATED) if primary else set()
    if set(secrets) != wanted:
        listed = ", ".join(sorted(wanted)) or "nothing"
        by = f": the command standby --of {primary} writes them" if primary else ""
        yield problem("replicatedSecrets", sorted(secrets), f"must hold {listed} where primaryStack is {primary!r}{by}")
    for name, arn in secrets.items():
        if arn.split(":")[3] != region:
            yield problem(f"replicatedSecrets.{name}", arn, f"must be a copy in aws:region {region}")


def _archive(primary: str, bucket: str, archive: bool) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    if bucket and not primary:
        yield problem("replicatedArchive", bucket, 'must be empty where primaryStack is "": it has a bucket of its own')
    if primary and archive and not bucket:
        both = "archiveCopyBucket, and replicatedArchiveKey its archiveCopyKeyArn"
        says = f"must be {primary}'s output {both}, or archive false: both stacks read the same archive"
        yield problem("replicatedArchive", '""', says)


def _stands_by(standby: bool, replica_of: str) -> Iterator[Problem]:  # noqa: FBT001 the value of a key
    if standby and not replica_of:
        yield problem("databaseReplicaOf", '""', "must be set in a standby: it follows the other region's database")


def _source(replica_of: str, region: str, key: str) -> Iterator[Problem]:
    if not replica_of:
        return
    if replica_of.split(":")[3] == region:
        yield problem("databaseReplicaOf", replica_of, f"must be in another region than aws:region {region}")
    # "Creating a read replica in a different AWS Region" in the Amazon RDS User Guide.
    if key != "stack":
        yield problem("encryptionKey", key, "must be stack: a copy of another region's database needs a key of its own")


RULES = (
    Rule(("standbyRegion", "aws:region", "primaryStack"), _region),
    Rule(("primaryStack", "replicatedSecrets", "aws:region"), _secrets),
    Rule(("primaryStack", "replicatedArchive", "archive"), _archive),
    Rule(("standby", "databaseReplicaOf"), _stands_by),
    Rule(("databaseReplicaOf", "aws:region", "encryptionKey"), _source),
)
