"""The second region, as a frozen model: two stacks, of which one serves and the other stands by."""

from typing import Annotated

import msgspec
from msgspec import Meta, field

from infra import values
from infra.values import between

REPLICATED = ("accessKeys", "databaseAdmin", "databaseUser", "tokenKey")
"""The secrets that belong to the data and are the same in both regions; that of the cache is each stack's own."""

StackName = Annotated[
    str, Meta(pattern=r"^([a-z][a-z0-9-]{0,11})?$", description="the name of a stack, or empty for none")
]
DatabaseArn = Annotated[
    str,
    Meta(
        pattern=r"^(arn:aws[a-z-]*:rds:[a-z0-9-]+:[0-9]{12}:db:[a-z][a-z0-9-]{0,62})?$",
        description="the ARN of a database, arn:aws:rds:REGION:ACCOUNT:db:NAME, or empty",
    ),
]
BucketName = Annotated[
    str,
    Meta(pattern=r"^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?$", description="the name of a bucket, or empty for none"),
]
KeyArn = Annotated[
    str,
    Meta(
        pattern=r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]{36})?$",
        description="the ARN of a key, arn:aws:kms:REGION:ACCOUNT:key/ID, or empty for S3's own",
    ),
]
SecretArns = Annotated[
    dict[
        str,
        Annotated[str, Meta(pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[\w/+=.@-]+$")],
    ],
    Meta(description=f"a map of {', '.join(REPLICATED)} to the ARNs of secrets, or empty"),
]


class StandbySettings(msgspec.Struct, frozen=True, rename="camel"):
    """What the stack is to the one in the other region.

    `region` is where the first stack's secrets and archive are copied to; `primary`, `secrets`, `archive` and
    `archive_key` are set in the second stack alone, which has the first one's images and the copies. `standby` and
    `replica_of` change sides in a failover.
    """

    region: values.OptionalRegion = field(name="standbyRegion")
    standby: bool
    primary: StackName = field(name="primaryStack")
    secrets: SecretArns = field(name="replicatedSecrets")
    archive: BucketName = field(name="replicatedArchive")
    archive_key: KeyArn = field(name="replicatedArchiveKey")
    replica_of: DatabaseArn = field(name="databaseReplicaOf")
    generation: Annotated[int, between(1, 999)] = field(name="databaseGeneration")

    @property
    def paired(self) -> bool:
        """Whether there is a stack in another region that may take over."""
        return bool(self.region or self.primary)
