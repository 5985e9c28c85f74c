"""Storage in a SQLite file, through the standard library."""

from engine.storage.sqlite.storage import SqliteStorage

__all__ = ["SqliteStorage"]
