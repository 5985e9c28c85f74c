"""S3 in moto 5.2.5.

CreateBucket's tags are forgotten, the conditions of a bucket's policy count as met, the default retention of a bucket
with locked objects can't be changed, and of a replication's rules most is forgotten and nothing refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from xml.etree import ElementTree

from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.exceptions import MissingBucket, ReplicationConfigurationNotFoundError, S3ClientError
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response

_NAMESPACE = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}
Put = Callable[[S3Response, object, str, dict[str, object]], str | TYPE_RESPONSE]


_set_lock = S3Backend.put_object_lock_configuration
_set_replication = S3Backend.put_bucket_replication
_TRANSPORT = ("aws:SecureTransport", "s3:TlsVersion")


def apply() -> None:
    """Keep the tags, and hold no request to the TLS that the sandbox hasn't got."""
    setattr(S3Response, "_bucket_response_put", _keeping_tags(S3Response._bucket_response_put))  # noqa: B010, SLF001
    FakeBucket.get_permission = permission  # type: ignore[method-assign]
    S3Backend.put_object_lock_configuration = put_object_lock_configuration  # type: ignore[method-assign]
    S3Backend.put_bucket_replication = put_bucket_replication  # type: ignore[method-assign]
    S3Response.get_bucket_replication = get_bucket_replication  # type: ignore[method-assign]


@wraps(_set_lock)
def put_object_lock_configuration(
    self: S3Backend,
    bucket_name: str,
    lock_enabled: bool,  # noqa: FBT001 the one that it stands for has it so
    mode: str | None = None,
    days: int | None = None,
    years: int | None = None,
) -> None:
    """PutObjectLockConfiguration: what is locked already stays as it is, and stands in no way."""
    bucket = self.get_bucket(bucket_name)
    if not bucket.object_lock_enabled:
        _set_lock(self, bucket_name, lock_enabled, mode, days, years)
    else:
        bucket.default_lock_mode, bucket.default_lock_days, bucket.default_lock_years = mode, days, years


@wraps(_set_replication)
def put_bucket_replication(self: S3Backend, bucket_name: str, replication: dict[str, Any]) -> None:
    """PutBucketReplication: both buckets keep versions ("Requirements and considerations for replication")."""
    if not self.get_bucket(bucket_name).is_versioned:
        said = "Versioning must be 'Enabled' on the bucket to apply a replication configuration"
        raise S3ClientError("InvalidRequest", said)
    rules = replication["Rule"]
    for rule in rules if isinstance(rules, list) else [rules]:
        name = rule["Destination"]["Bucket"].rsplit(":", 1)[-1]
        try:
            target = self.get_bucket(name)
        except MissingBucket as error:
            raise S3ClientError("InvalidRequest", "Destination bucket must exist.") from error
        if not target.is_versioned:
            raise S3ClientError("InvalidRequest", "Destination bucket must have versioning enabled.")
    _set_replication(self, bucket_name, replication)


def get_bucket_replication(self: S3Response) -> str | TYPE_RESPONSE:
    """GetBucketReplication: the rules with all that was put."""
    self.data["Action"] = "GetBucketReplication"
    found = self.backend.get_bucket_replication(self.bucket_name)
    if not found:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    return self.serialized(ActionResult({"ReplicationConfiguration": {"Role": found["Role"], "Rules": found["Rule"]}}))


def permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says of an action, without the statements about transport."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    document = json.loads(self.policy)
    about = [statement for statement in document["Statement"] if not _is_about_transport(statement)]
    allowed = IAMPolicy(json.dumps({**document, "Statement": about})).is_action_permitted(action, resource)
    return PermissionResult(allowed)


def _is_about_transport(statement: Mapping[str, Mapping[str, Mapping[str, object]]]) -> bool:
    return any(key in _TRANSPORT for operands in statement.get("Condition", {}).values() for key in operands)


def _keeping_tags(put: Put) -> Put:
    @wraps(put)
    def keep(
        self: S3Response, request: object, bucket_name: str, querystring: dict[str, object]
    ) -> str | TYPE_RESPONSE:
        answer = put(self, request, bucket_name, querystring)
        if not querystring and (tags := _tags(self.body)):
            self.backend.put_bucket_tagging(bucket_name, tags)
        return answer

    return keep


def _tags(body: bytes | str) -> dict[str, str]:
    """Return the tags in a CreateBucketConfiguration."""
    if not body:
        return {}
    tags = ElementTree.fromstring(body).findall("s3:Tags/s3:Tag", _NAMESPACE)  # noqa: S314
    return {tag.findtext("s3:Key", "", _NAMESPACE): tag.findtext("s3:Value", "", _NAMESPACE) for tag in tags}
