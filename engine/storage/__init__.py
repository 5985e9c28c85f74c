"""Where executions are kept: in memory, in SQLite, or in PostgreSQL."""

from engine.storage.errors import (
    ArchiveUnavailable,
    InvalidStorageUrl,
    LeaseLapsed,
    MigrationFailed,
    OutcomeUnknown,
    SchemaMismatch,
    StorageError,
    StorageUnavailable,
    TermEnded,
)
from engine.storage.factory import open_storage
from engine.storage.postgresql import Password, SslMode
from engine.storage.protocol import NOBODY, Storage

__all__ = [
    "NOBODY",
    "ArchiveUnavailable",
    "InvalidStorageUrl",
    "LeaseLapsed",
    "MigrationFailed",
    "OutcomeUnknown",
    "Password",
    "SchemaMismatch",
    "SslMode",
    "Storage",
    "StorageError",
    "StorageUnavailable",
    "TermEnded",
    "open_storage",
]
