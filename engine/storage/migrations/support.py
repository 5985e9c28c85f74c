"""What the database says of the engines that its schema serves: one row that each migration writes.

A revision adds and never takes away, so that engines of earlier revisions go on working on it while the new ones are
started, and after a rollback. `oldest_engine` in a revision's module names the first revision whose engines do.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from engine.storage.schema import Schema

_SUPPORT: Final = sqlalchemy.Table(
    "schema_support", sqlalchemy.MetaData(), sqlalchemy.Column("oldest_engine", sqlalchemy.Text, nullable=False)
)
_VERSION: Final = sqlalchemy.table("alembic_version", sqlalchemy.column("version_num", sqlalchemy.Text))


def read_schema(connection: Connection) -> Schema:
    """Give what the database says of its schema."""
    known = sqlalchemy.inspect(connection)
    revisions = list(connection.scalars(sqlalchemy.select(_VERSION))) if known.has_table(_VERSION.name) else []
    oldest = connection.scalar(sqlalchemy.select(_SUPPORT)) if known.has_table(_SUPPORT.name) else None
    return Schema(revisions, oldest)


def record_support(migration: MigrationContext, scripts: ScriptDirectory) -> None:
    """Write what the revision that the database has now says, unless it is there."""
    connection = migration.connection
    if connection is None:
        raise TypeError("Migrations run on a connection.")
    [revision] = migration.get_current_heads()
    oldest = scripts.get_revision(revision).module.oldest_engine
    _SUPPORT.create(connection, checkfirst=True)
    if connection.scalar(sqlalchemy.select(_SUPPORT)) != oldest:
        connection.execute(sqlalchemy.delete(_SUPPORT))
        connection.execute(sqlalchemy.insert(_SUPPORT), {"oldest_engine": oldest})
