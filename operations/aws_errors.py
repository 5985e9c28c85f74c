"""What AWS refuses, as a sentence that says what to do about it."""

from __future__ import annotations

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from operations.errors import BusyError, CredentialsError, OperationError, RefusedError

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
UNKNOWN = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_NO_IDENTITY = (NoCredentialsError, PartialCredentialsError, ProfileNotFound, SSOError, TokenRetrievalError)


def explain(error: ClientError | BotoCoreError) -> OperationError:
    """The failure that an error of boto3 stands for."""
    if isinstance(error, ClientError):
        return _refused(error)
    said = str(error).rstrip(".")
    if isinstance(error, _NO_IDENTITY):
        return CredentialsError(f"{said}: log in, or set AWS_PROFILE to a profile that has credentials.")
    if isinstance(error, NoRegionError):
        return RefusedError("No AWS region is set: set AWS_REGION or choose an AWS profile with one.")
    return OperationError(f"AWS could not be asked: {said}.")


def _refused(error: ClientError) -> OperationError:
    details = error.response.get("Error", {})
    code, said, action = details.get("Code", ""), details.get("Message", "").rstrip("."), error.operation_name
    if code in EXPIRED:
        return CredentialsError(f"The AWS credentials have expired ({action}): log in again and repeat the command.")
    if code in UNKNOWN:
        return CredentialsError(f"AWS does not know these credentials ({action}: {said}): log in, or set AWS_PROFILE.")
    if code in DENIED:
        return OperationError(f"AWS does not allow {action} with these credentials: {said}.")
    if code in THROTTLED:
        return BusyError(f"AWS throttles {action} and went on to after several tries: repeat the command in a minute.")
    return OperationError(f"AWS refused {action} ({code}): {said}.")
