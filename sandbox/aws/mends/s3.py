"""S3 buckets in moto 5.2.5: the tags that CreateBucket takes are forgotten."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from xml.etree import ElementTree

from moto.core.common_types import TYPE_RESPONSE
from moto.s3.responses import S3Response

_NAMESPACE = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}
Put = Callable[[S3Response, object, str, dict[str, object]], str | TYPE_RESPONSE]


def apply() -> None:
    """Keep them."""
    setattr(S3Response, "_bucket_response_put", _keeping_tags(S3Response._bucket_response_put))  # noqa: B010, SLF001


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
