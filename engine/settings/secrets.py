"""Secrets: values that are never shown, and references to AWS Secrets Manager."""

import asyncio
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import NamedTuple

import msgspec

PREFIX = "secretsmanager:"
RE_READ_AFTER_SECONDS = 2.0
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"
"""The staging labels of a secret's value and of the one before (Secrets Manager, "What's in a secret?")."""

Resolver = Callable[[str], str]

_one_at_a_time = Lock()
"""Held to make a client: boto3's default session isn't safe for threads, and several secrets are read at once."""


class Secret(msgspec.Struct, frozen=True):
    """A value that no log, message or repr shows. `reference` is where it can be read again."""

    value: str
    reference: str | None = None

    def __repr__(self) -> str:
        """Without the value."""
        return "Secret(…)"

    __str__ = __repr__


class UnresolvedSecretError(Exception):
    """A reference to a secret that can't be read; the message says why, without any value."""


class NoSuchVersionError(UnresolvedSecretError):
    """The secret has no version of that stage: it never had another value."""


class Version(NamedTuple):
    """One version of a secret's value, and when it was stored (seconds since 1970)."""

    value: str
    created: float


def read_reference(reference: str) -> str:
    """The current value behind a reference. Raises `UnresolvedSecretError`."""
    return read_version(reference).value


def read_version(reference: str, stage: str = CURRENT) -> Version:
    """What is behind `secretsmanager:ARN` or `secretsmanager:ARN#key` (a key of the secret's JSON object).

    The region comes from the ARN; `stage` is a staging label of Secrets Manager. Raises `UnresolvedSecretError`, and
    for another stage than the current one that the secret doesn't have `NoSuchVersionError`.
    """
    import boto3  # noqa: PLC0415 - slow to import, and needed for references alone
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    arn, _, key = reference.removeprefix(PREFIX).partition("#")
    pieces = arn.split(":")
    region = pieces[3] if arn.startswith("arn:") and len(pieces) > 3 else None  # noqa: PLR2004 - arn:partition:service:region
    try:
        with _one_at_a_time:
            client = boto3.client("secretsmanager", region_name=region)
        answer = client.get_secret_value(SecretId=arn, VersionStage=stage)
        text = answer["SecretString"]
    except (BotoCoreError, ClientError) as error:
        missing = isinstance(error, ClientError) and error.response["Error"]["Code"] == "ResourceNotFoundException"
        if missing and stage != CURRENT:
            raise NoSuchVersionError(f"a secret with a version {stage}: {error}") from error
        raise UnresolvedSecretError(f"a secret that can be read: {error}") from error
    except KeyError:
        raise UnresolvedSecretError("a secret that holds text, not binary data") from None
    return Version(_pick(text, key) if key else text, answer["CreatedDate"].timestamp())


def _pick(text: str, key: str) -> str:
    try:
        return str(msgspec.json.decode(text, type=dict[str, str | int | float])[key])
    except (msgspec.DecodeError, KeyError):
        raise UnresolvedSecretError(f"a secret whose JSON object has the key {key!r}") from None


class Password:
    """A password to log in with, for every new connection.

    One given as a reference is read again after a login failed, so that a rotated one needs no restart. Readings are at
    least `RE_READ_AFTER_SECONDS` apart, however many connections fail at once.
    """

    def __init__(self, secret: Secret, resolve: Resolver = read_reference) -> None:
        self._value = secret.value
        self._reference = secret.reference
        self._resolve = resolve
        self._read_at = monotonic()
        self._lock = asyncio.Lock()

    async def __call__(self, *, refresh: bool = False) -> str:
        """The password as it was last read; `refresh` says that it was just refused. Raises `UnresolvedSecretError`."""
        if refresh and self._reference is not None:
            async with self._lock:
                if monotonic() - self._read_at >= RE_READ_AFTER_SECONDS:
                    self._value = await asyncio.to_thread(self._resolve, self._reference)
                    self._read_at = monotonic()
        return self._value
