"""URLs of storages."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from engine.storage.errors import InvalidStorageUrl

_KINDS: Final = 'allowed are "memory:", "sqlite:///PATH" and "postgresql://USER@HOST:PORT/DATABASE"'


class MemoryUrl(msgspec.Struct, frozen=True):
    """Nothing outlives the process."""


class SqliteUrl(msgspec.Struct, frozen=True):
    """A file."""

    path: Path


class PostgresUrl(msgspec.Struct, frozen=True):
    """A database on a server."""

    host: str
    port: int
    database: str
    user: str
    password: str | None


def parse_url(url: str) -> MemoryUrl | SqliteUrl | PostgresUrl:
    """Read a storage's URL; raises InvalidStorageUrl, which never shows a password.

    In ``sqlite:///PATH`` the path begins after the third slash, so that an absolute one has four in a row. Parts of a
    ``postgresql`` URL are percent-encoded where they have reserved characters.
    """
    scheme = url.partition(":")[0]
    if url == "memory:":
        return MemoryUrl()
    if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
        return SqliteUrl(Path(url.removeprefix("sqlite:///")))
    if scheme in ("postgresql", "postgres"):
        return _parse_postgres(url)
    raise InvalidStorageUrl(f'The storage\'s URL has the scheme "{scheme}"; {_KINDS}.')


def _parse_postgres(url: str) -> PostgresUrl:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 5432
    except ValueError:
        raise InvalidStorageUrl(f"The storage's URL has no valid host and port; {_KINDS}.") from None
    database = unquote(parts.path.removeprefix("/"))
    if not host or not database or not parts.username:
        raise InvalidStorageUrl(f"The storage's URL lacks a user, a host or a database; {_KINDS}.")
    password = unquote(parts.password) if parts.password is not None else None
    return PostgresUrl(unquote(host), port, database, unquote(parts.username), password)
