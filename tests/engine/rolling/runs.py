"""An engine of whichever release PYTHONPATH names: runs executions one after another until its input ends.

`python runs.py URL PREFIX` prints a line for each execution, its name and its status. One execution besides,
`PREFIX-long`, waits for its time, so that it is still running when the process is killed.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys

from engine.runtime import Engine, EngineOptions
from engine.runtime.errors import StateMachineAlreadyExists
from engine.runtime.records import ExecutionRecord
from engine.storage import open_storage
from engine.tasks.requests import TaskRequest

ORGANIZATION = "default"
STEPS = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Task", "Resource": "handler:echo", "Next": "B"},
        "B": {"Type": "Wait", "SecondsPath": "$.seconds", "Next": "C"},
        "C": {"Type": "Task", "Resource": "handler:echo", "End": True},
    },
}


class Echo:
    """Tasks that give back what they get."""

    async def run(self, request: TaskRequest) -> object:
        """Give the input."""
        return request.input


async def start(engine: Engine, name: str, seconds: int) -> ExecutionRecord:
    """Start an execution of the one state machine."""
    try:
        machine = await engine.machines.create(
            organization=ORGANIZATION, name="steps", definition=json.dumps(STEPS), role_arn=""
        )
    except StateMachineAlreadyExists as known:
        raise AssertionError("the definition never changes") from known
    record = await engine.start_execution(
        organization=ORGANIZATION,
        state_machine_arn=machine.arn,
        name=name,
        input=json.dumps({"seconds": seconds, "text": "x" * 5000}),
    )
    assert isinstance(record, ExecutionRecord)
    return record


async def main(url: str, prefix: str) -> None:
    """Run executions until the input ends."""
    engine = Engine(open_storage(url, pool_size=3), Echo(), EngineOptions(lease_seconds=2.0, instance=prefix))
    await engine.start()
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await start(engine, f"{prefix}-long", 6)
    for number in itertools.count():
        record = await start(engine, f"{prefix}-{number}", 0)
        over = await engine.wait_for_execution(ORGANIZATION, record.arn, 20)
        sys.stdout.write(f"{over.name} {over.status}\n")
        sys.stdout.flush()
        if ended.done():
            break
    await engine.stop(1)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
