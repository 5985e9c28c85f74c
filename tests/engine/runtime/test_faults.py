"""Killed processes, lost connections, a database that goes away: nothing is lost, nothing is recorded twice."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.runtime import Engine, ExecutionRecord, StateMachineRecord
from engine.runtime.errors import Unavailable
from engine.storage import open_storage
from engine.storage.migrations import Credentials, migrate
from tests.engine.runtime.conftest import Launch
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    create,
    events,
    finished,
    make_engine,
    sequence,
    types,
)
from tests.support.postgres import ADMIN, ADMIN_PASSWORD, Databases

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_killed_process_loses_nothing(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, launch: Launch
) -> None:
    url = f"sqlite:///{tmp_path}/engine.db" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    migrate(url, report=lambda _: None)
    tasks = Tasks()
    tasks.gate.set()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.engine.runtime.worker", url, cwd=ROOT, stdout=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    setup = make_engine(open_storage(url), tasks)
    await setup._storage.open()  # only to leave executions behind for the other process
    await setup._lease.acquire()
    setup._committing = asyncio.create_task(setup._commits.run())
    setup._accepting = True
    setup._executor.drain()
    machine = await create(setup, sequence("count", "gate", "count"))
    executions = [await begin(setup, machine, f"e{number}") for number in range(20)]
    await setup.stop(0)
    running = dict([(await process.stdout.readline()).decode().split()[1:] for _ in executions])
    assert running.keys() == {execution.name for execution in executions}
    process.kill()
    await process.wait()
    process._transport.close()  # type: ignore[attr-defined]
    engine = await launch(open_storage(url), tasks, lease_seconds=1.0)
    for execution in executions:
        assert (await finished(engine, execution)).status == "SUCCEEDED"
        counted = await types(engine, execution)
        assert (counted["TaskScheduled"], counted["TaskSucceeded"], counted["ExecutionSucceeded"]) == (3, 3, 1)
    assert tasks.runs() == {"S2": 20, "S3": 20}
    again = {
        request.execution_name: request.idempotency_key for request in tasks.requests if request.state_name == "S2"
    }
    assert again == running


async def _begin_patiently(engine: Engine, machine: StateMachineRecord, name: str) -> ExecutionRecord:
    """Start an execution as clients do: again, as long as the database is away."""
    while True:
        with suppress(Unavailable):
            return await begin(engine, machine, name)


async def _load(engine: Engine, machine: StateMachineRecord, faults: asyncio.Event) -> list[str]:
    """Start executions, as fast as they are accepted, until the faults are over and some came after them.

    Gives the ARNs of those that were accepted.
    """
    accepted: list[str] = []
    async with asyncio.TaskGroup() as group:

        async def client(number: int) -> None:
            turn = after = 0
            while after < 5:
                turn += 1
                name = f"c{number}-{turn}"
                try:
                    record = await begin(engine, machine, name)
                except Unavailable:
                    await asyncio.sleep(0.05)
                else:
                    accepted.append(record.arn)
                    after += faults.is_set()

        for number in range(8):
            group.create_task(client(number))
    return accepted


async def _check(engine: Engine, accepted: list[str]) -> None:
    """Every accepted execution ends, with each step recorded once."""
    assert len(accepted) > 20
    assert len(set(accepted)) == len(accepted)
    for arn in accepted:
        record = await engine.wait_for_execution(ORGANIZATION, arn, 20)
        assert (record.status, record.output) == ("SUCCEEDED", '{"n":3}')
        history = await events(engine, record)
        assert [event.type for event in history].count("TaskSucceeded") == 3
        assert len(history) == 17


async def test_a_restart_of_the_database_loses_nothing(postgres_url: str, databases: Databases, launch: Launch) -> None:
    engine = await launch(open_storage(postgres_url, pool_size=4), lease_seconds=3.0)
    machine = await create(engine, sequence("count", "count", "count"))
    faults = asyncio.Event()
    load = asyncio.create_task(_load(engine, machine, faults))
    await asyncio.sleep(0.5)
    await asyncio.to_thread(databases.server.stop)
    assert not (await engine.health()).ready
    await asyncio.sleep(0.2)
    await asyncio.to_thread(databases.server.start)
    faults.set()
    await _check(engine, await load)
    health = await engine.health()
    assert (health.ready, health.database.up) == (True, True)


async def test_connections_killed_in_the_middle_of_commits_lose_nothing(
    postgres_url: str, databases: Databases, launch: Launch
) -> None:
    engine = await launch(open_storage(postgres_url, pool_size=4))
    machine = await create(engine, sequence("count", "count", "count"))
    faults = asyncio.Event()
    load = asyncio.create_task(_load(engine, machine, faults))
    statement = "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = %s"
    killed = 0
    for pause in (0.05, 0.1, 0.2, 0.3) * 4:
        rows = await asyncio.to_thread(databases.execute, postgres_url, statement, "workflow-engine")
        killed += int(str(rows[0][0]))
        await asyncio.sleep(pause)
    faults.set()
    await _check(engine, await load)
    assert killed > 2


async def test_a_rotated_password_needs_no_restart(databases: Databases, launch: Launch) -> None:
    url = databases.empty()
    admin = Credentials(ADMIN, ADMIN_PASSWORD)
    passwords = {"current": "fir'st \\pass%word:@/ü"}
    asked: list[bool] = []

    async def password(*, refresh: bool = False) -> str:
        asked.append(refresh)
        if refresh:
            passwords["kept"] = passwords["current"]
        return passwords.setdefault("kept", passwords["current"])

    def rotate(to: str) -> None:
        passwords["current"] = to
        migrate(url, admin=admin, engine=Credentials("rotated role", to), report=lambda _: None)

    await asyncio.to_thread(rotate, passwords["current"])
    host, database = url.rpartition("@")[2].split("/")
    engine_url = f"postgresql://{quote('rotated role')}@{host}/{database}"
    engine = await launch(open_storage(engine_url, password=password, pool_size=2))
    machine = await create(engine, sequence("count"))
    await finished(engine, await begin(engine, machine))
    assert not any(asked)
    await asyncio.to_thread(rotate, 'second"$password')
    databases.execute(url, "select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", "rotated role")
    over = await finished(engine, await _begin_patiently(engine, machine, "after"))
    assert over.status == "SUCCEEDED"
    assert any(asked)


async def test_a_password_that_is_away_for_a_while_fails_no_execution(
    postgres_url: str, databases: Databases, launch: Launch
) -> None:
    away = asyncio.Event()
    asked = asyncio.Event()

    async def password(*, refresh: bool = False) -> str:
        asked.set()
        if away.is_set():
            raise LookupError(f"no secret for the moment, refresh={refresh}")
        return ADMIN_PASSWORD

    tasks = Tasks()
    engine = await launch(open_storage(postgres_url, password=password, pool_size=2), tasks)
    execution = await begin(engine, await create(engine, sequence("gate", "count")))
    await tasks.started.wait()
    away.set()
    asked.clear()
    terminate = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s"
    await asyncio.to_thread(databases.execute, postgres_url, terminate, "workflow-engine")
    tasks.gate.set()
    await asked.wait()
    await asyncio.sleep(0.1)
    away.clear()
    assert (await finished(engine, execution)).status == "SUCCEEDED"


async def test_starts_are_refused_while_the_database_is_away(
    postgres_url: str, databases: Databases, launch: Launch
) -> None:
    engine = await launch(open_storage(postgres_url, pool_size=2), start_timeout_seconds=2.5, lease_seconds=60.0)
    machine = await create(engine, sequence("count"))
    await asyncio.to_thread(databases.server.stop)
    try:
        with pytest.raises(Unavailable, match="database"):
            await begin(engine, machine, "x")
        with pytest.raises(Unavailable, match="can't be reached"):
            await engine.machines.describe(ORGANIZATION, machine.arn)
    finally:
        await asyncio.to_thread(databases.server.start)
    while not (await engine.health()).ready:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.05)
    execution = await begin(engine, machine, "y")
    assert (await finished(engine, execution)).status == "SUCCEEDED"
