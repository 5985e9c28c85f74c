"""Secrets: values that are never shown, and references to AWS Secrets Manager."""

import asyncio
from collections.abc import Callable
from time import monotonic

import msgspec

PREFIX = "secretsmanager:"
RE_READ_AFTER_SECONDS = 2.0

Resolver = Callable[[str], str]


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


def read_reference(reference: str) -> str:
    """The value behind `secretsmanager:ARN` or `secretsmanager:ARN#key` (a key of the secret's JSON object).

    The region comes from the ARN. Raises `UnresolvedSecretError`.
    """
    import boto3  # noqa: PLC0415 - slow to import, and needed for references alone
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    arn, _, key = reference.removeprefix(PREFIX).partition("#")
    pieces = arn.split(":")
    region = pieces[3] if arn.startswith("arn:") and len(pieces) > 3 else None  # noqa: PLR2004 - arn:partition:service:region
    try:
        client = boto3.client("secretsmanager", region_name=region)
        text = client.get_secret_value(SecretId=arn)["SecretString"]
    except (BotoCoreError, ClientError) as error:
        raise UnresolvedSecretError(f"a secret that can be read: {error}") from error
    except KeyError:
        raise UnresolvedSecretError("a secret that holds text, not binary data") from None
    return _pick(text, key) if key else text


def _pick(text: str, key: str) -> str:
    try:
        return str(msgspec.json.decode(text, type=dict[str, str | int | float])[key])
    except (msgspec.DecodeError, KeyError):
        raise UnresolvedSecretError(f"a secret whose JSON object has the key {key!r}") from None


class Password:
    """The database password, for every new connection.

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
