"""The outbox."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0006"
down_revision = "0005"
oldest_engine = "0002"

# Rows come and go at once: the table is vacuumed by their number, not by a share of a size that says nothing.
_POSTGRESQL: Final = """
create table outbox (
    id bigint generated always as identity primary key,
    execution_id uuid not null,
    redrive_count integer not null,
    status text not null,
    occurred_at timestamptz not null,
    error text,
    cause text
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)
"""

# Times are microseconds since 1970, identifiers 16 bytes. Ids are never given twice, so that they grow.
_SQLITE: Final = """
create table outbox (
    id integer primary key autoincrement,
    execution_id blob not null,
    redrive_count integer not null,
    status text not null,
    occurred_at integer not null,
    error text,
    cause text
) strict
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(_SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL)
