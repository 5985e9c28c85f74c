"""AWS Signature Version 4: recomputes a request's signature with the key that it names."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from http import HTTPStatus

import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from engine.api.auth.identity import Identity
from engine.api.errors import ApiError
from engine.settings import AccessKey

SCHEME = "AWS4-HMAC-SHA256"
OTHER_SCHEMES = frozenset({"AWS4-ECDSA-P256-SHA256", "AWS3", "AWS3-HTTPS", "AWS"})
TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"
CLOCK_SKEW = timedelta(minutes=5)
SERVICES = frozenset({"states", "scheduler", "execute-api"})
READ_HEADERS = ("x-amz-date", "x-amz-target", "x-amz-content-sha256", "content-encoding")
"""Headers that are looked at, signed or not."""
KEPT_SIGNING_KEYS = 256
KEPT_TIMESTAMPS = 64
AUTHORIZATION = re.compile(
    rf"{SCHEME} Credential=(?P<key>[^/]+)/(?P<date>\d{{8}})/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)


class SignedRequest(msgspec.Struct, frozen=True):
    """What a signature covers. `target` is path and query as they were sent.

    `headers` are those that are signed and those of `READ_HEADERS`, their names in lower case.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Credential(msgspec.Struct, frozen=True):
    """An Authorization header taken apart."""

    key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def read_credential(header: str) -> Credential:
    """Take an Authorization header apart. Raises `ApiError` IncompleteSignature."""
    match = AUTHORIZATION.fullmatch(header.strip())
    if match is None:
        message = f"the Authorization header is not '{SCHEME} Credential=…, SignedHeaders=…, Signature=…'"
        raise ApiError("IncompleteSignatureException", message, HTTPStatus.FORBIDDEN)
    return Credential(
        match["key"],
        match["date"],
        match["region"],
        match["service"],
        tuple(match["headers"].split(";")),
        match["signature"],
    )


def verify_signature(request: SignedRequest, credential: Credential, key: AccessKey, now: datetime) -> Identity:
    """Whom a signed request acts for.

    Raises `ApiError` 403 when the signature isn't that of `key`, the clock is off by more than five minutes, the
    service is neither Step Functions nor EventBridge Scheduler, or the signature doesn't cover host, time and body.
    """
    _check_time(request, credential, now)
    if credential.service not in SERVICES:
        raise _invalid(f"Credential should be scoped to the service states or scheduler, not {credential.service!r}")
    required = {"host", "x-amz-date", *(name for name in ("x-amz-target",) if name in request.headers)}
    if not required <= set(credential.signed_headers):
        raise _invalid(f"the signature must cover the headers {', '.join(sorted(required))}")
    body_hash = hashlib.sha256(request.body).hexdigest()
    _check_body(request, body_hash)
    try:
        expected = _signature(request, credential, key, body_hash)
    except ValueError:  # bytes that are no text
        raise _invalid("the signed headers can't be read") from None
    if not hmac.compare_digest(expected, credential.signature):
        raise _invalid(
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method."
        )
    return Identity(key.organization, key.access_key_id)


def _check_time(request: SignedRequest, credential: Credential, now: datetime) -> None:
    timestamp = request.headers.get("x-amz-date", "")
    signed_at = _parsed(timestamp)
    if signed_at is None:
        message = f"the header X-Amz-Date is {timestamp!r}, not a time such as 20260131T235959Z"
        raise ApiError("IncompleteSignatureException", message, HTTPStatus.FORBIDDEN)
    if credential.date != timestamp[:8]:
        raise _invalid("the date in the credential scope is not that of X-Amz-Date")
    if abs(now - signed_at) > CLOCK_SKEW:
        when = "expired" if signed_at < now else "not yet current"
        raise _invalid(f"Signature {when}: {timestamp} is more than 5 minutes from {now.strftime(TIMESTAMP_FORMAT)}")


@lru_cache(maxsize=KEPT_TIMESTAMPS)
def _parsed(timestamp: str) -> datetime | None:
    """The time; None for what isn't one. Clients in the same second send the same."""
    try:
        return datetime.strptime(timestamp, TIMESTAMP_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def _check_body(request: SignedRequest, body_hash: str) -> None:
    if "aws-chunked" in request.headers.get("content-encoding", ""):
        raise _invalid("Content-Encoding aws-chunked is not supported: send the whole body, signed as a whole")
    claimed = request.headers.get("x-amz-content-sha256")
    if claimed is None:
        return
    if claimed.startswith(("STREAMING-", "UNSIGNED-")):
        raise _invalid(f"{claimed} is not supported: sign the whole body")
    if not hmac.compare_digest(claimed.encode(errors="replace"), body_hash.encode()):
        raise _invalid("X-Amz-Content-SHA256 is not the hash of the body")


def _signature(request: SignedRequest, credential: Credential, key: AccessKey, body_hash: str) -> str:
    """The signature that the key's owner makes (AWS: "Create a signed AWS API request").

    Raises `ApiError` for a header that isn't there, ValueError for bytes that are no text.
    """
    names = sorted(set(credential.signed_headers))
    if not all(name in request.headers for name in names):
        raise _invalid("a header named in SignedHeaders is not in the request")
    lines = [f"{name}:{' '.join(request.headers[name].split())}" for name in names]
    canonical = "\n".join([*_resource(request), *lines, "", ";".join(names), body_hash])
    scope = f"{credential.date}/{credential.region}/{credential.service}/aws4_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"{SCHEME}\n{request.headers['x-amz-date']}\n{scope}\n{hashed}"
    signing_key = _signing_key(key.secret_access_key, credential.date, credential.region, credential.service)
    return hmac.digest(signing_key, text.encode(), "sha256").hex()


def _resource(request: SignedRequest) -> Sequence[str]:
    """Method, path and query in their canonical forms; botocore's own where they are more than those of AWS JSON."""
    if request.target == "/":
        return request.method, "/", ""
    sent = AWSRequest(method=request.method, url=f"http://host{request.target}")
    return SigV4Auth(Credentials("", ""), "states", "").canonical_request(sent).split("\n")[:3]


@lru_cache(maxsize=KEPT_SIGNING_KEYS)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """The key of a day, a region and a service: the same for all requests of a client."""
    made = f"AWS4{secret}".encode()
    for part in (date, region, service, "aws4_request"):
        made = hmac.digest(made, part.encode(), "sha256")
    return made


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidSignatureException", message, HTTPStatus.FORBIDDEN)
