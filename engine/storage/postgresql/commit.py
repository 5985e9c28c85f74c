"""The one statement that a round of the commit loop is: one round trip, one transaction, fenced."""

# ruff: noqa: S608 - the statements are put together from parts of this package alone

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from engine.storage.postgresql.additions import (
    MESSAGES_REMOVED,
    PAYLOADS,
    SENT,
    SNAPSHOTS,
    TASKS_ADDED,
    TASKS_REMOVED,
    TIMERS_REMOVED,
    TIMERS_SET,
)
from engine.storage.postgresql.listener import CHANNEL
from engine.storage.postgresql.parts import Part, sorted_out
from engine.storage.postgresql.transitions import ADVANCES, BEGINNINGS, ENDINGS, REDRIVES
from engine.storage.records import Write

Parts = tuple[Part, ...]

# PostgreSQL makes all of a statement ready whenever it runs, also what has no rows: with all parts that takes many
# times as long as to write a row. So a round runs the first of these that has what it needs, each of which is prepared
# once. Rounds of many executions hold all kinds of them; those of a single one are mostly the short ones.
_COMMON: Final = (TIMERS_SET, TIMERS_REMOVED, MESSAGES_REMOVED)
_TASKS: Final = (TASKS_ADDED, TASKS_REMOVED)
STATEMENTS: Final[tuple[Parts, ...]] = (
    (BEGINNINGS,),
    (ADVANCES,),
    (ENDINGS,),
    (BEGINNINGS, TIMERS_SET),
    (ADVANCES, *_COMMON),
    (ENDINGS, *_COMMON),
    (BEGINNINGS, TIMERS_SET, *_TASKS),
    (ADVANCES, *_COMMON, *_TASKS),
    (ENDINGS, *_COMMON, SNAPSHOTS, SENT),
    (BEGINNINGS, ADVANCES, ENDINGS),
    (BEGINNINGS, ADVANCES, ENDINGS, *_COMMON),
    (BEGINNINGS, ADVANCES, ENDINGS, REDRIVES, *_COMMON, *_TASKS, SNAPSHOTS, SENT, PAYLOADS),
)
_ALL: Final = STATEMENTS[-1]
_FIRST: Final = 2
"""The number of the first parameter after the epoch."""

# The plan is made once; it reads no table from end to end, and matches by hashing whatever sizes it was made for.
SERVER_SETTINGS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_nestloop": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

# The lease's row is locked before anything is written, so that a lease is taken away (its row deleted) either before
# this statement, which then writes nothing, or after it is committed. FOR KEY SHARE lets the lease be renewed all the
# same.
_LEASE: Final = """lease as materialized (
    select epoch from processes where epoch = $1 and expires_at > clock_timestamp() for key share
)"""
_APPLIED: Final = "applied as materialized ({})"
_RECORDED: Final = """recorded as (
    insert into history (execution_id, event_id, last_event_id, events)
    select id, first, last, data from applied where last > 0
)"""
_ANNOUNCED: Final = """announced as (
    insert into outbox (execution_id, redrive_count, status, occurred_at, error, cause)
    select id, redrive_count, status, coalesce(at, clock_timestamp()), error, cause
    from ({}) as changes order by place
)"""
_ANSWER: Final = "exists (select from lease) as held, array(select id from applied) as applied"
_TOLD: Final = f"""(
    select count(pg_notify('{CHANNEL}', payload)) from (select distinct payload from ({{}}) as receivers) as told
) as told"""


@cache
def statement(parts: Parts, *, outbox: bool) -> str:
    """Put a statement together; with an `outbox` it writes changes of status there."""
    written, number = [], _FIRST
    for part in parts:
        written.append(f"{part.given(number)},{part.sql}")
        number += len(part.columns)
    moves = sum(bool(part.applied) for part in parts)
    announced = _union(part.announced for part in parts) if outbox else ""
    tables = [
        _LEASE,
        *written[:moves],
        _APPLIED.format(_union(part.applied for part in parts)),
        _RECORDED,
        *written[moves:],
        *([_ANNOUNCED.format(announced)] if announced else []),
    ]
    told = _union(part.told for part in parts)
    answer = f"{_ANSWER}, {_TOLD.format(told)}" if told else _ANSWER
    return "with " + ",\n".join(tables) + f"\nselect {answer}"


def composed(epoch: int, writes: Sequence[Write]) -> tuple[Parts, list[object]]:
    """Give the parts that a round needs, and the parameters of their statement."""
    found = sorted_out(writes)
    rows = {part.table: rows for part in _ALL if (rows := part.rows(found))}
    parts = _fitting(frozenset(rows))
    return parts, [epoch, *(value for part in parts for value in part.values(rows.get(part.table, ())))]


@cache
def _fitting(tables: frozenset[str]) -> Parts:
    return next(parts for parts in STATEMENTS if tables <= {part.table for part in parts})


def _union(queries: Iterable[str]) -> str:
    return " union all ".join(query for query in queries if query)
