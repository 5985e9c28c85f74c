"""URLs of storages."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.storage import InvalidStorageUrl
from engine.storage.url import MemoryUrl, PostgresUrl, SqliteUrl, parse_url


@pytest.mark.parametrize(
    ("url", "parsed"),
    [
        ("memory:", MemoryUrl()),
        ("sqlite:///engine.db", SqliteUrl(Path("engine.db"))),
        ("sqlite:////var/lib/engine.db", SqliteUrl(Path("/var/lib/engine.db"))),
        ("postgresql://me@db/flow", PostgresUrl("db", 5432, "flow", "me", None)),
        ("postgres://me:s%40%2F@[::1]:6000/a%20b", PostgresUrl("::1", 6000, "a b", "me", "s@/")),
    ],
)
def test_urls_are_read(url: str, parsed: object) -> None:
    assert parse_url(url) == parsed


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mysql://u@h/d",
        "sqlite:///",
        "memory",
        "postgresql://h/d",
        "postgresql://u:secret@/d",
        "postgresql://u:secret@h",
        "postgresql://u:secret@h:port/d",
    ],
)
def test_bad_urls_are_refused_and_show_no_password(url: str) -> None:
    with pytest.raises(InvalidStorageUrl) as refused:
        parse_url(url)
    assert "secret" not in str(refused.value)
    assert "postgresql://USER@HOST:PORT/DATABASE" in str(refused.value)
