"""The history's partitions: a month each, made ahead, and dropped whole once all that is in them is archived.

What the schema had before is one partition up to the first of a month; until PostgreSQL has seen that nothing in it is
later, it is the default partition. What no partition is there for goes to the default partition, so that a commit never
fails for want of one. All changes are made by functions of the schema (revision 0003) that hold locks for an instant.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec import structs

from engine.storage.errors import StorageUnavailable
from engine.storage.identifiers import first_of_time
from engine.storage.postgresql.connections import Connection, PostgresOptions, connect, translated_errors
from engine.storage.retention import FIRST_ID

MONTHS_AHEAD: Final = 3

# A row may be later than the bound only if the clocks of engines are days ahead, or nobody looks for so long.
_SETTLE_AHEAD: Final = timedelta(days=7)
_KEEP_WHOLE: Final = timedelta(days=31)
_SMALL_BYTES: Final = 64 * 1024 * 1024
_ATTEMPTS: Final = 20
_RETRY_SECONDS: Final = 0.25
_TRIMMED_AT_ONCE: Final = 500

_PARTITIONS: Final = """
select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
from pg_inherits as i join pg_class as c on c.oid = i.inhrelid where i.inhparent = 'history'::regclass
"""
_SETTLING: Final = """
select pg_total_relation_size('history_before') < $2 as small,
    exists (select from history where execution_id >= $1)
    or exists (select from map_runs where status = 'RUNNING' and substr(id::text, 15, 1) <> '8')
    or exists (
        select from processes as p
        where p.epoch > 0 and not exists (select from process_abilities as a where a.epoch = p.epoch)
    ) as unsafe
"""
_BOUND: Final = re.compile(r"FOR VALUES FROM \((?:MINVALUE|'([^']+)')\) TO \('([^']+)'\)")
REMAINING: Final = """
select distinct execution_id from history where execution_id > $1 and execution_id < $2 order by execution_id limit $3
"""


class Partition(msgspec.Struct, frozen=True):
    """A partition with the executions from `low` on, None for the first, up to but without `high`."""

    name: str
    low: UUID | None
    high: UUID


async def arrange_history(options: PostgresOptions, now: datetime, ended_before: datetime | None) -> list[str]:
    """See `Retention.arrange_history`."""
    patient = structs.replace(options, command_timeout_seconds=None)
    async with translated_errors():
        connection = await connect(patient)
        try:
            done = await _settle(connection, now)
            done += await _make(connection, now)
            if ended_before is not None:
                done += await _remove(connection, ended_before)
        finally:
            connection.terminate()
    return done


async def _settle(connection: Connection, now: datetime) -> list[str]:
    """Make the default partition of the migration the first one.

    A small one is looked through while it is locked. A big one gets a constraint before, which is validated while all
    go on writing: what would break it, children of map runs whose ids aren't in time order, must not come any more.
    Engines before revision 0003 make such ids, and don't tell what they are able to.
    """
    defaults = [row["name"] for row in await connection.fetch(_PARTITIONS) if row["bound"] == "DEFAULT"]
    if "history_before" not in defaults:
        return []
    month = next(month for month in _months(now) if month >= now + _SETTLE_AHEAD)
    bound = first_of_time(month)
    [state] = await connection.fetch(_SETTLING, bound, _SMALL_BYTES)
    if not state["small"] and state["unsafe"]:
        return []
    try:
        if not state["small"]:
            await _patiently(connection, "select bound_history($1)", bound)
            await _patiently(connection, "select validate_history()")
        await _patiently(connection, "select settle_history($1)", bound)
    except (asyncpg.PostgresError, StorageUnavailable):
        with suppress(asyncpg.PostgresError, StorageUnavailable):
            await _patiently(connection, "select bound_history(null)")
        raise
    return [f"The history before {month:%Y-%m} is the first partition."]


async def _make(connection: Connection, now: datetime) -> list[str]:
    rows = await connection.fetch(_PARTITIONS)
    if not any(row["name"] == "history_default" for row in rows):
        return []
    known = _read(rows)
    first = min((p.high for p in known if p.low is None), default=FIRST_ID)
    done = []
    for month, _ in zip(_months(now), range(MONTHS_AHEAD + 1), strict=False):
        low = first_of_time(month)
        if low >= first and not any(p.low == low for p in known):
            [row] = await _patiently(connection, "select add_history($1) as added", month)
            if row["added"]:
                done.append(f"Made the history's partition of {month:%Y-%m}.")
    return done


async def _remove(connection: Connection, ended_before: datetime) -> list[str]:
    bound, done = first_of_time(ended_before), []
    for partition in _read(await connection.fetch(_PARTITIONS)):
        if partition.high <= bound:
            values = (partition.name, partition.low, partition.high)
            [row] = await _patiently(connection, "select drop_history($1, $2, $3) as dropped", *values)
            if row["dropped"]:
                done.append(f"Dropped the history's partition {partition.name}.")
    removed = await _trim(connection, first_of_time(next(_months(ended_before - _KEEP_WHOLE))))
    if removed:
        done.append(f"Deleted {removed} rows of archived histories.")
    return done


async def _trim(connection: Connection, bound: UUID) -> int:
    """Delete the rows of archived executions where a partition can't be dropped for what else is in it."""
    removed, position = 0, FIRST_ID
    while ids := [row[0] for row in await connection.fetch(REMAINING, position, bound, _TRIMMED_AT_ONCE)]:
        removed += await connection.fetchval("select trim_history($1)", ids)
        position = ids[-1]
    return removed


async def _patiently(connection: Connection, statement: str, *values: object) -> list[asyncpg.Record]:
    """Run a statement that gives up a lock that it doesn't get at once, until it gets it."""
    for _ in range(_ATTEMPTS):
        try:
            return list(await connection.fetch(statement, *values))
        except asyncpg.LockNotAvailableError:
            await asyncio.sleep(_RETRY_SECONDS)
    raise StorageUnavailable("Somebody holds the table history for long: its partitions stay as they are for now.")


def _read(rows: list[asyncpg.Record]) -> list[Partition]:
    found = [(row["name"], _BOUND.fullmatch(row["bound"])) for row in rows]
    partitions = [Partition(name, UUID(m[1]) if m[1] else None, UUID(m[2])) for name, m in found if m is not None]
    return sorted(partitions, key=lambda partition: partition.high)


def _months(now: datetime) -> Iterator[datetime]:
    """Give the firsts of the months from this one on."""
    year, month = now.astimezone(UTC).year, now.astimezone(UTC).month
    while True:
        yield datetime(year, month, 1, tzinfo=UTC)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)  # noqa: PLR2004 - months
