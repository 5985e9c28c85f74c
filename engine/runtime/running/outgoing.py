"""What a transition asks of others in the same commit: messages to executions, tasks for workers of activities."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final
from uuid import UUID

import msgspec

from engine.language import CancelTask, Command, Event, RunTask, Snapshot
from engine.language.snapshot import AwaitTask, outstanding
from engine.runtime.children.nesting import abort_of_parent, started_child

_RESOURCES: Final = 4_096
"""Of how many resources it is remembered what they are."""

_ACTIVITY: Final = re.compile(r"arn:aws[a-z-]*:states:[^:]*:[^:]*:activity:(?P<name>[^:]+)")


def encode_message(event: Event) -> bytes:
    """Write an event as a message to an execution's owner."""
    return msgspec.json.encode(event)


@lru_cache(_RESOURCES)
def activity_name(resource: str) -> str | None:
    """Give the name of the activity that a Task state's resource is; None if it is something else."""
    activity = _ACTIVITY.fullmatch(resource) if ":activity:" in resource else None
    return None if activity is None else activity["name"]


def tasks_for_workers(commands: Sequence[Command]) -> tuple[RunTask, ...]:
    """Give those commands that ask for a worker of an activity."""
    return tuple([c for c in commands if type(c) is RunTask and activity_name(c.resource) is not None])


class Withdrawn(msgspec.Struct, frozen=True):
    """What tasks that are given up leave to do: tasks that no worker is to take, and messages to children."""

    activity_tasks: tuple[str, ...] = ()
    messages: tuple[tuple[UUID, bytes], ...] = ()


NOTHING: Final = Withdrawn()


def withdrawn(steps: Iterable[tuple[Snapshot | None, Sequence[Command]]], execution_arn: str) -> Withdrawn:
    """Tell what follows from the commands that give up tasks, each with the state that waited for them still."""
    activity_tasks: list[str] = []
    messages: list[tuple[UUID, bytes]] = []
    for before, commands in steps:
        canceled = {command.task_id for command in commands if isinstance(command, CancelTask)}
        if before is None or not canceled:
            continue
        for task in _awaited(before):
            if task.task_id not in canceled:
                continue
            if activity_name(task.resource) is not None:
                activity_tasks.append(task.task_id)
            elif (child := started_child(task)) is not None:
                messages.append((child, encode_message(abort_of_parent(execution_arn))))
    return Withdrawn(tuple(activity_tasks), tuple(messages)) if activity_tasks or messages else NOTHING


def is_awaited(snapshot: Snapshot, task_id: str) -> bool:
    """Whether an execution waits for a task."""
    return any(task.task_id == task_id for task in _awaited(snapshot))


def untaken(snapshot: Snapshot) -> list[RunTask]:
    """Give the tasks of activities that an execution waits for and that no worker has begun."""
    untold = [f for f in snapshot.frames.values() if isinstance(f.awaiting, AwaitTask) and not f.awaiting.started]
    return list(tasks_for_workers([command for frame in untold for command in outstanding(frame)]))


def _awaited(snapshot: Snapshot) -> Iterator[RunTask]:
    for frame in snapshot.frames.values():
        yield from (command for command in outstanding(frame) if isinstance(command, RunTask))
