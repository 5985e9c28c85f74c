"""Room for updates in place, snapshots within their rows, and vacuums that come early and end soon."""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0007"
down_revision = "0006"
oldest_engine = "0002"

# An execution's row is written when it starts and once more when it ends. Those of a page often end in one transaction,
# so that the page has to hold both versions of each, the second with an output: else every ending adds to three
# indexes, and these grow by more than the room costs.
#
# A snapshot is written again at every transition. Out of line each would be new rows of the table's TOAST table, which
# nothing but a vacuum takes away; one that fits its page stays in its row, and is replaced in place.
#
# Tables whose rows come and go are vacuumed by a fiftieth of them and at full speed: they are small, and their room is
# used again only afterwards. The big ones are vacuumed more often than by default, so that each time is short.
_POSTGRESQL: Final = (
    """
    alter table executions set (
        fillfactor = 45, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05
    )
    """,
    "alter table map_runs set (fillfactor = 50)",
    """
    alter table active_executions
        alter column snapshot set storage main,
        set (
            autovacuum_vacuum_cost_delay = 0,
            toast.autovacuum_vacuum_scale_factor = 0.02,
            toast.autovacuum_vacuum_cost_delay = 0
        )
    """,
    *(
        f"alter table {table} set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0)"
        for table in ("timers", "messages", "activity_tasks")
    ),
    "alter table outbox set (autovacuum_vacuum_cost_delay = 0)",
)


def upgrade() -> None:
    """Change how tables are kept, which touches no row; SQLite has nothing of the kind."""
    if op.get_bind().dialect.name != "sqlite":
        for statement in _POSTGRESQL:
            op.execute(statement)
