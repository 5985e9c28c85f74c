"""The floor of the engine's design: a group-commit loop that interprets nothing.

Usage: python -m benchmarks.sides.bare_loop DSN. It writes what the engine writes for three steps, of the same size to
tables of the same form: an execution begins, two steps go on, the third ends it, each with its events; every round is
one transaction.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import uvloop

from benchmarks.sides.protocol import commands, serve

_TABLES: Final = """
drop table if exists floor_executions, floor_active, floor_history;
create table floor_executions (
    id uuid primary key, name text not null unique, status text not null, input text not null, output text,
    started_at timestamptz not null, stopped_at timestamptz
) with (fillfactor = 75);
create table floor_active (
    id uuid primary key, sequence integer not null, snapshot bytea not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);
create table floor_history (
    id uuid not null, event_id integer not null, events bytea not null, primary key (id, event_id)
);
"""
_BEGIN: Final = """
with begun as (
    insert into floor_executions (id, name, status, input, started_at)
    select u.id, u.name, 'RUNNING', $3, $4 from unnest($1::uuid[], $2::text[]) as u (id, name) returning id
)
insert into floor_active (id, sequence, snapshot) select id, 1, $5 from begun
"""
_ADVANCE: Final = """
update floor_active as a set sequence = u.sequence, snapshot = $3
from unnest($1::uuid[], $2::int[]) as u (id, sequence) where a.id = u.id
"""
_END: Final = """
with ended as (delete from floor_active where id = any($1::uuid[]) returning id)
update floor_executions as e set status = 'SUCCEEDED', output = $2, stopped_at = $3 from ended where e.id = ended.id
"""
_RECORD: Final = """
insert into floor_history (id, event_id, events)
select u.id, u.event_id, $3 from unnest($1::uuid[], $2::int[]) as u (id, event_id)
"""
_LAST: Final = 4
_DATA: Final = '{"order":1,"done":3}'
_SNAPSHOT: Final = bytes(300)
_EVENTS: Final = bytes(600)

Step = tuple[UUID, int]
"""An execution and the how manieth of its four commits this is."""


class Loop:
    """Takes all that waits, writes it in one transaction, wakes who waits."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._steps: list[Step] = []
        self._written: list[asyncio.Future[None]] = []
        self._asked = asyncio.Event()

    def write(self, step: Step) -> asyncio.Future[None]:
        """Give what is done when the step is durable."""
        written = asyncio.get_running_loop().create_future()
        self._steps.append(step)
        self._written.append(written)
        self._asked.set()
        return written

    async def run(self) -> None:
        """Run until canceled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            steps, written = self._steps, self._written
            self._steps, self._written = [], []
            async with self._connection.transaction():
                await self._write(steps)
            for each in written:
                each.set_result(None)

    async def _write(self, steps: list[Step]) -> None:
        now, run = datetime.now(UTC), self._connection.execute
        if begun := [execution for execution, number in steps if number == 1]:
            await run(_BEGIN, begun, [execution.hex for execution in begun], _DATA, now, _SNAPSHOT)
        if advanced := [step for step in steps if 1 < step[1] < _LAST]:
            await run(_ADVANCE, *_columns(advanced), _SNAPSHOT)
        if ended := [execution for execution, number in steps if number == _LAST]:
            await run(_END, ended, _DATA, now)
        await run(_RECORD, *_columns(steps), _EVENTS)


def _columns(steps: list[Step]) -> tuple[list[UUID], list[int]]:
    return [execution for execution, _ in steps], [number for _, number in steps]


async def main(database: str) -> None:
    """Run until stdin ends."""
    connection = await asyncpg.connect(database, server_settings={"plan_cache_mode": "force_generic_plan"})
    await connection.execute(_TABLES)
    loop = Loop(connection)
    running = asyncio.create_task(loop.run())

    async def three_steps() -> None:
        execution = uuid4()
        for number in range(1, _LAST + 1):
            await loop.write((execution, number))

    await serve(commands({"three-steps": three_steps}), {})
    running.cancel()
    await asyncio.wait({running})
    await connection.close()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
