"""Connections to PostgreSQL: passwords that rotate, TLS, and which errors mean "try again"."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal, Protocol, get_args

import asyncpg
import asyncpg.pool
import msgspec

from engine.storage.errors import StorageError, StorageUnavailable
from engine.tls import verifying

SslMode = Literal["disable", "prefer", "require", "verify-full"]
SSL_MODES: Final = get_args(SslMode)

Connection = asyncpg.Connection
PooledConnection = asyncpg.pool.PoolConnectionProxy

_UNAVAILABLE: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
"""Lost connections, shutdowns and failovers, full disks, deadlocks: nothing is wrong with what was asked."""


class Password(Protocol):
    """Where the database's password comes from; asked for every new connection."""

    async def __call__(self, *, refresh: bool = False) -> str:
        """Give the password; with `refresh` a login with it just failed, so that a kept one is of no use."""
        ...


class PostgresOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to reach a database.

    Attributes:
        host: name or address of the server.
        port: its port.
        database: the database's name.
        user: the role to log in as.
        password: where its password comes from; None where the server asks for none.
        ssl_mode: as in libpq; ``require`` encrypts, ``verify-full`` checks the server's certificate and name too.
        ssl_root_certificate: PEM file of the authorities that ``verify-full`` trusts; None for the system's.
        pool_size: most connections for queries; the commit loop and the listener have one each besides.
        connect_timeout_seconds: time to connect and log in.
        read_replicas: hosts and ports of servers that follow this one, with the same roles and passwords.
        command_timeout_seconds: time for a statement, after which its connection is given up; None for any.
        outbox: whether commits write changes of status to the outbox.
    """

    host: str
    port: int = 5432
    database: str
    user: str
    password: Password | None = None
    ssl_mode: SslMode = "prefer"
    ssl_root_certificate: Path | None = None
    pool_size: int = 10
    connect_timeout_seconds: float = 10.0
    command_timeout_seconds: float | None = 30.0
    read_replicas: tuple[tuple[str, int], ...] = ()
    outbox: bool = False


async def connect(options: PostgresOptions, server_settings: Mapping[str, str] | None = None) -> Connection:
    """Open a connection; a refused password is asked for again once, since it may just have been changed.

    Raises StorageUnavailable when the server can't be reached, or nobody gives the password.
    """

    async def attempt(*, refresh: bool) -> Connection:
        password = await _password(options.password, refresh=refresh) if options.password is not None else None
        return await asyncpg.connect(
            host=options.host,
            port=options.port,
            database=options.database,
            user=options.user,
            password=password,
            ssl=_ssl(options),
            timeout=options.connect_timeout_seconds,
            command_timeout=options.command_timeout_seconds,
            server_settings={"application_name": "workflow-engine", **(server_settings or {})},
        )

    try:
        return await attempt(refresh=False)
    except asyncpg.InvalidAuthorizationSpecificationError:
        if options.password is None:
            raise
        return await attempt(refresh=True)
    except OSError as error:
        where = f"{options.host}:{options.port}"
        raise StorageUnavailable(f"PostgreSQL at {where} is unavailable: {describe(error)}") from error


async def open_pool(options: PostgresOptions) -> asyncpg.Pool:
    """Open the pool of connections for queries."""

    async def connect_pooled(*_: object, **__: object) -> Connection:
        return await connect(options)

    async def keep(_: Connection) -> None:
        """Skip asyncpg's round trip that resets a connection: queries leave nothing behind."""

    return await asyncpg.create_pool(min_size=0, max_size=options.pool_size, connect=connect_pooled, reset=keep)


@asynccontextmanager
async def translated_errors() -> AsyncIterator[None]:
    """Turn the errors of asyncpg into those of the storage."""
    try:
        yield
    except (*_UNAVAILABLE, asyncpg.PostgresError, ValueError) as error:
        if is_unavailable(error):
            raise StorageUnavailable(f"PostgreSQL is unavailable: {describe(error)}") from error
        raise StorageError(f"PostgreSQL refused a statement: {describe(error)}") from error


def describe(error: BaseException) -> str:
    """Say what happened in one line, with PostgreSQL's error code where there is one."""
    code = getattr(error, "sqlstate", None)
    text = str(error).partition("\n")[0] or type(error).__name__
    return f"{text} (SQLSTATE {code})" if code else text


def is_unavailable(error: BaseException) -> bool:
    """Tell whether an error of asyncpg means that the same statement may succeed later.

    A value that can't be sent at all is an InterfaceError of asyncpg too, and a ValueError.
    """
    return isinstance(error, _UNAVAILABLE) and not isinstance(error, ValueError)


async def _password(password: Password, *, refresh: bool) -> str:
    try:
        return await password(refresh=refresh)
    except Exception as error:
        raise StorageUnavailable(f"The password for PostgreSQL can't be had: {describe(error)}") from error


def _ssl(options: PostgresOptions) -> Any:  # noqa: ANN401 - asyncpg takes a context, a mode's name or False
    match options.ssl_mode:
        case "disable":
            return False
        case "prefer":
            return "prefer"
        case "require":
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        case "verify-full":
            context = verifying(options.ssl_root_certificate)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
