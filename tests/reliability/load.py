"""A steady load on a cluster, and what became of it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Final

from tests.reliability.cluster import Cluster, RefusedError
from tests.reliability.mixed import ACTIVITY, STARTED, machine_arn, machines
from tests.reliability.oracle import Effect

_ROLE: Final = "arn:aws:iam::000000000000:role/load"
_TOKENS_SECONDS: Final = 0.2


class Load:
    """Starts executions of all machines in turn, answers tokens, and works for the activity.

    The executions have `name` in their names.

    Attributes:
        accepted: the executions whose start was answered, by name.
    """

    def __init__(self, cluster: Cluster, folder: Path, random: Random, *, rate: float, name: str) -> None:
        self.accepted: dict[str, str] = {}
        self._name = name
        self._cluster = cluster
        self._folder = folder
        self._random = random
        self._rate = rate
        self._numbers = itertools.count()
        self._starts: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve those that wait for answers."""
        await self._create()
        others = [asyncio.create_task(self._work(number)) for number in range(3)]
        others.append(asyncio.create_task(self._answer_tokens()))
        try:
            yield
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    @asynccontextmanager
    async def going_on(self) -> AsyncIterator[None]:
        """Start executions until the block ends, and then wait until all starts are answered."""
        starter = asyncio.create_task(self._start_steadily())
        try:
            yield
            starter.cancel()
            await asyncio.gather(*self._starts)
        finally:
            for task in (starter, *self._starts):
                task.cancel()
            await asyncio.gather(starter, *self._starts, return_exceptions=True)

    def effects(self) -> Iterator[Effect]:
        """Give the side effects of the handlers."""
        file = self._folder / "effects"
        for line in file.read_text().splitlines() if file.exists() else []:
            yield Effect(*line.split())

    async def _create(self) -> None:
        for name, definition in machines().items():
            text = json.dumps(definition)
            await self._cluster.call("CreateStateMachine", name=name, definition=text, roleArn=_ROLE)
        await self._cluster.call("CreateActivity", name="work")

    async def _start_steadily(self) -> None:
        for machine in itertools.cycle(STARTED):
            task = asyncio.create_task(self._start(machine, f"{machine}-{self._name}-{next(self._numbers)}"))
            self._starts.add(task)
            task.add_done_callback(self._starts.discard)
            await asyncio.sleep(self._random.expovariate(self._rate))

    async def _start(self, machine: str, name: str) -> None:
        text = json.dumps({"n": 0, "items": [1, 2, 3]})
        with contextlib.suppress(RefusedError):  # the answer to the first start was lost, and it has ended already
            await self._cluster.call("StartExecution", stateMachineArn=machine_arn(machine), name=name, input=text)
        self.accepted[name] = f"{machine_arn(machine).replace(':stateMachine:', ':execution:')}:{name}"

    async def _work(self, number: int) -> None:
        while True:
            with contextlib.suppress(RefusedError):
                task = await self._cluster.call("GetActivityTask", activityArn=ACTIVITY, workerName=f"worker-{number}")
                if task.get("taskToken"):
                    await self._cluster.call("SendTaskSuccess", taskToken=task["taskToken"], output=task["input"])

    async def _answer_tokens(self) -> None:
        answered: set[str] = set()
        while True:
            await asyncio.sleep(_TOKENS_SECONDS)
            file = self._folder / "tokens"
            lines = file.read_text().splitlines() if file.exists() else []
            for token in {line.split()[0] for line in lines} - answered:
                answered.add(token)
                with contextlib.suppress(RefusedError):
                    await self._cluster.call("SendTaskSuccess", taskToken=token, output='{"n": 1}')
