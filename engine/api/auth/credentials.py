"""What requests are checked with: the keys of bearer tokens and of AWS signatures.

Those that were given as `secretsmanager:` references are read again every few minutes, and at once when a request comes
with one that isn't known, so that they are rotated without a restart. The key of bearer tokens before the current one
counts for JWT_EXPIRY more: as long as a token lives that was signed with it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
import structlog

from engine.settings import AccessKey, Settings
from engine.settings.model import decode_access_keys
from engine.settings.rules import LEAST_JWT_SECRET_LENGTH
from engine.settings.secrets import PREVIOUS, NoSuchVersionError, UnresolvedSecretError, Version, read_version

STALE_AFTER_SECONDS = 300.0
AGAIN_AFTER_SECONDS = 10.0
LONGEST_WAIT_SECONDS = 1.0
"""What a request waits for Secrets Manager at most; it is then checked with what is known."""

Read = Callable[..., Version]

log = structlog.get_logger(source=__name__)


class _TokenKey(NamedTuple):
    """A key of bearer tokens, and the time (seconds since 1970) from when on it doesn't count."""

    secret: str
    until: float


class Credentials:
    """The keys as they were last read; `read` takes a reference and a stage of `engine.settings.secrets`."""

    def __init__(self, settings: Settings, read: Read = read_version) -> None:
        self._jwt_secret = settings.jwt_secret
        self._stored_keys = settings.api_access_keys
        self._overlap = settings.jwt_expiry
        self._read_version = read
        given = (settings.jwt_secret,) if settings.jwt_secret else ()
        self._token_keys = tuple(_TokenKey(secret.value, float("inf")) for secret in given)
        self._access_keys: Mapping[str, AccessKey] = by_id(settings.access_keys)
        self._refers = any(secret and secret.reference for secret in (self._jwt_secret, self._stored_keys))
        self._read_at = time.monotonic() - AGAIN_AFTER_SECONDS
        self._reading: asyncio.Task[None] | None = None

    @property
    def token_secrets(self) -> tuple[str, ...]:
        """The keys that a bearer token may be signed with, the current one first."""
        now = time.time()
        return tuple(key.secret for key in self._token_keys if now < key.until)

    @property
    def access_keys(self) -> Mapping[str, AccessKey]:
        """The access keys by their IDs."""
        return self._access_keys

    async def keep_fresh(self) -> None:
        """Read what is stored now where that was long ago."""
        if self._refers and time.monotonic() - self._read_at > STALE_AFTER_SECONDS:
            await self._read_now()

    async def read_again(self) -> bool:
        """Read what is stored now, for a request with something unknown; False where that was done a moment ago."""
        just_read = self._reading is None and time.monotonic() - self._read_at < AGAIN_AFTER_SECONDS
        if just_read or not self._refers:
            return False
        await self._read_now()
        return True

    async def _read_now(self) -> None:
        if self._reading is None:
            self._read_at = time.monotonic()
            self._reading = asyncio.create_task(self._take())
        await asyncio.wait([self._reading], timeout=LONGEST_WAIT_SECONDS)

    async def _take(self) -> None:
        try:
            await asyncio.gather(self._take_token_keys(), self._take_access_keys())
        finally:
            self._reading = None

    async def _take_token_keys(self) -> None:
        with _those_before_count("JWT_SECRET"):
            self._token_keys = await asyncio.to_thread(self._stored_token_keys)

    async def _take_access_keys(self) -> None:
        with _those_before_count("API_ACCESS_KEYS"):
            self._access_keys = await asyncio.to_thread(self._stored_access_keys)

    def _stored_token_keys(self) -> tuple[_TokenKey, ...]:
        reference = self._jwt_secret.reference if self._jwt_secret else None
        if reference is None:
            return self._token_keys
        current = self._read_version(reference)
        if len(current.value) < LEAST_JWT_SECRET_LENGTH:
            raise UnresolvedSecretError(f"JWT_SECRET with {LEAST_JWT_SECRET_LENGTH} characters or more")
        keys = [_TokenKey(current.value, float("inf"))]
        try:
            before = self._read_version(reference, PREVIOUS)
        except NoSuchVersionError:
            return tuple(keys)
        if len(before.value) >= LEAST_JWT_SECRET_LENGTH and before.value != current.value:
            keys.append(_TokenKey(before.value, current.created + self._overlap))
        return tuple(keys)

    def _stored_access_keys(self) -> Mapping[str, AccessKey]:
        reference = self._stored_keys.reference if self._stored_keys else None
        if reference is None:
            return self._access_keys
        try:
            keys = decode_access_keys(self._read_version(reference).value)
        except msgspec.DecodeError as error:
            raise UnresolvedSecretError(f"API_ACCESS_KEYS as a list of access keys ({error})") from error
        found = by_id(keys)
        if len(found) < len(keys):
            raise UnresolvedSecretError("API_ACCESS_KEYS as a list in which no accessKeyId comes twice")
        return found


@contextmanager
def _those_before_count(setting: str) -> Iterator[None]:
    """Say so where one of the settings can't be read again; the other is taken all the same."""
    try:
        yield
    except UnresolvedSecretError as error:
        message = "keys of the API can't be read again; those known before count"
        log.warning(message, setting=setting, error=str(error))


def by_id(keys: tuple[AccessKey, ...]) -> dict[str, AccessKey]:
    """Access keys by their IDs."""
    return {key.access_key_id: key for key in keys}
