"""Tasks that wait for the end of what they started (``.sync``), on every storage."""

from __future__ import annotations

import asyncio

from msgspec import UNSET

from engine.runtime import Engine, ExecutionRecord
from engine.tasks.requests import UNWANTED, TaskError, TaskRequest
from tests.engine.runtime.conftest import Launch, OpenStorage
from tests.engine.runtime.support import (
    ORGANIZATION,
    Tasks,
    begin,
    crash,
    create,
    draining,
    events,
    eventually,
    finished,
    make_engine,
    sequence,
    single,
    types,
    until,
)

RUN_TASK = "arn:aws:states:::ecs:runTask.sync"
DEFINITION = single(RUN_TASK, Parameters={"Cluster": "c", "TaskDefinition": "t"})


class Cluster(Tasks):
    """Runs containers: each is submitted, and ends when `ended` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()
        self.calls = 0
        self.unwanted = 0
        self.failure: TaskError | None = None
        self.handlers[RUN_TASK] = self._run_task

    async def _run_task(self, request: TaskRequest) -> object:
        if request.submission is UNSET:
            self.calls += 1
            await request.submit({"TaskArn": "arn:task"})
        else:
            assert request.submission == {"TaskArn": "arn:task"}
        try:
            await self.ended.wait()
        except asyncio.CancelledError as canceled:
            self.unwanted += canceled.args == (UNWANTED,)
            raise
        if self.failure is not None:
            raise self.failure
        return {"LastStatus": "STOPPED"}


async def submitted(engine: Engine, execution: ExecutionRecord) -> None:
    """Wait until the submission is durable."""

    async def is_noted() -> bool:
        return (await types(engine, execution))["TaskSubmitted"] > 0

    await until(is_noted)


async def test_the_submission_is_noted_before_the_end(open_new: OpenStorage, launch: Launch) -> None:
    cluster = Cluster()
    engine = await launch(open_new(), cluster)
    execution = await begin(engine, await create(engine, DEFINITION))
    await submitted(engine, execution)
    cluster.ended.set()
    over = await finished(engine, execution)
    assert (over.status, over.output) == ("SUCCEEDED", '{"LastStatus":"STOPPED"}')
    order = [event.type for event in await events(engine, execution) if event.type.startswith("Task")]
    assert order == [
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
    ]


async def test_a_submitted_task_leaves_its_place_to_others(open_new: OpenStorage, launch: Launch) -> None:
    cluster = Cluster()
    engine = await launch(open_new(), cluster, max_concurrent_tasks=1)
    sync = await create(engine, DEFINITION, "sync")
    waiting = [await begin(engine, sync) for _ in range(3)]
    for execution in waiting:
        await submitted(engine, execution)
    await eventually(lambda: engine._executor.tasks.running == 0)
    other = await begin(engine, await create(engine, sequence("count"), "other"))
    assert (await finished(engine, other)).status == "SUCCEEDED"
    cluster.ended.set()
    for execution in waiting:
        assert (await finished(engine, execution)).status == "SUCCEEDED"


async def test_a_failure_after_the_submission_fails_the_task(open_new: OpenStorage, launch: Launch) -> None:
    cluster = Cluster()
    cluster.failure = TaskError("States.TaskFailed", "exit code 1")
    cluster.ended.set()
    engine = await launch(open_new(), cluster)
    over = await finished(engine, await begin(engine, await create(engine, DEFINITION)))
    assert (over.status, over.error, over.cause) == ("FAILED", "States.TaskFailed", "exit code 1")


async def test_another_process_waits_on_and_does_not_call_again(open_new: OpenStorage, launch: Launch) -> None:
    cluster, heirs = Cluster(), Cluster()
    first = make_engine(open_new(), cluster, lease_seconds=0.5)
    await first.start()
    execution = await begin(first, await create(first, DEFINITION))
    await submitted(first, execution)
    await crash(first)
    heir = await launch(open_new(), heirs, lease_seconds=0.5)
    await heirs.started.wait()
    heirs.ended.set()
    assert (await finished(heir, execution)).status == "SUCCEEDED"
    assert (cluster.calls, heirs.calls) == (1, 0)
    assert (await types(heir, execution))["TaskSubmitted"] == 1


async def test_a_stopping_engine_hands_it_over_at_once(open_new: OpenStorage, launch: Launch) -> None:
    cluster, heirs = Cluster(), Cluster()
    heirs.ended.set()
    first = make_engine(open_new(), cluster)
    await first.start()
    execution = await begin(first, await create(first, DEFINITION))
    await submitted(first, execution)
    await asyncio.wait_for(first.stop(60), 30)
    heir = await launch(open_new(), heirs)
    assert (await finished(heir, execution)).status == "SUCCEEDED"
    assert heirs.calls == 0


async def test_a_stopping_engine_still_ends_what_is_given_up(open_new: OpenStorage, launch: Launch) -> None:
    cluster = Cluster()
    engine = make_engine(open_new(), cluster)
    await engine.start()
    container = {"Type": "Task", "Resource": RUN_TASK, "Parameters": {"TaskDefinition": "t"}, "End": True}
    branches = [single("handler:doomed"), {"StartAt": "S2", "States": {"S2": container}}]
    definition: dict[str, object] = {"Type": "Parallel", "Branches": branches, "End": True}
    machine = await create(engine, {"StartAt": "P", "States": {"P": definition}})

    async def doomed(_request: TaskRequest) -> object:
        await cluster.gate.wait()
        raise TaskError("Doomed")

    cluster.handlers["handler:doomed"] = doomed
    execution = await begin(engine, machine)
    await submitted(engine, execution)
    stop = asyncio.create_task(engine.stop(60))
    await draining(engine)
    cluster.gate.set()
    await asyncio.wait_for(stop, 30)
    assert (cluster.canceled, cluster.unwanted) == (1, 1)
    heir = await launch(open_new(), Cluster())
    assert (await heir.describe_execution(ORGANIZATION, execution.arn)).error == "Doomed"


async def test_an_execution_that_is_lost_keeps_what_it_submitted(open_new: OpenStorage, launch: Launch) -> None:
    cluster = Cluster()
    engine = await launch(open_new(), cluster, lease_seconds=0.3)
    execution = await begin(engine, await create(engine, DEFINITION))
    await submitted(engine, execution)
    assert engine._lease.epoch is not None
    await engine._storage.remove_process(engine._lease.epoch)
    await eventually(lambda: cluster.canceled == 1)
    await eventually(lambda: len(cluster.requests) > 1)
    cluster.ended.set()
    assert (await finished(engine, execution)).status == "SUCCEEDED"
    assert (cluster.calls, cluster.unwanted) == (1, 0)


async def test_a_task_that_is_given_up_is_canceled(open_new: OpenStorage, launch: Launch) -> None:
    cluster = Cluster()
    engine = await launch(open_new(), cluster)
    execution = await begin(engine, await create(engine, DEFINITION))
    await submitted(engine, execution)
    await engine.stop_execution(ORGANIZATION, execution.arn)
    await eventually(lambda: cluster.canceled == 1)
