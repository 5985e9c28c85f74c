"""What a person who watches is told."""

import pytest

from engine.builder import Fail, ItemProcessor, Machine, Map, ProcessorConfig, Task
from engine.commands.narrator import LONGEST_VALUE, describe
from engine.testing import Failure, simulate

EACH = ItemProcessor(
    {"F": Fail("Odd")}, processor_config=ProcessorConfig(mode="DISTRIBUTED", execution_type="STANDARD")
)
ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:pack"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:pack"
QUEUE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


def told(machine: Machine, answer: object) -> list[str]:
    result = simulate(machine, {"n": [1]}, tasks={"S": answer})
    return [" ".join(words.split()) for event in result.history if (words := describe(event))]


@pytest.mark.parametrize(
    ("task", "middle"),
    [
        (Task("handler:pack"), ['task handler:pack {"n":[1]}', "result 7"]),
        (Task(FUNCTION), [f'task {FUNCTION} {{"n":[1]}}', "result 7"]),
        (Task(ACTIVITY), [f'task {ACTIVITY} {{"n":[1]}}', "result 7"]),
        (
            Task(QUEUE, parameters={"QueueUrl": "q", "MessageBody.$": "$$.Task.Token"}),
            ["task sqs:sendMessage.waitForTaskToken", "submitted {}", "result 7"],
        ),
    ],
)
def test_tasks_of_every_kind(task: Task, middle: list[str]) -> None:
    lines = told(Machine({"S": task}), 7)
    assert (lines[0], lines[-1]) == ("S entered (Task)", "S left")
    assert [line[: len(part)] for line, part in zip(lines[1:-1], middle, strict=True)] == middle


def test_failures_and_their_causes() -> None:
    assert told(Machine({"S": Task(FUNCTION)}), Failure("Broken", "x" * 200))[-1] == (
        f"failed Broken: {'x' * (LONGEST_VALUE - 1)}…"
    )


def test_map_runs() -> None:
    lines = told(Machine({"S": Map(EACH, items_path="$.n")}), None)
    assert lines[1].startswith("map run arn:aws:states:")
    assert lines[2].startswith("failed States.ExceedToleratedFailureThreshold: ")
