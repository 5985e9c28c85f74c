"""Tags, which each service keeps in its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from sandbox.aws.api import parameters
from sandbox.aws.convert import FromApi, ToApi
from sandbox.aws.schema import MapOf, Scalar

if TYPE_CHECKING:
    from sandbox.aws.api import Api

TAGS = MapOf(Scalar(str))


@dataclass(frozen=True)
class TagApi:
    """A service's operations on the tags of a resource, and their members for its identity, the tags and the keys."""

    list: str | None
    """None where the resource's own description has them."""
    add: str
    remove: str
    resource: str
    tags: str
    keys: str


_RDS = TagApi("ListTagsForResource", "AddTagsToResource", "RemoveTagsFromResource", "ResourceName", "Tags", "TagKeys")
_LOWER = TagApi("ListTagsForResource", "TagResource", "UntagResource", "resourceArn", "tags", "tagKeys")
_UPPER = TagApi("ListTagsForResource", "TagResource", "UntagResource", "ResourceArn", "Tags", "TagKeys")
_ARN = TagApi("ListTagsForResource", "TagResource", "UntagResource", "ResourceARN", "Tags", "TagKeys")

SERVICES: Mapping[str, TagApi] = {
    "acm": TagApi(
        "ListTagsForCertificate", "AddTagsToCertificate", "RemoveTagsFromCertificate", "CertificateArn", "Tags", "Tags"
    ),
    "amp": _LOWER,
    "application-autoscaling": _ARN,
    "backup": TagApi("ListTags", "TagResource", "UntagResource", "ResourceArn", "Tags", "TagKeyList"),
    "budgets": TagApi(
        "ListTagsForResource", "TagResource", "UntagResource", "ResourceARN", "ResourceTags", "ResourceTagKeys"
    ),
    "cloudwatch": _ARN,
    "ec2": TagApi(None, "CreateTags", "DeleteTags", "Resources", "Tags", "Tags"),
    "ecr": _LOWER,
    "ecs": _LOWER,
    "elasticache": _RDS,
    "elbv2": TagApi("DescribeTags", "AddTags", "RemoveTags", "ResourceArns", "Tags", "TagKeys"),
    "iam": TagApi(None, "TagRole", "UntagRole", "RoleName", "Tags", "TagKeys"),
    "kms": TagApi("ListResourceTags", "TagResource", "UntagResource", "KeyId", "Tags", "TagKeys"),
    "kafka": _UPPER,
    "logs": _LOWER,
    "rds": _RDS,
    "secretsmanager": TagApi(None, "TagResource", "UntagResource", "SecretId", "Tags", "TagKeys"),
    "sns": _UPPER,
    "synthetics": _UPPER,
    "wafv2": _ARN,
}


def read(api: Api, identity: str, found: Mapping[str, object]) -> dict[str, str]:
    """Return a resource's tags; AWS's own, named `aws:…`, are left out."""
    if api.service == "s3":
        return _read_set(api, identity)
    kind = SERVICES[api.service]
    answer: object = next((found[key] for key in ("Tags", "tags", "TagList", "TagSet") if key in found), [])
    if kind.list:
        answer = _listed(api.call(kind.list, {kind.resource: _one(api, kind.list, kind.resource, identity)}))
    tags = FromApi({}).convert(answer, TAGS, "tags")
    entries = tags.items() if isinstance(tags, dict) else ()
    return {key: str(value or "") for key, value in entries if not key.startswith("aws:")}


def change(api: Api, identity: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
    """Make the tags of a resource those in `new`."""
    if api.service == "s3":
        _put_set(api, identity, new)
        return
    kind = SERVICES[api.service]
    gone = [key for key in old if key not in new]
    if gone:
        keys: object = [{"Key": key} for key in gone] if kind.keys == kind.tags else gone
        api.call(kind.remove, {kind.resource: _one(api, kind.remove, kind.resource, identity), kind.keys: keys})
    added = {key: value for key, value in new.items() if old.get(key) != value}
    if added:
        shape = parameters(api.service, kind.add).members[kind.tags]
        values = ToApi({}).convert(added, shape, "tags")
        api.call(kind.add, {kind.resource: _one(api, kind.add, kind.resource, identity), kind.tags: values})


def strings(value: object) -> dict[str, str]:
    """Return a property value as tags; none for what isn't a map."""
    return {key: str(item) for key, item in value.items()} if isinstance(value, Mapping) else {}


def _in_s3(identity: str) -> tuple[str, dict[str, object]]:
    """Tell whether it is a bucket or, as ``bucket/key``, an object, and what its operations name it by."""
    bucket, _, key = identity.partition("/")
    return ("Object", {"Bucket": bucket, "Key": key}) if key else ("Bucket", {"Bucket": bucket})


def _read_set(api: Api, identity: str) -> dict[str, str]:
    """GetBucketTagging, GetObjectTagging: a bucket without tags is an error."""
    kind, named = _in_s3(identity)
    try:
        found = api.call(f"Get{kind}Tagging", named)["TagSet"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchTagSet":
            raise
        return {}
    return {item["Key"]: item["Value"] for item in found} if isinstance(found, list) else {}


def _put_set(api: Api, identity: str, tags: Mapping[str, str]) -> None:
    """PutBucketTagging, PutObjectTagging: take all tags, and at least one."""
    kind, named = _in_s3(identity)
    if tags:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        api.call(f"Put{kind}Tagging", {**named, "Tagging": {"TagSet": pairs}})
    else:
        api.call(f"Delete{kind}Tagging", named)


def _one(api: Api, operation: str, member: str, identity: str) -> object:
    return [identity] if parameters(api.service, operation).members[member].type_name == "list" else identity


def _listed(answer: Mapping[str, object]) -> object:
    described = answer.get("TagDescriptions")
    if isinstance(described, list):
        return described[0].get("Tags", []) if described else []
    information = answer.get("TagInfoForResource")
    if isinstance(information, Mapping):
        return information.get("TagList", [])
    return next((answer[key] for key in ("Tags", "tags", "TagList", "ResourceTags") if key in answer), [])
