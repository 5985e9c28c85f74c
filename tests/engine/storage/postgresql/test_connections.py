"""What keeps a connection from being made."""

from __future__ import annotations

import pytest

from engine.storage import StorageUnavailable, open_storage


async def test_a_server_that_cannot_be_reached_is_named() -> None:
    storage = open_storage("postgresql://nobody@127.0.0.1:1/x")
    with pytest.raises(StorageUnavailable, match=r"PostgreSQL at 127\.0\.0\.1:1 is unavailable: .*Errno"):
        await storage.open()


async def test_a_password_that_cannot_be_had() -> None:
    async def password(*, refresh: bool = False) -> str:
        raise LookupError(f"the secret is away, refresh={refresh}")

    storage = open_storage("postgresql://nobody@127.0.0.1:1/x", password=password)
    with pytest.raises(StorageUnavailable, match="The password for PostgreSQL can't be had: the secret is away"):
        await storage.open()
