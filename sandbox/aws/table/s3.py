"""Buckets and what is set on them (Amazon S3 API Reference); what a bucket takes besides name and tags is obsolete."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import urlencode

from sandbox.aws.api import Api
from sandbox.aws.definition import Autoname, ResourceType, Update
from sandbox.aws.errors import ProviderError
from sandbox.aws.values import Properties

US_EAST_1 = "us-east-1"
WEBSITE_ZONE = "Z3AQBSTGFYJSTF"
"""The hosted zone of website endpoints ("Amazon S3 endpoints and quotas"), which no bucket here has."""


def _configuration(inputs: Properties) -> Properties:
    """CreateBucketConfiguration: tags, and the region where it isn't the one that needs no naming."""
    tags = inputs.get("tags")
    configuration: Properties = {}
    if isinstance(tags, Mapping) and tags:
        configuration["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
    if inputs["region"] != US_EAST_1:
        configuration["LocationConstraint"] = inputs["region"]
    return {"CreateBucketConfiguration": configuration} if configuration else {}


def _empty(api: Api, identity: str, state: Properties) -> None:
    """Delete every object, locked ones too, where the program allows it: S3 deletes no bucket that holds any."""
    while objects := _versions(api, identity):
        if not state.get("forceDestroy"):
            raise ProviderError(f"aws:s3/bucket:Bucket: {identity} isn't empty, and forceDestroy isn't set")
        keys = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in objects]
        unlocked = {"BypassGovernanceRetention": True} if state.get("objectLockEnabled") else {}
        api.call("DeleteObjects", {"Bucket": identity, "Delete": {"Objects": keys}, **unlocked})


def _versions(api: Api, identity: str) -> list[Mapping[str, object]]:
    """Versions of objects, with those that say that an object is deleted."""
    answer = api.call("ListObjectVersions", {"Bucket": identity})
    listed = [answer.get("Versions"), answer.get("DeleteMarkers")]
    return [item for found in listed if isinstance(found, list) for item in found]


def _arn(state: Properties) -> str:
    return f"arn:aws:s3:::{state['id']}"


def _domain(state: Properties) -> str:
    return f"{state['id']}.s3.amazonaws.com"


def _regional_domain(state: Properties) -> str:
    return f"{state['id']}.s3.{state['region']}.amazonaws.com"


def _region(state: Properties) -> object:
    return state["region"]


def _zone(_: Properties) -> str:
    return WEBSITE_ZONE


def _object_arn(state: Properties) -> str:
    return f"arn:aws:s3:::{state['bucket']}/{state['key']}"


def _content(inputs: Properties) -> Properties:
    """PutObject's body, the text or the bytes behind the base64 text, its type, and the tags as a query."""
    encoded, kind = inputs.get("contentBase64"), inputs.get("contentType")
    body = base64.b64decode(str(encoded)) if encoded else str(inputs.get("content", "")).encode()
    tags = inputs.get("tagsAll") or inputs.get("tags")
    tagging = {"Tagging": urlencode(tags)} if isinstance(tags, Mapping) else {}
    return {"Body": body, **tagging, **({"ContentType": kind} if kind else {})}


def _put_again(api: Api, _: str, old: Properties, new: Properties) -> None:
    """Put the object with what has changed."""
    if old:
        api.call("PutObject", {"Bucket": new["bucket"], "Key": new["key"], **_content(new)})


def _of_bucket(kind: str, operation: str, delete: str, **options: object) -> ResourceType:
    """A resource that is one setting of a bucket: put as a whole, found by the bucket, deleted with it."""
    return ResourceType(
        type=f"aws:s3/bucket{kind}:Bucket{kind}",
        service="s3",
        create=f"Put{operation}",
        id="{bucket}",
        read=f"Get{operation}",
        delete=delete,
        updates=[Update(f"Put{operation}", whole=True)],
        key={"Bucket": "{bucket}"},
        replaces=frozenset({"bucket", "expectedBucketOwner"} if kind == "LifecycleConfiguration" else {"bucket"}),
        one_at_a_time=True,
        **options,  # type: ignore[arg-type]
    )


_BLOCK = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")

TYPES = (
    ResourceType(
        type="aws:s3/bucket:Bucket",
        service="s3",
        create="CreateBucket",
        id="{bucket}",
        read="ListBuckets",
        found="Buckets[?Name=='{id}'] | [0]",
        delete="DeleteBucket",
        updates=[Update("PutBucketAcl")],
        key={"Bucket": "{id}"},
        receive={"bucket": "Name"},
        send={"bucket": "Bucket", "objectLockEnabled": "ObjectLockEnabledForBucket"},
        local=frozenset({"forceDestroy"}),
        handled=frozenset({"bucketPrefix"}),
        build=_configuration,
        before_delete=_empty,
        computed={
            "arn": _arn,
            "bucketDomainName": _domain,
            "bucketRegion": _region,
            "bucketRegionalDomainName": _regional_domain,
            "hostedZoneId": _zone,
        },
        autoname=Autoname("bucket", 63),
        tagged_by="bucket",
        replaces=frozenset({"bucket", "bucketPrefix", "objectLockEnabled"}),
        # Each is a resource of its own.
        empty=frozenset(
            {
                "accelerationStatus",
                "acl",
                "bucketNamespace",
                "bucketPrefix",
                "corsRules",
                "grants",
                "lifecycleRules",
                "logging",
                "objectLock*",
                "policy",
                "replicationConfiguration",
                "requestPayer",
                "serverSideEncryptionConfiguration",
                "versioning",
                "website*",
            }
        ),
    ),
    ResourceType(
        type="aws:s3/bucketObjectv2:BucketObjectv2",
        service="s3",
        create="PutObject",
        id="{bucket}/{key}",
        read="HeadObject",
        found="@",
        delete="DeleteObject",
        key={"Bucket": "{bucket}", "Key": "{key}"},
        build=_content,
        change=_put_again,
        handled=frozenset({"content", "contentBase64", "contentType"}),
        computed={"arn": _object_arn},
        replaces=frozenset({"bucket", "key"}),
        tagged_by="id",
        empty=frozenset({"*"}),
    ),
    _of_bucket(
        "PublicAccessBlock",
        "PublicAccessBlock",
        "DeletePublicAccessBlock",
        found="PublicAccessBlockConfiguration",
        send={
            "bucket": "Bucket",
            **{name: f"PublicAccessBlockConfiguration.{name[0].upper()}{name[1:]}" for name in _BLOCK},
        },
        local=frozenset({"skipDestroy"}),
    ),
    _of_bucket(
        "OwnershipControls",
        "BucketOwnershipControls",
        "DeleteBucketOwnershipControls",
        found="OwnershipControls",
        send={"bucket": "Bucket", "rule": "OwnershipControls.Rules"},
        receive={"rule": "Rules[0]"},
    ),
    _of_bucket(
        "ServerSideEncryptionConfiguration",
        "BucketEncryption",
        "DeleteBucketEncryption",
        found="ServerSideEncryptionConfiguration",
        send={"bucket": "Bucket", "rules": "ServerSideEncryptionConfiguration.Rules"},
    ),
    _of_bucket(
        "LifecycleConfiguration",
        "BucketLifecycleConfiguration",
        "DeleteBucketLifecycle",
        found="@",
        send={"bucket": "Bucket", "rules": "LifecycleConfiguration.Rules"},
        empty=frozenset({"expectedBucketOwner", "transitionDefaultMinimumObjectSize"}),
    ),
    _of_bucket(
        "ObjectLockConfiguration",
        "ObjectLockConfiguration",
        # The lock itself stays for as long as the bucket does.
        "PutObjectLockConfiguration",
        delete_with={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
        found="[ObjectLockConfiguration][?Rule] | [0]",
        send={
            "bucket": "Bucket",
            "objectLockEnabled": "ObjectLockConfiguration.ObjectLockEnabled",
            "rule": "ObjectLockConfiguration.Rule",
        },
        receive={"objectLockEnabled": "ObjectLockEnabled", "rule": "Rule"},
        empty=frozenset({"expectedBucketOwner", "token"}),
    ),
    _of_bucket(
        "ReplicationConfig",
        "BucketReplication",
        "DeleteBucketReplication",
        found="ReplicationConfiguration",
        send={
            "bucket": "Bucket",
            "role": "ReplicationConfiguration.Role",
            "rules": "ReplicationConfiguration.Rules",
        },
        receive={"role": "Role", "rules": "Rules"},
        empty=frozenset({"token"}),
    ),
    _of_bucket(
        "Policy",
        "BucketPolicy",
        "DeleteBucketPolicy",
        found="@",
        send={"bucket": "Bucket", "policy": "Policy"},
    ),
)
