"""The engine as `engine serve` runs it: logs, metrics and the API are on.

Usage: python -m benchmarks.sides.engine DSN ITEMS. DSN may be `memory:`, which keeps nothing; ITEMS is how many a Map
gets. Signatures are checked, with the key `ACCESS_KEY`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import uuid4

import uvloop

from benchmarks import machines
from benchmarks.sides import steady, waiting
from benchmarks.sides.ends import Ends
from benchmarks.sides.protocol import Answer, Command, Job, commands, serve
from engine.commands.collecting import collect_rarely
from engine.commands.process import Process, running
from engine.observability.logs import configure_logs
from engine.observability.metrics import Metrics
from engine.runtime import Engine
from engine.settings import load_settings
from engine.tasks.components import load_components

ORGANIZATION: Final = "default"
ACCESS_KEY: Final = {"accessKeyId": "benchmark", "secretAccessKey": "a-key-of-no-value", "organization": ORGANIZATION}
COMPONENT: Final = Path(__file__).parent.parent / "component"
WIDTH: Final = 100


def environment(database: str) -> dict[str, str]:
    """The settings of a measured engine: the defaults, but for its addresses and its key."""
    where = {"WORKFLOW_DB_FILE": ":memory:"} if database == "memory:" else {"DATABASE_URL": database}
    return where | {
        "HOST": "127.0.0.1",
        "WORKFLOW_ADDR": ":0",
        "MANAGEMENT_PORT": "0",
        "SHUTDOWN_DRAIN_SECONDS": "1s",
        "API_ACCESS_KEYS": json.dumps([ACCESS_KEY]),
        "LOG_FORMAT": "json",
    }


async def create_machines(engine: Engine) -> dict[str, str]:
    """Create what the workloads run, and give the ARNs by job."""
    standard = {
        "three-steps": machines.three_steps(),
        "pass": machines.one_pass(),
        "wait": machines.wait(),
        "parallel": machines.parallel(WIDTH),
        "map-express": machines.each_item("EXPRESS"),
        "map-standard": machines.each_item("STANDARD"),
    }
    arns = {name: await _create(engine, name, definition, "STANDARD") for name, definition in standard.items()}
    return arns | {"express": await _create(engine, "express", machines.three_steps(), "EXPRESS")}


async def _create(engine: Engine, name: str, definition: machines.JsonObject, kind: str) -> str:
    record = await engine.machines.create(
        organization=ORGANIZATION, name=name, definition=json.dumps(definition), role_arn="", kind=kind
    )
    return record.arn


def jobs(engine: Engine, ends: Ends, arns: Mapping[str, str], items: int) -> dict[str, Job]:
    """What can be run from within the process, as an embedded engine's host does."""
    one, many = json.dumps(machines.INPUT), machines.inputs(items)

    def standard(name: str, given: str) -> Job:
        async def run() -> None:
            execution = uuid4().hex
            end = ends.of(execution)
            await engine.start_execution(
                organization=ORGANIZATION, state_machine_arn=arns[name], name=execution, input=given
            )
            await end

        return run

    async def express() -> None:
        ended = await engine.start_sync_execution(
            organization=ORGANIZATION, state_machine_arn=arns["express"], name=None, input=one
        )
        if ended.status != "SUCCEEDED":
            raise RuntimeError(f"an EXPRESS execution ended as {ended.status}: {ended.error}: {ended.cause}")

    given = {"three-steps": one, "pass": one, "parallel": one, "map-express": many, "map-standard": many}
    return {**{name: standard(name, text) for name, text in given.items()}, "express": express}


def _offered(process: Process, ends: Ends, arns: Mapping[str, str], items: int) -> dict[str, Command]:
    async def spent() -> Answer:
        """Executions that have ended and seconds of the processor, since the process began."""
        return {"ended": ends.count, "cpu": time.process_time()}

    return {
        **commands(jobs(process.engine, ends, arns, items)),
        **waiting.commands(process.engine, ends, arns["wait"], ORGANIZATION),
        **steady.commands(process.engine, arns["three-steps"], arns["wait"], ORGANIZATION),
        "spent": spent,
    }


async def main(database: str, items: int) -> None:
    """Run until stdin ends."""
    settings = load_settings(environment(database))
    configure_logs(settings.log_level, settings.log_format, to=sys.stderr)
    metrics = Metrics()
    ends = Ends(metrics)
    async with running(settings, load_components([COMPONENT]), metrics, ends) as process:
        arns = await create_machines(process.engine)
        collect_rarely()
        host, port = process.server.addresses[0]
        await serve(_offered(process, ends, arns, items), {"address": [host, port], "machines": arns})


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
