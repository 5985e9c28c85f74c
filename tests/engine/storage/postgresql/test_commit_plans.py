"""That a commit finds its rows by their keys, whatever the planner knew of the tables when it made the plan."""

from __future__ import annotations

from typing import Final

import pytest

from engine.storage.migrations import migrate
from engine.storage.postgresql.commit import SERVER_SETTINGS, STATEMENTS, statement
from tests.engine.storage.postgresql.plans import generic_plan, indexes, read_throughout
from tests.support.postgres import Databases

READ: Final = {
    "beginnings": set[str](),
    "advances": {"active_executions_pkey"},
    "endings": {
        "active_executions_pkey",
        "executions_pkey",
        "timers_pkey",
        "messages_by_execution",
        "activity_tasks_by_execution",
    },
    "redrives": {"executions_pkey", "erasures_pkey", "messages_by_execution", "final_snapshots_pkey"},
    "timers_set": set[str](),
    "timers_removed": {"timers_pkey"},
    "messages_removed": {"messages_pkey"},
    "sent": {"active_executions_pkey"},
    "tasks_added": set[str](),
    "tasks_removed": {"activity_tasks_by_execution"},
    "snapshots": set[str](),
    "contents": set[str](),
}
"""The indexes that each part reads."""

# Where there are no map runs yet, any index of theirs will do to find none.
MAP_RUNS: Final = {"map_runs_pkey", "map_runs_by_execution"}
ONE_AT_A_TIME: Final = {"processes_pkey", *MAP_RUNS}
_EXECUTIONS: Final = """
insert into executions (id, state_machine_id, version, name, status, input, started_at)
select gen_random_uuid(), gen_random_uuid(), 1, n::text, 'RUNNING', '{}', now() from generate_series(1, 20000) as n
"""
FILLING: Final = (
    _EXECUTIONS,
    "insert into active_executions select id, 1, 1, '' from executions",
    "insert into timers select id, 'a', now() from executions",
    "insert into messages (execution_id, data) select id, '' from executions",
    "insert into activity_tasks (execution_id, activity_id, task_id, input) select id, id, 'a', '' from executions",
    "insert into final_snapshots select id, now(), '' from executions",
)
# What the planner knows: nothing, that all tables are empty, that one process has 20,000 executions, or the same in one
# of them alone.
KNOWN: Final = {
    "nothing": (),
    "empty": ("vacuum analyze",),
    "full": (*FILLING, "vacuum analyze"),
    "full of what runs": ("analyze", *FILLING[:2], "analyze active_executions"),
}


@pytest.mark.parametrize("known", KNOWN)
def test_a_commit_finds_its_rows_by_their_keys(databases: Databases, known: str) -> None:
    url = databases.empty()
    migrate(url, report=lambda _: None)
    for filling in KNOWN[known]:
        databases.execute(url, filling)
    for parts in STATEMENTS:
        for outbox in (False, True):
            plan = generic_plan(url, statement(parts, outbox=outbox), SERVER_SETTINGS)
            assert not read_throughout(plan)
            assert indexes(plan) - MAP_RUNS == {"processes_pkey"}.union(*(READ[part.table] for part in parts))
            for node in plan:
                if "Index Cond" in node and node.get("Index Name") not in ONE_AT_A_TIME:
                    assert "= ANY" in str(node["Index Cond"])
