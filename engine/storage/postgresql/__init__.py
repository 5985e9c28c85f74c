"""Storage in PostgreSQL 15 or newer, through asyncpg."""

from engine.storage.postgresql.connections import Password, PostgresOptions, SslMode
from engine.storage.postgresql.storage import PostgresStorage

__all__ = ["Password", "PostgresOptions", "PostgresStorage", "SslMode"]
