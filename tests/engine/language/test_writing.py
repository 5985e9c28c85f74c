from __future__ import annotations

from collections import deque
from datetime import datetime

import pytest

from engine.language import (
    Event,
    RunTask,
    Snapshot,
    SnapshotWriter,
    StartTimer,
    Stopped,
    TaskFailed,
    TaskSucceeded,
    TimerFired,
    advance,
    encode_snapshot,
    parse,
    start,
)
from tests.engine.language.driver import NOW, context

TASK = {"Type": "Task", "Resource": "handler:work", "TimeoutSeconds": 60}
RETRY = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]
STATES = {"T": {**TASK, "Retry": RETRY, "Assign": {"n.$": "$"}, "Next": "E"}, "E": {**TASK, "End": True}}
MAP = {"Type": "Map", "ItemProcessor": {"StartAt": "T", "States": STATES}, "MaxConcurrency": 7, "End": True}
MACHINE = parse({"StartAt": "M", "TimeoutSeconds": 9_999, "States": {"M": MAP}})
PAYLOAD = [{"n": number} for number in range(20)]


def snapshots(failing: int) -> list[Snapshot]:
    """Give all snapshots of an execution in which every task of the number ``failing`` fails."""
    about = context(PAYLOAD)
    transition, now = start(MACHINE, about, NOW), NOW
    found, waiting = [transition.snapshot], deque(transition.commands)
    count = 0
    while waiting:
        command = waiting.popleft()
        event: Event | None = None
        if isinstance(command, RunTask):
            count += 1
            task_id = command.task_id
            event = TaskFailed(task_id, "Boom", None, now) if count % failing == 0 else TaskSucceeded(task_id, 1, now)
        elif isinstance(command, StartTimer) and command.timer_id.endswith("retry"):
            event, now = TimerFired(command.timer_id), _later(now, command.due)
        if event is not None:
            transition = advance(MACHINE, about, transition.snapshot, event, now)
            found.append(transition.snapshot)
            waiting.extend(transition.commands)
    return found


def _later(now: datetime, due: datetime) -> datetime:
    return max(now, due)


@pytest.mark.parametrize("failing", [1, 4, 1_000])
def test_each_snapshot_is_written_as_if_it_were_alone(failing: int) -> None:
    writer = SnapshotWriter()
    found = snapshots(failing)
    assert max(len(snapshot.frames) for snapshot in found) > 4
    assert [writer.write(snapshot) for snapshot in found] == [encode_snapshot(snapshot) for snapshot in found]


def test_what_failed_is_written_for_a_redrive() -> None:
    about = context(PAYLOAD)
    writer = SnapshotWriter()
    running = start(MACHINE, about, NOW).snapshot
    writer.write(running)
    stopped = advance(MACHINE, about, running, Stopped("Enough"), NOW).snapshot
    assert stopped.redrivable
    assert writer.write(stopped) == encode_snapshot(stopped)
    assert writer.write(running) == encode_snapshot(running)
