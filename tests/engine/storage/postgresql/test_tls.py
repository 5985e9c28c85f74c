"""TLS to PostgreSQL: who is talked to is made sure of, with certificates of an authority of one's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.storage import MigrationFailed, SslMode, StorageError, open_storage
from engine.storage.migrations import migrate
from tests.engine.storage.rows import start, stored_machine
from tests.support.postgres import Databases
from tests.support.tls import Authority, encrypted

NAME, OTHER = "127.0.0.1", "127.0.0.2"


class Server:
    """A database behind TLS, with a certificate for `NAME`."""

    def __init__(self, url: str, port: int, authority: Authority, stranger: Authority) -> None:
        self._parts = urlsplit(url)
        self._port = port
        self.authority = authority
        self.stranger = stranger

    def url(self, host: str = NAME) -> str:
        """Give its URL by a host name."""
        login = self._parts.netloc.rpartition("@")[0]
        return f"postgresql://{login}@{host}:{self._port}{self._parts.path}"


@pytest.fixture
async def server(databases: Databases, tmp_path: Path) -> AsyncIterator[Server]:
    """A database with nothing in it."""
    url = databases.empty()
    authority, stranger = Authority(tmp_path, "authority"), Authority(tmp_path, "stranger")
    target = (databases.server.address, databases.server.port)
    async with encrypted(authority.server(NAME), "0.0.0.0", target) as port:
        yield Server(url, port, authority, stranger)


async def _works(url: str, mode: SslMode, certificate: Path | None) -> None:
    storage = open_storage(url, ssl_mode=mode, ssl_root_certificate=certificate, pool_size=2)
    await storage.open()
    lease = await storage.register_process("a", 60)
    machine = await stored_machine(storage, mode)
    assert len(await storage.commit(lease.epoch, [start(machine)])) == 1
    await storage.close()


async def test_a_server_that_is_who_it_says_is_talked_to(server: Server) -> None:
    trusted = server.authority.certificate

    def prepare() -> list[str]:
        return migrate(server.url(), ssl_mode="verify-full", ssl_root_certificate=trusted, report=lambda _: None)

    assert await asyncio.to_thread(prepare)
    await _works(server.url(), "verify-full", trusted)
    await _works(server.url(OTHER), "require", None)


async def test_a_server_of_an_authority_that_is_not_trusted_is_refused(server: Server) -> None:
    for certificate in (server.stranger.certificate, None):
        storage = open_storage(server.url(), ssl_mode="verify-full", ssl_root_certificate=certificate)
        with pytest.raises(StorageError, match="certificate verify failed"):
            await storage.open()

    def prepare() -> list[str]:
        return migrate(server.url(), ssl_mode="verify-full", ssl_root_certificate=server.stranger.certificate)

    with pytest.raises(MigrationFailed, match="certificate verify failed"):
        await asyncio.to_thread(prepare)


async def test_a_server_by_another_name_is_refused(server: Server) -> None:
    trusted = server.authority.certificate
    storage = open_storage(server.url(OTHER), ssl_mode="verify-full", ssl_root_certificate=trusted)
    with pytest.raises(StorageError, match=r"certificate is not valid for '127\.0\.0\.2'"):
        await storage.open()


async def test_a_server_that_insists_on_tls_is_not_talked_to_without(server: Server) -> None:
    storage = open_storage(server.url(), ssl_mode="disable")
    with pytest.raises(StorageError):
        await storage.open()
