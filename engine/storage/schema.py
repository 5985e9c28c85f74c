"""Which schemas this engine works with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from engine.storage.errors import SchemaMismatch

REVISION: Final = "0007"
"""The revision of the schema that this engine was written for: the latest in `engine.storage.migrations`."""


class Schema(msgspec.Struct, frozen=True):
    """What a database says of its schema.

    Attributes:
        revisions: what Alembic recorded; of revisions in one line the latest alone, so that there is one or none.
        oldest_engine: the oldest revision whose engines work on it, from the table ``schema_support``; None if the
            database doesn't say, and then the engines of the revision itself do.
    """

    revisions: Sequence[str]
    oldest_engine: str | None = None

    def is_newer(self) -> bool:
        """Whether an engine later than this one made it."""
        return len(self.revisions) == 1 and self.revisions[0] > REVISION

    def serves(self) -> bool:
        """Whether this engine works on it: it is this engine's own, or a newer one that serves older engines too."""
        if list(self.revisions) == [REVISION]:
            return True
        return self.is_newer() and self.oldest_engine is not None and self.oldest_engine <= REVISION


def require_known_schema(schema: Schema, database: str) -> None:
    """Raise SchemaMismatch unless this engine works on `schema`, which `database` has."""
    if schema.serves():
        return
    if not schema.revisions:
        raise SchemaMismatch(f"The database {database} has no schema yet: run `engine migrate`.")
    if schema.is_newer():
        raise SchemaMismatch(too_new(schema, database))
    found = ", ".join(sorted(schema.revisions))
    raise SchemaMismatch(
        f"The database {database} has schema {found} and this engine needs {REVISION}: run `engine migrate`."
    )


def too_new(schema: Schema, database: str) -> str:
    """Say that the schema serves newer engines alone."""
    [found] = schema.revisions
    oldest = schema.oldest_engine or found
    return (
        f"The database {database} has schema {found}, which works with engines from {oldest} on, and this engine's is "
        f"{REVISION}: start a newer engine."
    )
