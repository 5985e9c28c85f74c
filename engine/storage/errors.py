"""What can go wrong in a storage."""

# ruff: noqa: N818 - each says what is the matter

from __future__ import annotations


class StorageError(Exception):
    """The storage can't do what was asked; the message is one sentence."""


class StorageUnavailable(StorageError):
    """The database can't be reached or ended the connection, and nothing was written: try again later."""


class ArchiveUnavailable(StorageUnavailable):
    """The place of the archive doesn't answer, or hasn't what it should have: the message names it."""


class OutcomeUnknown(StorageUnavailable):
    """The connection was lost while a commit was under way: it was applied as a whole or not at all."""


class LeaseLapsed(StorageError):
    """The process's lease isn't valid any more, and nothing was written."""


class TermEnded(StorageError):
    """The leader's term is over: another process leads, or nobody does, and nothing was written."""


class SchemaMismatch(StorageError):
    """The database's schema isn't the one that this engine was written for."""


class MigrationFailed(StorageError):
    """The schema couldn't be brought up to date."""


class InvalidStorageUrl(StorageError):
    """The storage's URL isn't one of the kinds that there are."""
