"""Answers by task token, from any process, on every storage."""

from __future__ import annotations

import asyncio
import json

import pytest

from engine.runtime import Engine, ExecutionRecord
from engine.runtime.errors import InvalidOutput, InvalidToken, TaskTimedOut
from engine.runtime.ownership import adoption
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    crash,
    create,
    eventually,
    finished,
    make_engine,
    types,
    until,
)

QUEUE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
GONE = "Task Timed Out: 'Provided task does not exist anymore'"


def waiting_for_token(**fields: object) -> dict[str, object]:
    """A definition that sends its token away and waits for the answer."""
    body = {"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}}
    state = {"Type": "Task", "Resource": QUEUE, "Parameters": body, **fields, "End": True}
    return {"StartAt": "S1", "States": {"S1": state}}


class Queue(Tasks):
    """A queue that keeps the tokens sent to it; sending waits for `open`."""

    def __init__(self) -> None:
        super().__init__()
        self.open = asyncio.Event()
        self.open.set()
        self.handlers[QUEUE] = self._send

    async def _send(self, _request: object) -> object:
        await self.open.wait()
        return {"MessageId": "m"}

    async def token(self) -> str:
        """Wait for a token."""
        await self.started.wait()
        self.started.clear()
        request = self.requests[-1]
        assert isinstance(request.input, dict)
        assert request.token == request.input["MessageBody"]["token"]
        return str(request.token)


async def submitted(engine: Engine, execution: ExecutionRecord) -> None:
    """Wait until the call is noted."""

    async def is_noted() -> bool:
        return (await types(engine, execution))["TaskSubmitted"] > 0

    await until(is_noted)


async def test_success_ends_the_task(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    engine = await launch(open_new(), queue)
    execution = await begin(engine, await create(engine, waiting_for_token()))
    token = await queue.token()
    await submitted(engine, execution)
    await eventually(lambda: (len(engine._executor), engine._executor.tasks.running) == (0, 0))
    await engine.callbacks.succeed(ORGANIZATION, token, '{"ok": true}')
    over = await finished(engine, execution)
    assert (over.status, json.loads(over.output or "")) == ("SUCCEEDED", {"ok": True})
    with pytest.raises(TaskTimedOut, match=GONE):
        await engine.callbacks.succeed(ORGANIZATION, token, "{}")


async def test_failure_ends_the_task(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    engine = await launch(open_new(), queue)
    execution = await begin(engine, await create(engine, waiting_for_token()))
    await engine.callbacks.fail(ORGANIZATION, await queue.token(), "Custom", "why")
    over = await finished(engine, execution)
    assert (over.status, over.error, over.cause) == ("FAILED", "Custom", "why")


async def test_an_answer_that_comes_before_the_call_returns_waits_for_it(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    queue.open.clear()
    engine = await launch(open_new(), queue)
    execution = await begin(engine, await create(engine, waiting_for_token()))
    token = await queue.token()
    await engine.callbacks.succeed(ORGANIZATION, token, "1")
    with pytest.raises(TaskTimedOut, match=GONE):
        await engine.callbacks.succeed(ORGANIZATION, token, "2")
    await engine._parts.sweeper.read_messages()
    queue.open.set()
    assert (await finished(engine, execution)).output == "1"
    assert (await types(engine, execution))["TaskSubmitted"] == 1


async def test_early_answers_are_in_nobodys_way(
    open_new: OpenStorage, launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "_AT_A_TIME", 2)
    queue = Queue()
    engine = await launch(open_new(), queue)
    machine = await create(engine, waiting_for_token())
    queue.open.clear()
    early = []
    for _ in range(2):
        early.append(await begin(engine, machine))
        await engine.callbacks.succeed(ORGANIZATION, await queue.token(), '"early"')
    stopped = await begin(engine, machine)
    assert (await engine.stop_execution(ORGANIZATION, stopped.arn)).status == "ABORTED"
    queue.open.set()
    for execution in early:
        assert (await finished(engine, execution)).output == '"early"'


async def test_an_early_answer_to_a_task_that_is_given_up_is_forgotten(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    queue.open.clear()
    engine = await launch(open_new(), queue)
    definition = waiting_for_token(TimeoutSeconds=1, Catch=[{"ErrorEquals": ["States.Timeout"], "Next": "Next"}])
    definition["States"]["Next"] = {"Type": "Task", "Resource": "handler:gate", "End": True}  # type: ignore[index]
    execution = await begin(engine, await create(engine, definition))
    await engine.callbacks.succeed(ORGANIZATION, await queue.token(), "1")
    await engine._parts.sweeper.read_messages()
    await eventually(lambda: queue.runs()["Next"] == 1)
    epoch = engine._lease.epoch
    assert epoch is not None

    async def is_forgotten() -> bool:
        return await engine._storage.messages(epoch, 10) == []

    await until(is_forgotten)
    queue.gate.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"


async def test_any_process_takes_the_answer(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    owner = await launch(open_new(), queue)
    other = await launch(open_new())
    execution = await begin(owner, await create(owner, waiting_for_token()))
    token = await queue.token()
    await submitted(owner, execution)
    await other.callbacks.succeed(ORGANIZATION, token, "{}")
    assert (await finished(other, execution)).status == "SUCCEEDED"


async def test_the_wait_outlives_its_process(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    first = make_engine(open_new(), queue, lease_seconds=0.5)
    await first.start()
    execution = await begin(first, await create(first, waiting_for_token()))
    token = await queue.token()
    await submitted(first, execution)
    await crash(first)
    second_queue = Queue()
    second = await launch(open_new(), second_queue, lease_seconds=0.5)
    await second.callbacks.succeed(ORGANIZATION, token, "{}")
    assert (await finished(second, execution)).status == "SUCCEEDED"
    assert second_queue.requests == []


async def test_a_call_whose_outcome_was_not_noted_is_made_again(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    queue.open.clear()
    first = make_engine(open_new(), queue, lease_seconds=0.5)
    await first.start()
    execution = await begin(first, await create(first, waiting_for_token()))
    token = await queue.token()
    await crash(first)
    second_queue = Queue()
    second = await launch(open_new(), second_queue, lease_seconds=0.5)
    assert await second_queue.token() == token
    await second.callbacks.succeed(ORGANIZATION, token, "{}")
    assert (await finished(second, execution)).status == "SUCCEEDED"


async def test_heartbeats_keep_it_alive(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    engine = await launch(open_new(), queue)
    execution = await begin(engine, await create(engine, waiting_for_token(HeartbeatSeconds=1)))
    token = await queue.token()
    await submitted(engine, execution)
    await engine.callbacks.heartbeat(ORGANIZATION, token)
    over = await finished(engine, execution)
    assert (over.status, over.error) == ("FAILED", "States.Timeout")
    with pytest.raises(TaskTimedOut, match=GONE):
        await engine.callbacks.heartbeat(ORGANIZATION, token)


async def test_deadlines_count_without_the_execution_in_memory(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    engine = await launch(open_new(), queue, timer_horizon_seconds=0.3)
    execution = await begin(engine, await create(engine, waiting_for_token(TimeoutSeconds=1)))
    await submitted(engine, execution)
    await eventually(lambda: len(engine._executor) == 0)
    assert (await finished(engine, execution)).error == "States.Timeout"


async def test_only_the_organization_itself_may_answer(open_new: OpenStorage, launch: Launch) -> None:
    queue = Queue()
    engine = await launch(open_new(), queue)
    execution = await begin(engine, await create(engine, waiting_for_token()))
    token = await queue.token()
    for organization, given in (("other", token), (ORGANIZATION, token[:-8] + "AAAAAAAA"), (ORGANIZATION, "x")):
        with pytest.raises(InvalidToken, match="Invalid Token: 'Invalid token'"):
            await engine.callbacks.succeed(organization, given, "{}")
    with pytest.raises(InvalidOutput, match="Invalid Output"):
        await engine.callbacks.succeed(ORGANIZATION, token, "{")
    await engine.stop_execution(ORGANIZATION, execution.arn)
    with pytest.raises(TaskTimedOut, match=GONE):
        await engine.callbacks.fail(ORGANIZATION, token)
