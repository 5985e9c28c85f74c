"""Choosing a storage by its URL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.storage.memory import MemoryStorage
from engine.storage.postgresql import Password, PostgresOptions, PostgresStorage, SslMode
from engine.storage.protocol import Storage
from engine.storage.sqlite import SqliteStorage
from engine.storage.url import MemoryUrl, PostgresUrl, SqliteUrl, parse_url


def open_storage(
    url: str,
    *,
    password: Password | None = None,
    pool_size: int = 10,
    ssl_mode: SslMode = "prefer",
    ssl_root_certificate: Path | None = None,
    command_timeout_seconds: float = 30.0,
    read_replicas: Sequence[tuple[str, int]] = (),
    outbox: bool = False,
) -> Storage:
    """Make the storage behind `url`; its `open` connects. Raises InvalidStorageUrl.

    `password` is asked for every new connection to PostgreSQL and takes precedence over one in the URL. `pool_size`
    is the most connections for queries; the commit loop and the listener have one each besides. `read_replicas` are
    hosts and ports of servers that follow PostgreSQL's primary and answer some of the queries. With `outbox` each
    commit writes down what changes of executions' statuses are to be published (`Outbox`).
    """
    match parse_url(url):
        case MemoryUrl():
            return MemoryStorage(outbox=outbox)
        case SqliteUrl(path=path):
            return SqliteStorage(path, outbox=outbox)
        case PostgresUrl() as target:
            options = PostgresOptions(
                host=target.host,
                port=target.port,
                database=target.database,
                user=target.user,
                password=password or _fixed(target.password),
                ssl_mode=ssl_mode,
                ssl_root_certificate=ssl_root_certificate,
                pool_size=pool_size,
                command_timeout_seconds=command_timeout_seconds,
                read_replicas=tuple(read_replicas),
                outbox=outbox,
            )
            return PostgresStorage(options)


def _fixed(password: str | None) -> Password | None:
    if password is None:
        return None
    known = password

    async def give(*, refresh: bool = False) -> str:  # noqa: ARG001 - there is no other one
        return known

    return give
