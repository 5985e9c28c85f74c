"""What the Pulumi CLI says when it can't work, as a sentence that says what to do about it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from operations.aws_errors import DENIED, EXPIRED, THROTTLED, UNKNOWN
from operations.errors import BusyError, CredentialsError, OperationError, RefusedError


def _from_aws(codes: Collection[str]) -> str:
    """How the AWS SDK for Go, by which the CLI reaches buckets and keys, names one of these errors."""
    return rf"api error ({'|'.join(sorted(codes))})\b"


def _from_state(codes: Collection[str]) -> str:
    """The same, of the state and its key alone: there the Go CDK puts a code of its own before the SDK's.

    What AWS refuses a resource of the program says itself, and has to do with other rights.
    """
    return rf"\(code=\w+\): .*{_from_aws(codes)}"


_MEANINGS: Sequence[tuple[str, type[OperationError], str]] = (
    (
        "--yes or --skip-preview",
        RefusedError,
        "Nobody is here to answer Pulumi's question: pass --yes (`make … YES=--yes`), or use a terminal.",
    ),
    (
        "currently locked by|Another update is currently in progress",
        BusyError,
        "Another update of stack {stack} is at work: wait for it, or take its lock by `pulumi cancel` if it died.",
    ),
    (
        "PULUMI_ACCESS_TOKEN must be set",
        RefusedError,
        "Nothing says where the state of stack {stack} is: set PULUMI_BACKEND_URL to the bucket that `bootstrap` made.",
    ),
    (
        "no stack named",
        RefusedError,
        "There is no stack {stack} at PULUMI_BACKEND_URL: is the URL right? `bootstrap` says how to make the stack.",
    ),
    (
        "passphrase must be set|incorrect passphrase",
        RefusedError,
        "The secrets of stack {stack} stay closed: set PULUMI_CONFIG_PASSPHRASE to the one that it was made with.",
    ),
    (
        _from_aws(EXPIRED),
        CredentialsError,
        "The AWS credentials have expired (state of stack {stack}): log in again and repeat the command.",
    ),
    (
        _from_aws(UNKNOWN),
        CredentialsError,
        "AWS does not know these credentials (state of stack {stack}): log in, or set AWS_PROFILE.",
    ),
    (
        "failed to refresh cached credentials|get credentials:|failed to get shared config profile",
        CredentialsError,
        "The state of stack {stack} needs AWS credentials: log in, or set AWS_PROFILE to a profile that has them.",
    ),
    (
        _from_state(DENIED),
        OperationError,
        "AWS does not let these credentials at the state of stack {stack}, or at its key.",
    ),
    (
        _from_state(THROTTLED),
        BusyError,
        "AWS throttles requests for the state of stack {stack}: repeat the command in a minute.",
    ),
    (
        _from_state({"NoSuchBucket"}),
        RefusedError,
        "The bucket of PULUMI_BACKEND_URL is not there: make it by `bootstrap --stack {stack}`.",
    ),
)
"""By what the CLI says, as a regular expression: the failure that it is, and what the user reads."""


def explain(said: str, stack: str) -> OperationError | None:
    """The failure that the words of the CLI about a stack stand for; None where they say it themselves."""
    for words, kind, meaning in _MEANINGS:
        if re.search(words, said):
            return kind(meaning.format(stack=stack))
    return None
