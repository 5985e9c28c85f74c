"""Rules of buckets and of the keys that things are encrypted with."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from infra.policy.resources import Resource
from infra.policy.rule import Check, Rule, StackRule, must_be, must_be_true, must_have
from infra.policy.statements import Statement, statements

_BUCKET = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_BUCKET_POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_KEY = ("aws:kms/key:Key",)
_TAKES_OVER = (
    "s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy", "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)  # fmt: skip
"""What S3.6 forbids to principals of other accounts."""

_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


def opens_to_everyone(path: str) -> Check:
    """A policy that allows everyone something, without a condition that says who."""

    def check(resource: Resource) -> Iterator[str]:
        for statement in statements(resource.document(path)):
            if statement.allows and statement.is_for_everyone:
                yield f"it allows everyone {', '.join(statement.actions)}"

    return check


def takes_plain_requests(resource: Resource) -> Iterator[str]:
    """A bucket policy that doesn't deny requests without TLS."""
    found = resource.document("policy")
    if isinstance(found, Mapping) and not any(_denies_plain(statement) for statement in statements(found)):
        yield "it does not deny requests without TLS"


def _denies_plain(statement: Statement) -> bool:
    plain = statement.conditions.get("Bool")
    secure = plain.get("aws:SecureTransport") if isinstance(plain, Mapping) else None
    return not statement.allows and "s3:*" in statement.actions and str(secure).lower() == "false"


def lets_others_open_it(resource: Resource) -> Iterator[str]:
    """A bucket policy by which an account or a user may change who gets at the bucket."""
    for statement in statements(resource.document("policy")):
        actions = [
            action
            for action in statement.actions
            if any(fnmatchcase(each.lower(), action.lower()) for each in _TAKES_OVER)
        ]
        if statement.allows and statement.principals and actions:
            yield f"it allows {', '.join(actions)} to {', '.join(statement.principals)}"


RULES: tuple[Rule | StackRule, ...] = (
    Rule(
        "KMS.4",
        "Keys rotate every year.",
        "Set enableKeyRotation to true.",
        _KEY,
        must_be_true("enableKeyRotation"),
    ),
    Rule(
        "KMS.5",
        "Nobody outside the account may use a key.",
        "Name the principals in the key's policy.",
        _KEY,
        opens_to_everyone("policy"),
    ),
    Rule(
        "S3.2",
        "No bucket policy allows everyone anything.",
        "Name the principals in the bucket's policy.",
        (_BUCKET_POLICY,),
        opens_to_everyone("policy"),
    ),
    StackRule(
        "S3.5",
        "Buckets refuse requests without TLS.",
        "Add an aws.s3.BucketPolicy that denies s3:* where aws:SecureTransport is false.",
        _BUCKET,
        must_have(_BUCKET_POLICY, "bucket", takes_plain_requests),
    ),
    Rule(
        "S3.6",
        "No bucket policy lets others change who gets at the bucket.",
        "Leave these actions to policies of the account's own roles.",
        (_BUCKET_POLICY,),
        lets_others_open_it,
    ),
    StackRule(
        "S3.8",
        "Buckets block public access.",
        f"Add an aws.s3.BucketPublicAccessBlock that sets {', '.join(_BLOCKS)}.",
        _BUCKET,
        must_have(
            "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            "bucket",
            *(must_be_true(block) for block in _BLOCKS),
        ),
    ),
    StackRule(
        "S3.9",
        "Requests to a bucket are logged.",
        "Add an aws.s3.BucketLogging for the bucket.",
        _BUCKET,
        must_have("aws:s3/bucketLogging:BucketLogging", "bucket"),
    ),
    StackRule(
        "S3.12",
        "Access to a bucket is a matter of policies, not of ACLs.",
        "Add an aws.s3.BucketOwnershipControls with BucketOwnerEnforced for the bucket.",
        _BUCKET,
        must_have(
            "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
            "bucket",
            must_be("rule.objectOwnership", "BucketOwnerEnforced"),
        ),
    ),
    StackRule(
        "S3.13",
        "What is in a bucket expires.",
        "Add an aws.s3.BucketLifecycleConfiguration for the bucket.",
        _BUCKET,
        must_have("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", "bucket"),
    ),
)
